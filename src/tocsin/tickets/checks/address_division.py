"""address_division: province, city and district lie in one another."""

from collections.abc import Iterator

from tocsin.orders.draft import Order
from tocsin.tickets.division import broken_link
from tocsin.tickets.rule import Check, CheckContext, Finding, is_masked

_CARRIED = frozenset({"express", "local"})


def find(order: Order, context: CheckContext) -> Iterator[Finding]:
    """Yield a finding at the first name that does not lie in the one before; names that are empty or masked are not judged."""
    to = order.receiver
    country = to.country.strip().upper() or "CN"
    if country != "CN" or order.delivery not in _CARRIED or is_masked(to.province + to.city + to.district):
        return
    link = broken_link(to.province, to.city, to.district)
    if link:
        yield Finding(code="address_division", level="W", field=f"receiver.{link}", case=link)


PLUGIN = Check(
    code="address_division",
    level="W",
    message="Province, city and district don't lie in one another",
    cases={
        "province": "There is no province of this name",
        "city": "The city does not lie in the province",
        "district": "The district does not lie in the city",
    },
    find=find,
)
