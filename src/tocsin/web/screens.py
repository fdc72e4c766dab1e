"""Screens that pages offer: those every desk begins with, and the saved ones, each with its count."""

from tocsin.core.actor import Actor
from tocsin.core.db import Tx
from tocsin.orders.screen import COUNT_MOST, Filter, count_rows, list_screens
from tocsin.web.words import Words

BUILT_IN: dict[str, tuple[str, Filter]] = {
    "to-print": ("To print", Filter(state="produced", held="no")),
    "held": ("Held", Filter(held="yes")),
    "unpaid": ("Unpaid", Filter(payment="unpaid")),
    "to-ship": ("To ship", Filter(state="printed", fulfilment="unfulfilled")),
}
_SHOWN_MOST = 12


def show_screens(tx: Tx, actor: Actor, *, words: Words) -> list[dict[str, str]]:
    """Return the tabs of the screens; at most twelve saved ones are counted."""
    first = [(name, words.translate(title), wanted) for name, (title, wanted) in BUILT_IN.items()]
    saved = [(str(one.id), one.name, one.saved_filter()) for one in list_screens(tx, actor)[:_SHOWN_MOST]]
    return [
        {"name": name, "title": title, "count_text": _count(tx, wanted)}
        for name, title, wanted in [*first, *saved]
    ]


def _count(tx: Tx, wanted: Filter) -> str:
    found = count_rows(tx, wanted=wanted)
    return f"{COUNT_MOST:,}+" if found > COUNT_MOST else str(found)
