"""text: control and bidi characters, which can make a ticket say something else."""

import unicodedata
from collections.abc import Iterator

from tocsin.orders.draft import Order
from tocsin.tickets.rule import Check, CheckContext, Finding, texts_of

# Marks, embeddings, overrides and isolates. Source: Unicode UAX #9, explicit formatting characters.
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_BREAKS = frozenset("\n\r\t")
_NOTES = frozenset({"receiver.buyer_note", "receiver.address", "merchant_note"})


def find(order: Order, context: CheckContext) -> Iterator[Finding]:
    """Yield each field with such characters, by code point; line breaks and tabs are fair in notes and addresses."""
    for field, text in texts_of(order):
        if text.isprintable():  # it holds none of them
            continue
        allowed = _BREAKS if field in _NOTES else frozenset[str]()
        bad = sorted({character for character in text if character not in allowed and _forbidden(character)})
        if bad:
            points = " ".join(f"U+{ord(character):04X}" for character in bad[:5])
            yield Finding(
                code="text",
                level="W",
                field=field,
                data={"field": field, "points": points, "count": len(bad)},
            )
    for field in order.stripped:
        yield Finding(code="text", level="W", field=field, case="stripped", data={"field": field})


def _forbidden(character: str) -> bool:
    return character in _BIDI or unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}


PLUGIN = Check(
    code="text",
    level="W",
    message="{field} holds control or bidi characters ({points}), which the ticket leaves out",
    find=find,
    cases={
        "stripped": "{field} held control or bidi characters, which were taken out: look whether it still says what was meant"
    },
)
