"""date: paid before it was placed, in the future, or too old."""

from collections.abc import Iterator

from tocsin.core.clock import DAY_US
from tocsin.orders.draft import Order
from tocsin.tickets.rule import Check, CheckContext, Finding

_CLOCKS_APART_US = 600_000_000  # ten minutes


def find(order: Order, context: CheckContext) -> Iterator[Finding]:
    """Yield each date that can't be, and one that is older than the shop's limit while the order waits."""
    placed, paid = order.placed_at_us, order.paid_at_us
    for field, at_us in (("placed_at", placed), ("paid_at", paid)):
        if at_us is not None and at_us > context.now_us + _CLOCKS_APART_US:
            yield _finding(field, "future")
    if placed is not None and paid is not None and paid < placed - _CLOCKS_APART_US:
        yield _finding("paid_at", "order")
    waiting = order.fulfilment in ("unfulfilled", "partial")
    if waiting and placed is not None and 0 < context.old_days < (context.now_us - placed) // DAY_US:
        yield _finding("placed_at", "old", days=(context.now_us - placed) // DAY_US)


def _finding(field: str, case: str, **data: int) -> Finding:
    return Finding(code="date", level="W", field=field, case=case, data={**data})


PLUGIN = Check(
    code="date",
    level="W",
    message="A date can't be right",
    cases={
        "future": "The time lies in the future: look at the zone of its source",
        "order": "It was paid before it was placed",
        "old": "It was placed {days} days ago and still waits: is it meant?",
    },
    find=find,
    time_dependent=True,
)
