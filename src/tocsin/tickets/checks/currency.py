"""currency: one that the shop does not sell in."""

from collections.abc import Iterator

from tocsin.orders.draft import Order
from tocsin.tickets.rule import Check, CheckContext, Finding, currency_known


def find(order: Order, context: CheckContext) -> Iterator[Finding]:
    """Yield a finding where the order's currency is none of the shop's: its sums would be mixed with others."""
    if context.currencies and currency_known(order) and order.currency not in context.currencies:
        yield Finding(code="currency", level="E", field="currency", data={"currency": order.currency})


PLUGIN = Check(
    code="currency",
    level="E",
    message="The amounts are in {currency}, in which the shop does not sell",
    find=find,
)
