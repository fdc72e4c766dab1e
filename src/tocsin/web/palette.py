"""The command palette: every place, act, screen and recent look-up that one may go to, found by a few letters of its English or Chinese."""

from functools import cache
from urllib.parse import quote, urlencode

from litestar import Response, get
from msgspec import Struct

from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.orders.lookup import own_lookups
from tocsin.orders.saved_screen import list_screens
from tocsin.orders.since import AGAIN_KINDS, asked_text
from tocsin.orders.syntax import QUERY_CHARACTERS
from tocsin.web.guard import PageRequest, enter
from tocsin.web.keymap import ON_AN_ORDER, Key
from tocsin.web.page import render
from tocsin.web.places import ACTIONS, PLACES, SETTINGS, Place
from tocsin.web.screens import BUILT_IN
from tocsin.web.shell import answer, make_shell, show, words_of
from tocsin.web.words import LOCALES, Words

RECENT_MOST, SCREENS_MOST = 8, 40


@cache
def _every_language() -> tuple[Words, ...]:
    return tuple(Words(code) for code in LOCALES)


class Entry(Struct, frozen=True):
    """One line of the palette: an address, or a key that the page under it obeys."""

    word: str
    words: str
    kind: str
    icon: str
    url: str = ""
    press: str = ""
    shown: str = ""


@get("/go", sync_to_thread=True)
def get_go(request: PageRequest) -> Response[str]:
    """Show what a few letters lead to; `part=1` gives the list alone, for the palette over each page."""
    desk, actor = enter(request)
    require(actor, "query")
    text = request.query_params.get("q", "").strip()[:QUERY_CHARACTERS]
    words = words_of(request, actor)
    entries = desk.db.read(actor.merchant_id, lambda tx: read_entries(tx, actor, words=words))
    if request.query_params.get("part") == "1":
        shell = make_shell(request, actor, section="")
        return answer(render("palette_list.html", locale=words.locale, shell=shell, entries=entries))
    found = [entry for entry in entries if not entry.press and fits(text, entry.words)]
    look_up = "/orders?" + urlencode({"q": text}) if text else ""
    return show(request, "palette.html", actor=actor, section="", text=text, entries=found, look_up=look_up)


def read_entries(tx: Tx, actor: Actor, *, words: Words) -> list[Entry]:
    """Return what one may go to, in the order of use."""
    screens = [(title, f"/orders?screen={name}") for name, (title, _, _) in BUILT_IN.items()]
    saved = list_screens(tx, actor)[:SCREENS_MOST]
    return [
        *(_by_key(key, words) for key in ON_AN_ORDER if not key.rights or any(map(actor.may, key.rights))),
        *(_place(at, words, kind="Place") for at in PLACES if actor.may(at.right)),
        *(_place(at, words, kind="Act") for at in ACTIONS if actor.may(at.right)),
        *(_place(at, words, kind="Settings") for at in SETTINGS if _may(actor, at)),
        *(Entry(words.translate(title), _both(title), "Screen", "filter", url=url) for title, url in screens),
        *(Entry(one.name, one.name, "Screen", "filter", url=f"/orders?screen={one.id}") for one in saved),
        *_recent(tx, actor),
    ]


def fits(text: str, words: str) -> bool:
    """Return whether the letters of a text stand in words, in their order; as the palette's script has it."""
    rest = iter(words.casefold())
    return all(letter in rest for letter in text.casefold() if letter != " ")


def _may(actor: Actor, at: Place) -> bool:
    return actor.may(at.right) or (at.right == "operators" and actor.may("operators_below"))


def _place(at: Place, words: Words, *, kind: str) -> Entry:
    shown = f"g {at.key[-1].lower()}" if at.key else ""
    return Entry(words.translate(at.word), _both(at.word), kind, at.name, url=at.url, shown=shown)


def _by_key(key: Key, words: Words) -> Entry:
    return Entry(
        words.translate(key.word), _both(key.word), "This page", "edit", press=key.code, shown=key.shown
    )


def _both(word: str) -> str:
    return " ".join(dict.fromkeys(one.translate(word) for one in _every_language()))


def _recent(tx: Tx, actor: Actor) -> list[Entry]:
    """Return one's own last look-ups, each text once."""
    found: dict[str, Entry] = {}
    for row in own_lookups(tx, actor, limit=RECENT_MOST * 3):
        text = asked_text(tx, row) if row.kind in {*AGAIN_KINDS, "detail"} else ""
        place = (
            f"/orders/{quote(text, safe='')}" if row.kind == "detail" else f"/orders?q={quote(text, safe='')}"
        )
        if text and len(found) < RECENT_MOST:
            found.setdefault(text, Entry(text, text, "Recent look-up", "clock", url=place))
    return list(found.values())


PALETTE = [get_go]
