"""buyer: on the merchant's watch list."""

from collections.abc import Iterator

from tocsin.orders.draft import Order
from tocsin.tickets.rule import Check, CheckContext, Finding


def find(order: Order, context: CheckContext) -> Iterator[Finding]:
    """Yield a finding where the receiver is watched: why stands in the list, not here."""
    if context.watched:
        yield Finding(code="buyer", level="W", field="receiver.phone")


PLUGIN = Check(
    code="buyer",
    level="W",
    message="The buyer is on the watch list: look there before anything is printed",
    find=find,
    time_dependent=True,
)
