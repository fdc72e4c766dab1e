"""Screens that pages offer: those every desk begins with, and the saved ones, each with its count."""

from typing import Any
from urllib.parse import urlencode

from msgspec import Struct

from tocsin.core.actor import Actor
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.desk import Desk
from tocsin.orders.saved_screen import FIRST_COLUMNS, get_screen, list_screens, opening_screen
from tocsin.orders.screen import Filter, count_rows
from tocsin.web.form import read_number
from tocsin.web.rows import show_bounded
from tocsin.web.words import Words

BUILT_IN: dict[str, tuple[str, str, str]] = {
    "to-print": ("To print", "state:produced held:no", "状态:待打印 挂起:否"),
    "held": ("Held", "state:held", "状态:挂起"),
    "unpaid": ("Unpaid", "payment:unpaid", "支付:未支付"),
    "to-ship": ("To ship", "state:printed fulfilment:unfulfilled", "状态:已打印 发货:未发货"),
}
_COUNTED_MOST = 12


class Chosen(Struct, frozen=True):
    """The screen that a list shows: its name in addresses, its title, its query and its columns."""

    name: str
    title: str
    query: str
    own: bool
    columns: tuple[str, ...]
    shared: bool = False


def read_screen(desk: Desk, actor: Actor, *, name: str, words: Words) -> Chosen:
    """Return a screen: a built-in one by its name, a saved one by its id.

    Raises:
        ScreenMissing, AddressWrong: there is none.
    """
    if name in BUILT_IN:
        title, english, chinese = BUILT_IN[name]
        query = chinese if words.is_chinese else english
        return Chosen(name, words.translate(title), query, own=False, columns=FIRST_COLUMNS, shared=True)
    screen_id = read_number(name)

    def read(tx: Tx) -> Chosen:
        found = get_screen(tx, actor, screen_id=screen_id)
        query = found.saved_filter(tx).query
        return Chosen(
            name, found.name, query, own=found.owner_id == actor.id, columns=found.shown_columns(), shared=bool(found.shared)
        )  # fmt: skip

    return desk.db.read(actor.merchant_id, read)


def show_screens(tx: Tx, actor: Actor, *, words: Words, every: bool = False) -> list[dict[str, Any]]:
    """Return the tabs of the screens: twelve saved ones, or all, of which those beyond stand without a number."""
    opens = opening_screen(tx, actor)
    first = [
        (name, words.translate(title), Filter(query=query), {"own": False, "shared": True, "opens": False})
        for name, (title, query, _) in BUILT_IN.items()
    ]
    saved = [
        (str(one.id), one.name, one.saved_filter(tx),
         {"own": one.owner_id == actor.id, "shared": bool(one.shared), "opens": bool(opens and opens.id == one.id)})
        for one in list_screens(tx, actor)[: None if every else _COUNTED_MOST]
    ]  # fmt: skip
    return [
        {"name": name, "title": title, "url": "/orders?" + urlencode({"screen": name}),
         "count_text": _count(tx, wanted, words) if place < len(first) + _COUNTED_MOST else "", **more}
        for place, (name, title, wanted, more) in enumerate([*first, *saved])
    ]  # fmt: skip


def _count(tx: Tx, wanted: Filter, words: Words) -> str:
    try:
        found = count_rows(tx, wanted=wanted)
    except Refusal:  # what it names is gone, a shop perhaps: shown as such when it is opened
        return "?"
    return show_bounded(words, found)
