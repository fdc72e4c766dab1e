"""duplicate: the same receiver wants the same lines again."""

from collections.abc import Iterator

from tocsin.orders.draft import Order
from tocsin.tickets.rule import Check, CheckContext, Finding

_NAMED = 5


def find(order: Order, context: CheckContext) -> Iterator[Finding]:
    """Yield one finding that names the other orders, the first five of them."""
    others = [number for number in context.duplicate_of if number != order.number]
    if others:
        named = ", ".join(others[:_NAMED]) + (" …" if len(others) > _NAMED else "")
        yield Finding(code="duplicate", level="W", data={"numbers": named, "count": len(others)})


PLUGIN = Check(
    code="duplicate",
    level="W",
    message="The same receiver has ordered the same lines: {numbers}",
    find=find,
    time_dependent=True,
)
