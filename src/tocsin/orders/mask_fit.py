"""Masks from outside: whether a text with stars is what a real text was masked to."""

import re
from typing import TypeVar

from msgspec.structs import asdict, replace

from tocsin.core.db import Tx
from tocsin.orders.draft import Draft, Order
from tocsin.orders.source import KnownSource
from tocsin.orders.store import load_order

D = TypeVar("D", bound=Draft)
# One dot between parts of a name is none of a mask.
STARS = re.compile(r"(?:[*＊●]|[•·](?=[•·])|(?<=[•·])[•·])+")
# No shop hides a field in more places; a text with more is no mask.
_STAR_RUNS = 16
# Where stars can't be the text itself, as they can in a note.
_NAMED = ("name", "phone", "address")


def keep_real(tx: Tx, draft: D, known: KnownSource) -> tuple[D, bool]:
    """Return a draft whose masked fields have the real text that the source gave before, where it fits the mask.

    Also whether the source hides what it changed: a mask stands in it for another text than the real one that is kept.
    """
    masked = {name: text for name, text in _texts(draft).items() if STARS.search(text)}
    if not masked:
        return draft, False
    before = _texts(load_order(tx, order_id=known.order_id, revision=known.source_revision, real=True))
    kept = {name: before[name] for name, text in masked.items() if fits_mask(text, before[name])}
    hides = any(
        before[name] and not STARS.search(before[name])
        for name in _NAMED
        if name in masked and name not in kept
    )
    note = kept.pop("merchant_note", draft.merchant_note)
    return replace(draft, receiver=replace(draft.receiver, **kept), merchant_note=note), hides


def _texts(order: Draft | Order) -> dict[str, str]:
    return {**asdict(order.receiver), "merchant_note": order.merchant_note}


def fits_mask(masked: str, real: str) -> bool:
    """Tell whether a text is what a mask was made of: what the mask shows, with something for each run of stars.

    The leftmost place is taken for each part: the text is from outside, so that no pattern is made of it.
    """
    first, *middle, last = STARS.split(masked)
    if len(middle) >= _STAR_RUNS or STARS.search(real) or not real.startswith(first):
        return False
    at = len(first)
    for part in middle:
        found = real.find(part, at + 1)
        if found < 0:
            return False
        at = found + len(part)
    return real.endswith(last) and len(real) - len(last) > at
