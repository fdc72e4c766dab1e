"""address_remote: Hong Kong, Macau, Taiwan, or where the shop does not deliver as usual."""

from collections.abc import Iterator

from tocsin.orders.draft import Order
from tocsin.tickets.division import is_beyond
from tocsin.tickets.rule import Check, CheckContext, Finding, lies_in

_CARRIED = frozenset({"express", "local"})
_BEYOND_CODES = frozenset({"HK", "MO", "TW"})


def find(order: Order, context: CheckContext) -> Iterator[Finding]:
    """Yield one finding where the parcel goes beyond the shop's usual ways."""
    if order.delivery not in _CARRIED:
        return
    to = order.receiver
    if to.country.strip().upper() in _BEYOND_CODES or is_beyond(to.province):
        case = "beyond"
    elif lies_in(to, context.unserved_areas):
        case = "unserved"
    elif lies_in(to, context.remote_areas):
        case = "remote"
    else:
        return
    yield Finding(code="address_remote", level="W", field="receiver.province", case=case)


PLUGIN = Check(
    code="address_remote",
    level="W",
    message="The parcel goes beyond the shop's usual ways",
    cases={
        "beyond": "Hong Kong, Macau or Taiwan: another freight, and customs",
        "remote": "A remote area: freight and time differ",
        "unserved": "The shop does not deliver there",
    },
    find=find,
)
