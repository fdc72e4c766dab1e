"""masked: asterisks where the copy to be printed needs the real text."""

from collections.abc import Iterator

from tocsin.orders.draft import PERSONAL_FIELDS, Order
from tocsin.tickets.rule import Check, CheckContext, Finding, is_masked

_NAMED = frozenset({"name", "phone", "address"})


def find(order: Order, context: CheckContext) -> Iterator[Finding]:
    """Yield each field that is needed real and is masked; one notice where the channel declares its masking."""
    fields = [
        name
        for name in PERSONAL_FIELDS
        if name in context.real_fields and is_masked(getattr(order.receiver, name))
    ]
    # What this desk itself has masked is no declaration of the channel: the real text must be asked for.
    if fields and order.channel in context.masking_channels and not order.masked:
        yield Finding(code="masked", level="I", case="channel", data={"channel": order.channel})
        return
    for name in fields:
        case = name if name in _NAMED else ""
        yield Finding(code="masked", level="E", field=f"receiver.{name}", case=case)


PLUGIN = Check(
    code="masked",
    level="E",
    message="A field that the ticket needs in full is masked: fetch the real text from the channel",
    find=find,
    cases={
        "name": "The receiver's name is masked: fetch the real one from the channel",
        "phone": "The receiver's phone number is masked: fetch the real or a virtual one from the channel",
        "address": "The address is masked: a courier would refuse it; fetch the real one from the channel",
        "channel": "The channel {channel} masks its receivers: the ticket carries them masked",
    },
)
