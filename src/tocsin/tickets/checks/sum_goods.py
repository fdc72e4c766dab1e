"""sum_goods: the lines make up the declared goods amount."""

from collections.abc import Iterator

from tocsin.orders.draft import Order
from tocsin.orders.total import goods_minor
from tocsin.tickets.rule import Check, CheckContext, Finding, compare_sum, currency_known


def find(order: Order, context: CheckContext) -> Iterator[Finding]:
    """Yield a finding where Σ quantity × price, before discounts, is not the declared goods; both must exist."""
    declared = order.totals.goods_minor
    if declared is None or not order.lines or not currency_known(order):
        return
    yield from compare_sum(
        "sum_goods",
        order,
        field="totals.goods",
        expected=goods_minor(order.lines, order.currency),
        declared=declared,
        lines=len(order.lines),
    )


PLUGIN = Check(
    code="sum_goods",
    level="E",
    message="The lines come to {expected} before discounts, but {declared} is declared for goods: "
    "{difference} {currency} apart",
    find=find,
)
