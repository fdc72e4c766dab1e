"""Rows of order lists as pages show them, and the way through their pages."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from msgspec.structs import asdict

from tocsin.core.db import Tx
from tocsin.orders.listing import HeadRow
from tocsin.orders.stop import open_holds_of
from tocsin.tickets.print_queue import list_queues
from tocsin.web.figures import Figures
from tocsin.web.words import Words

_TRAIL_MOST = 40
_MORE = 10_000


def show_rows(tx: Tx, rows: tuple[HeadRow, ...]) -> list[dict[str, Any]]:
    """Return rows with the kinds of their open holds."""
    held = [row.id for row in rows if row.holds_open]
    kinds: dict[int, dict[str, None]] = {}
    for hold in open_holds_of(tx, order_ids=held) if held else []:
        kinds.setdefault(hold.order_id, {})[hold.kind] = None
    return [{**asdict(row), "goods": row.summary, "holds": list(kinds.get(row.id, ()))} for row in rows]


def show_printers(tx: Tx) -> list[dict[str, Any]]:
    """Return the queues that can be chosen; before them, nameless, where their rules say, if any has one."""
    queues = list_queues(tx)
    by_rule = [{"id": 0, "name": ""}] if any(queue.takes for queue in queues) else []
    return by_rule + [{"id": queue.id, "name": queue.name} for queue in queues]


def show_pager(
    words: Words,
    *,
    path: str,
    query: Mapping[str, str | Sequence[str]],
    after: str,
    trail: str,
    following: str,
    count: int,
) -> dict[str, str]:
    """Return what the pager needs; the places passed ride in the address, so that Newer goes one page back."""
    passed = [place for place in trail.split("_") if place][-_TRAIL_MOST:]
    kept = {name: value for name, value in query.items() if value}

    def page(after: str, trail: list[str]) -> str:
        place = {"after": after, "trail": "_".join(trail)}
        full = urlencode({**kept, **{name: value for name, value in place.items() if value}}, doseq=True)
        return f"{path}?{full}" if full else path

    return {
        "count_text": show_count(words, count),
        "previous_url": page(passed[-1] if passed else "", passed[:-1]) if after else "",
        "next_url": page(following, [*passed, after] if after else passed) if following else "",
    }


def show_bounded(words: Words, count: int) -> str:
    """Return `52`; above 10,000 it is not counted on: `10,000+`."""
    return Figures(words).number(min(count, _MORE)) + "+" * (count > _MORE)


def show_count(words: Words, count: int) -> str:
    """Return `52 orders`; above 10,000 it is not counted on."""
    if count > _MORE:
        return words.translate("more than 10,000 orders")
    return Figures(words).translated_count("One order", "%(num)s orders", count)
