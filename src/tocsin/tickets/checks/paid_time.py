"""paid_time: paid, but nobody says when."""

from collections.abc import Iterator

from tocsin.orders.draft import Order
from tocsin.tickets.rule import Check, CheckContext, Finding

_PAID = frozenset({"paid", "part_refunded"})


def find(order: Order, context: CheckContext) -> Iterator[Finding]:
    """Yield a finding where a source says paid without a time; cash on delivery, prizes and orders typed here are not judged."""
    if (
        order.external_id  # else a clerk has said so, who was there
        and order.payment in _PAID
        and order.paid_at_us is None
        and order.payable_minor > 0
        and order.payment_method not in ("cod", "cash", "offline")
    ):
        yield Finding(code="paid_time", level="W", field="paid_at")


PLUGIN = Check(
    code="paid_time", level="W", message="It is paid, but the time of payment is missing", find=find
)
