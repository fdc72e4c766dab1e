"""address_short: too short, or without a number of a house, building or room."""

import re
import unicodedata
from collections.abc import Iterator

from tocsin.orders.draft import Order
from tocsin.tickets.rule import Check, CheckContext, Finding, is_masked

_SHORTEST = 5
_CARRIED = frozenset({"express", "local"})
# A number in digits or Chinese numerals with its word; a letter alone (B座) names a building too.
_NUMBER = re.compile(
    r"\d|[零〇一二三四五六七八九十百甲乙丙丁A-Z](?:号|栋|幢|座|楼|层|室|单元|弄|巷|组|队|村)", re.IGNORECASE
)


def find(order: Order, context: CheckContext) -> Iterator[Finding]:
    """Yield a finding for an address that a courier could not find; a missing or masked one is not judged.

    Source: order forms of Chinese platforms ask for five characters or more, with a house number.
    """
    address = unicodedata.normalize("NFKC", order.receiver.address).strip()
    if not address or order.delivery not in _CARRIED or is_masked(address):
        return
    length = len(re.sub(r"\s", "", address))
    if length < _SHORTEST:
        yield Finding(
            code="address_short", level="W", field="receiver.address", case="short", data={"length": length}
        )
    elif not _NUMBER.search(address):
        yield Finding(code="address_short", level="W", field="receiver.address")


PLUGIN = Check(
    code="address_short",
    level="W",
    message="The address names no number of a house, building or room",
    cases={"short": "The address has {length} characters: too few to be found"},
    find=find,
)
