"""phone_expired: a virtual number past its end, as the merchant's note tells it."""

import re
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from tocsin.core.clock import SECOND_US
from tocsin.orders.draft import Order
from tocsin.tickets.rule import Check, CheckContext, Finding

# As the importer of WeChat Shops writes it, or a person does; a day without a time ends with that day.
_END = re.compile(
    r"(?:虚拟号至|virtual number until) ?(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}))?", re.ASCII | re.IGNORECASE
)


def find(order: Order, context: CheckContext) -> Iterator[Finding]:
    """Yield a finding where the last end that the note tells has passed, by the shop's clock; no note, no end.

    Source: WeChat Shops, order detail, `tel_number_ext_info.virtual_tel_expire_time`.
    """
    told = _END.findall(order.merchant_note)
    if not told or order.fulfilment in ("shipped", "delivered"):
        return
    try:
        end = datetime.fromisoformat(f"{told[-1][0]}T{told[-1][1] or '23:59'}")
    except ValueError:  # no such day
        return
    if end.replace(tzinfo=ZoneInfo(context.zone)).timestamp() * SECOND_US < context.now_us:
        yield Finding(code="phone_expired", level="W", field="receiver.phone")


PLUGIN = Check(
    code="phone_expired", level="W", message="The virtual phone number has ended: fetch a new one from the channel, and note its end",
    find=find, time_dependent=True,
)  # fmt: skip
