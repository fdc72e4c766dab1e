"""changed: the ticket was asked for an earlier revision."""

from collections.abc import Iterator

from tocsin.orders.draft import Order
from tocsin.tickets.rule import Check, CheckContext, Finding


def find(order: Order, context: CheckContext) -> Iterator[Finding]:
    """Yield a finding where the revision asked for, or the one in hand, is not the newest; without a ticket none."""
    if context.asked_revision is None:
        return
    asked, newest = min(context.asked_revision, order.revision), max(order.revision, order.head_revision)
    if asked != newest:
        yield Finding(
            code="changed",
            level="E",
            field="revision",
            data={"asked": asked, "newest": newest},
        )


PLUGIN = Check(
    code="changed",
    level="E",
    message="The ticket was asked for revision {asked}, but the order is at revision {newest}: print that one",
    find=find,
    time_dependent=True,
)
