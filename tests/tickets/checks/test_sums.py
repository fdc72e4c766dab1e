"""Sums over any order: a consistent one never fires, one unit beyond the tolerance always does."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.desk import make_order
from tests.tickets.checks.asking import ask
from tocsin.core.money import line_total_minor
from tocsin.orders.draft import Line, Order, Totals

amounts = st.integers(0, 10**9)


@st.composite
def consistent_orders(draw: st.DrawFn, *, least_lines: int = 1) -> Order:
    currency = draw(st.sampled_from(["CNY", "JPY", "KWD"]))
    lines = []
    for _ in range(draw(st.integers(least_lines, 6))):
        quantity, price = draw(st.integers(1, 10**10)), draw(st.integers(0, 10**10))
        gross = line_total_minor(quantity, price, currency)
        discount = draw(st.integers(0, gross))
        lines.append(
            Line(
                title="梨",
                unit="kg",
                quantity_micro=quantity,
                unit_price_micro=price,
                discount_minor=discount,
                total_minor=gross - discount,
            )
        )
    goods = sum(line_total_minor(line.quantity_micro, line.unit_price_micro, currency) for line in lines)
    extras = Totals(
        shipping_minor=draw(amounts),
        tax_minor=draw(amounts),
        fees_minor=draw(amounts),
        promotion_minor=draw(amounts),
        coupon_minor=draw(amounts),
        points_minor=draw(amounts),
        adjustment_minor=draw(st.integers(-(10**9), 10**9)),
    )
    added = extras.shipping_minor + extras.tax_minor + extras.fees_minor + extras.adjustment_minor
    payable = goods + added - extras.promotion_minor - extras.coupon_minor - extras.points_minor
    totals = replace(extras, goods_minor=goods, payable_minor=payable)
    return make_order(lines=tuple(lines), totals=totals, currency=currency)


SUMS = ("sum_line", "sum_goods", "sum_order")
signs = st.sampled_from([-1, 1])
beyond = st.integers(1, 10**12)


def levels(code: str, order: Order) -> list[str]:
    return [finding.level for finding in ask(code, order)]


@given(consistent_orders(least_lines=0))
def test_a_consistent_order_never_fires(order: Order) -> None:
    assert [finding for code in SUMS for finding in ask(code, order)] == []


@given(consistent_orders(), signs, beyond)
def test_goods_beyond_one_unit_per_line_stop(order: Order, sign: int, more: int) -> None:
    declared = (order.totals.goods_minor or 0) + sign * (len(order.lines) + more)
    assert levels("sum_goods", replace(order, totals=replace(order.totals, goods_minor=declared))) == ["E"]


@given(consistent_orders(), signs, beyond, st.sampled_from(Totals.__struct_fields__))
def test_any_part_beyond_one_unit_per_line_stops(order: Order, sign: int, more: int, part: str) -> None:
    if part == "paid_minor":  # no part of the sum
        part = "payable_minor"
    value = getattr(order.totals, part) + sign * (len(order.lines) + more)
    assert levels("sum_order", replace(order, totals=replace(order.totals, **{part: value}))) == ["E"]


@given(consistent_orders(), signs, st.data())
def test_within_one_unit_per_line_it_warns(order: Order, sign: int, data: st.DataObject) -> None:
    off = sign * data.draw(st.integers(1, len(order.lines)))
    totals = order.totals
    assert levels(
        "sum_order", replace(order, totals=replace(totals, payable_minor=totals.payable_minor + off))
    ) == ["W"]
    assert levels(
        "sum_goods", replace(order, totals=replace(totals, goods_minor=totals.goods_minor + off))
    ) == ["W"]


@given(consistent_orders(), signs, beyond, st.data())
def test_a_line_beyond_one_unit_stops(order: Order, sign: int, more: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(order.lines) - 1))
    lines = list(order.lines)
    lines[index] = replace(lines[index], total_minor=lines[index].total_minor + sign * (1 + more))
    found = ask("sum_line", replace(order, lines=tuple(lines)))
    assert [(finding.level, finding.field) for finding in found] == [("E", f"lines.{index}.total")]


@given(consistent_orders())
def test_line_discounts_count_where_no_goods_are_declared(order: Order) -> None:
    reduced = sum(line.discount_minor for line in order.lines)
    more = replace(order.totals, goods_minor=None, payable_minor=order.totals.payable_minor - reduced)
    assert levels("sum_order", replace(order, totals=more)) == []
    if order.totals.discounts_minor():  # then they may as well be the order's discounts, shared out
        assert levels("sum_order", replace(order, totals=replace(order.totals, goods_minor=None))) == []
