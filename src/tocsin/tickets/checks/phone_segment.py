"""phone_segment: a Chinese mobile number of a segment that nobody has been given."""

import re
import unicodedata
from collections.abc import Iterator

from tocsin.orders.draft import Order
from tocsin.tickets.rule import Check, CheckContext, Finding, is_masked

_MOBILE = re.compile(r"(?:(?:\+|00)?86)?(1[3-9]\d)\d{8}", re.ASCII)
# Segments for people; those of machines (140, 141, 144, 146, 148) and satellites (174) receive no call of a courier.
_ASSIGNED = frozenset(
    f"1{second}{third}"
    for second, thirds in {
        "3": "0123456789", "4": "579", "5": "012356789", "6": "2567", "7": "01235678", "8": "0123456789", "9": "012356789",
    }.items()
    for third in thirds
)  # fmt: skip


def find(order: Order, context: CheckContext) -> Iterator[Finding]:
    """Yield a finding where the first three digits are in no operator's hands; other shapes are not judged.

    Source: number segments of China Mobile, Unicom, Telecom, Broadnet and the resellers, 2026.
    """
    phone = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", order.receiver.phone))
    country = order.receiver.country.strip().upper() or "CN"
    mobile = _MOBILE.fullmatch(phone)
    if mobile and country == "CN" and not is_masked(phone) and mobile[1] not in _ASSIGNED:
        yield Finding(code="phone_segment", level="W", field="receiver.phone")


PLUGIN = Check(
    code="phone_segment",
    level="W",
    message="No operator has numbers that begin so: a digit may be mistyped",
    find=find,
)
