"""What a mapping makes of a sheet, as its preview shows it: how many orders of each kind, and the first of them."""

from collections import Counter
from typing import Any

from tocsin.core.money import parse_minor
from tocsin.orders.importing import Foreseen
from tocsin.orders.mapping import Mapping
from tocsin.web.say import say, say_goods
from tocsin.web.words import Words

OUTCOMES = ("new", "unchanged", "changed", "printed", "conflict", "bad")
_FIRST = 5
_KIND = {"older": "unchanged", "moved": "changed"}


def show_mapping(found: Mapping, words: Words) -> dict[str, Any]:
    """Return the counts of each kind and the first orders of each; what has changed after it was printed stands apart."""
    counts, first = Counter[str](), dict[str, list[dict[str, Any]]]()
    for each, read in zip(found.previewed.foreseen, found.previewed.parsed.orders, strict=True):
        kind = _kind_of(each, printed=each.taken.order_id in found.printed)
        counts[kind] += 1
        if len(shown := first.setdefault(kind, [])) < _FIRST:
            goods = say_goods(read.draft.lines, words)
            currency = read.draft.currency
            payable = parse_minor(each.payable, currency) if each.payable else None
            shown.append({
                "row": each.row, "external_id": each.external_id, "receiver_name": each.receiver_name, "goods": goods,
                "payable_minor": payable, "currency": currency, "placed_at_us": read.draft.placed_at_us,
            })  # fmt: skip
    bad = found.previewed.parsed.bad
    counts["bad"] = len(bad)
    told = [
        {"row": row.row, "field": row.field, "text": say(row.reason, row.data, words)} for row in bad[:_FIRST]
    ]
    return {
        "counts": {kind: counts[kind] for kind in OUTCOMES}, "first": first, "bad": told, "whole": found.whole,
        "unread": found.previewed.parsed.unread_columns[:20],
    }  # fmt: skip


def _kind_of(each: Foreseen, *, printed: bool) -> str:
    return "printed" if printed else _KIND.get(each.taken.result, each.taken.result)
