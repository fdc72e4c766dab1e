"""state: an order that must not become goods now."""

from collections.abc import Iterator

from tocsin.orders.draft import Order
from tocsin.tickets.rule import Check, CheckContext, Finding

_REFUNDING = frozenset({"part_refunded", "refunded", "closed"})


def find(order: Order, context: CheckContext) -> Iterator[Finding]:
    """Yield each reason: cancelled, refunding, unpaid without cash on delivery, a status that nobody knows."""
    if context.cancelled or order.desk_state == "cancelled":
        yield Finding(code="state", level="E", field="desk_state", case="cancelled")
    if order.payment in _REFUNDING:
        yield Finding(code="state", level="E", field="payment", case=order.payment)
    elif context.refund_open:
        yield Finding(code="state", level="E", field="payment", case="refund_open")
    # Prizes and points leave nothing to pay: unpaid is then no fault.
    if order.payment == "unpaid" and order.payment_method != "cod" and order.payable_minor != 0:
        yield Finding(code="state", level="E", field="payment", case="unpaid")
    if not order.status_known:
        yield Finding(code="state", level="E", field="external_status", case="unknown")


PLUGIN = Check(
    code="state",
    level="E",
    message="The order is in a state in which nothing may be printed",
    find=find,
    time_dependent=True,
    cases={
        "cancelled": "The order is cancelled",
        "part_refunded": "A part of the order has been refunded: amend it to what is still to be delivered",
        "refunded": "The order has been refunded",
        "closed": "The shop has closed the order",
        "refund_open": "A refund of the order is under way",
        "unpaid": "The order is not paid, and it is not cash on delivery",
        "unknown": "The shop sent a status that this desk does not know: look at the shop, then set it by hand",
    },
)
