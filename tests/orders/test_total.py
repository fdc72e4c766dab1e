"""Totals: computed, declared, and made to agree."""

import pytest

from tests.counter import open_counter
from tocsin.core.db import Database
from tocsin.core.money import MICRO
from tocsin.orders.amend import Amendment, TotalsChanges
from tocsin.orders.draft import Draft, Line, Totals
from tocsin.orders.total import complete_totals, goods_minor, payable_minor, recalculate


def line(quantity: int, price: int = 10, discount: int = 0, **changes: object) -> Line:
    values = {"title": "茶", "line_id": "1", **changes}
    return Line(
        quantity_micro=quantity * MICRO, unit_price_micro=price * MICRO, discount_minor=discount, **values
    )  # type: ignore[arg-type]


def test_goods_are_rounded_half_up_per_line() -> None:
    half = Line(title="茶", quantity_micro=500_000, unit_price_micro=10_000)  # half a piece at one cent
    assert goods_minor((half, half), "CNY") == 2
    assert goods_minor((half, half), "JPY") == 0


def test_payable_takes_declared_goods_before_computed() -> None:
    totals = Totals(
        shipping_minor=10,
        tax_minor=20,
        fees_minor=30,
        promotion_minor=1,
        coupon_minor=2,
        points_minor=3,
        adjustment_minor=-4,
    )
    assert payable_minor(totals, 1000) == 1050
    assert payable_minor(Totals(goods_minor=500), 1000) == 500


@pytest.mark.parametrize(
    ("totals", "promotion", "payable"),
    [
        (Totals(), 300, 1700),
        (Totals(coupon_minor=200), 0, 1800),
        (Totals(payable_minor=5), 0, 5),
    ],
)
def test_a_draft_is_completed(totals: Totals, promotion: int, payable: int) -> None:
    done = complete_totals(Draft(channel="t", lines=(line(2, discount=300),), totals=totals)).totals
    assert (done.promotion_minor, done.payable_minor) == (promotion, payable)


def test_sums_follow_from_lines() -> None:
    lines, totals = recalculate(
        (line(3, discount=100, total_minor=7),), Totals(goods_minor=9, payable_minor=9), "CNY"
    )
    assert lines[0].total_minor == 2900
    assert (totals.goods_minor, totals.promotion_minor, totals.payable_minor) == (3000, 100, 2900)


@pytest.mark.parametrize(
    ("promotion", "coupon", "followed"),
    [(300, 0, 500), (300, 50, 500), (250, 0, 250), (0, 300, 0)],
)
def test_a_promotion_made_of_line_discounts_follows_them(promotion: int, coupon: int, followed: int) -> None:
    before = Totals(promotion_minor=promotion, coupon_minor=coupon)
    _, totals = recalculate((line(2, discount=500),), before, "CNY", earlier=(line(2, discount=300),))
    assert totals.promotion_minor == followed
    assert totals.payable_minor == 2000 - followed - coupon


def test_amended_lines_take_the_promotion_with_them(db: Database) -> None:
    with open_counter(db) as counter:
        taken = counter.take(
            lines=(line(2, discount=300),), totals=Totals(), payment="unpaid", payment_method="cod"
        )
        amend = lambda seen, **k: counter.amend(taken.order_id, seen, Amendment(**k))
        figures = lambda: (
            counter.order(taken.order_id).totals.promotion_minor,
            counter.order(taken.order_id).payable_minor,
        )
        assert figures() == (300, 1700)
        amend(1, lines=(line(2, discount=500),))
        assert figures() == (500, 1500)
        amend(2, lines=(line(2),))
        assert figures() == (0, 2000)
        amend(3, lines=(line(4, discount=100),), totals=TotalsChanges(promotion_minor=0))
        assert figures() == (0, 4000)
        amend(4, lines=(line(1),), totals=TotalsChanges(payable_minor=1))
        assert figures() == (0, 1)
        amend(5, recalculate=True)
        assert figures() == (0, 1000)
        counter.check()
        assert counter.kinds(taken.order_id) == []
