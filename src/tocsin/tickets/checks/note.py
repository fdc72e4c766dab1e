"""note: the buyer left a message that nobody has read."""

from collections.abc import Iterator

from tocsin.orders.draft import Order
from tocsin.tickets.rule import Check, CheckContext, Finding


def find(order: Order, context: CheckContext) -> Iterator[Finding]:
    """Yield a finding where there is a message: who acknowledges it has read it."""
    if order.receiver.buyer_note.strip():
        yield Finding(code="note", level="W", field="receiver.buyer_note")


PLUGIN = Check(
    code="note", level="W", message="The buyer left a message: read it, then acknowledge", find=find
)
