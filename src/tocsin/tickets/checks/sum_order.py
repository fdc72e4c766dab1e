"""sum_order: goods, freight and the rest come to what is payable."""

from collections.abc import Iterator

from tocsin.orders.draft import Order
from tocsin.orders.total import goods_minor, payable_minor
from tocsin.tickets.rule import Check, CheckContext, Finding, compare_sum, currency_known


def find(order: Order, context: CheckContext) -> Iterator[Finding]:
    """Yield a finding where the parts don't come to the declared payable; an undeclared one is not judged."""
    declared = order.totals.payable_minor
    if declared is None or not currency_known(order):
        return
    expected = min(_readings(order), key=lambda reading: abs(reading - declared))
    yield from compare_sum(
        "sum_order",
        order,
        field="totals.payable",
        expected=expected,
        declared=declared,
        lines=len(order.lines),
    )


def _readings(order: Order) -> list[int]:
    """Return what the payable amount may be: one reading, but for line discounts beside order discounts."""
    gross = payable_minor(order.totals, goods_minor(order.lines, order.currency))
    if order.totals.goods_minor is not None:
        return [gross]
    line_discounts = sum(line.discount_minor for line in order.lines)
    # Without declared goods nobody says whether line discounts are the order's discounts shared out, or more.
    return [gross - line_discounts, gross] if order.totals.discounts_minor() else [gross - line_discounts]


PLUGIN = Check(
    code="sum_order",
    level="E",
    message="Goods + freight + tax + fees − discounts ± adjustment is {expected}, but {declared} is payable: "
    "{difference} {currency} apart",
    find=find,
)
