"""glyph: characters that would be an empty box on paper."""

import unicodedata
from collections.abc import Iterator

from tocsin.orders.draft import Order
from tocsin.tickets.rule import Check, CheckContext, Finding, texts_of


def find(order: Order, context: CheckContext) -> Iterator[Finding]:
    """Yield each field with characters that the ticket's font lacks; of the receiver's only how many."""
    for field, text in texts_of(order):
        if not context.missing_glyphs(text):  # nor what is drawn of it
            continue
        missing = sorted(set(context.missing_glyphs(_drawn(text))))
        if not missing:
            continue
        data: dict[str, str | int] = {"field": field, "count": len(missing)}
        if field.startswith("receiver."):
            yield Finding(code="glyph", level="W", field=field, case="receiver", data=data)
        else:
            data["characters"] = "".join(missing[:10])
            yield Finding(code="glyph", level="W", field=field, data=data)


def _drawn(text: str) -> str:
    # Control and format characters are never drawn (`text` reports them): no font need have them.
    return "".join(c for c in text if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Zl", "Zp"})


PLUGIN = Check(
    code="glyph",
    level="W",
    message="{field} holds characters that the ticket's font lacks: {characters}",
    find=find,
    cases={"receiver": "{field} holds {count} characters that the ticket's font lacks"},
)
