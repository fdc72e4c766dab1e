"""required: what no ticket can do without."""

from collections.abc import Iterator

from tocsin.orders.draft import Order
from tocsin.tickets.rule import Check, CheckContext, Finding, currency_known

_NO_ADDRESS = frozenset({"pickup", "virtual", "prize"})


def find(order: Order, context: CheckContext) -> Iterator[Finding]:
    """Yield each field that is missing; an address only where something is carried to it."""
    receiver = order.receiver
    present = {
        "number": bool(order.number.strip()),
        "lines": bool(order.lines),
        "receiver.name": bool(receiver.name.strip()),
        "receiver.phone": bool(receiver.phone.strip()),
        "receiver.address": bool(receiver.address.strip()) or order.delivery in _NO_ADDRESS,
        "currency": currency_known(order),
    }
    for field, there in present.items():
        if not there:
            yield Finding(code="required", level="E", field=field, case=field)


PLUGIN = Check(
    code="required",
    level="E",
    message="Something that the ticket needs is missing",
    find=find,
    cases={
        "number": "The order has no number",
        "lines": "The order has no line: nothing to sell, nothing to print",
        "receiver.name": "The receiver's name is missing",
        "receiver.phone": "The receiver's phone number is missing",
        "receiver.address": "The address is missing, and the order is to be delivered",
        "currency": "The currency is missing or is no ISO 4217 code such as CNY",
    },
)
