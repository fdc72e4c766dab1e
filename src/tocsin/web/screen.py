"""Box 14's screens as a page of their own: which there are, which one the desk opens with; saved and removed here."""

from typing import Any
from urllib.parse import quote, urlencode

from litestar import Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import Redirect

from tocsin.core.actor import require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.orders.listing import Page
from tocsin.orders.saved_screen import (
    COLUMNS,
    FIRST_COLUMNS,
    ScreenMissing,
    drop_screen,
    open_with,
    save_screen,
)
from tocsin.orders.screen import Filter
from tocsin.orders.screen_query import FORM_FIELDS, query_of
from tocsin.tickets.auto_print import list_automatic, switch_off, switch_on
from tocsin.tickets.take_back import Undo, offer_undo
from tocsin.web.form import once, read_form, read_number, read_pairs
from tocsin.web.guard import PageRequest, enter
from tocsin.web.orders import show_list
from tocsin.web.screens import Chosen, show_screens
from tocsin.web.shell import go, show, words_of

DOOR = "page"
_TEXT_MOST = 500
NAME_NEEDED = "Give the screen a name"


@get("/screens", sync_to_thread=True)
def get_screens(request: PageRequest) -> Response[str] | Redirect:
    """Show which screens there are; an address of the earlier filter form leads to its query."""
    desk, actor = enter(request)
    require(actor, "query")
    words = words_of(request, actor)
    asked = {name: request.query_params.get(name, "").strip()[:_TEXT_MOST] for name in FORM_FIELDS}
    if any(asked.values()):
        return Redirect("/orders?" + urlencode({"q": query_of(asked)}), status_code=303)
    screens, printing = desk.db.read(
        actor.merchant_id, lambda tx: (show_screens(tx, actor, words=words, every=True), list_automatic(tx))
    )
    automatic = {str(one.screen_id): {"since_us": one.since_us, "by": one.by_name} for one in printing}
    return show(
        request, "orders/screens.html", actor=actor, section="filter", screens=screens, automatic=automatic
    )


@post("/screens", sync_to_thread=True, status_code=303)
def post_screen(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Save a query under a name, with the columns that it shows."""
    desk, actor = enter(request)
    require(actor, "query")
    form, words = read_form(request, body), words_of(request, actor)
    columns = tuple(value for name, value in read_pairs(request, body) if name == "col")
    name, text = form.get("title", "").strip(), form.get("q", "").strip()
    shared, opens = form.get("shared") == "1", form.get("opens") == "1"
    refusal: Refusal | None = None

    def make(tx: Any) -> str:
        wanted = Filter(query=text)
        made = save_screen(tx, actor, name=name, wanted=wanted, shared=shared, columns=columns)
        if opens:
            open_with(tx, actor, screen_id=made)
        return f"/orders?screen={made}"

    errors = {} if name else {"title": words.translate(NAME_NEEDED)}
    if not errors:
        try:
            address = desk.db.write(
                actor.merchant_id, lambda tx: once(tx, actor, form, route="screens", make=lambda: make(tx))
            )
            return go(address, done="screen_saved")
        except Refusal as wrong:
            if wrong.kind != "invalid":
                raise
            refusal = wrong
    shown = Chosen(
        "", "", text, own=False, columns=tuple(c for c in COLUMNS if c in columns) or FIRST_COLUMNS
    )
    return show_list(request, actor, text=text, screen=shown, found=(Page((), ""), refusal), errors=errors)


@get("/screens/{name:str}", sync_to_thread=True)
def get_one_screen(request: PageRequest, *, name: FromPath[str]) -> Redirect:
    """Lead to the orders of a screen."""
    _, actor = enter(request)
    require(actor, "query")
    return Redirect(f"/orders?screen={quote(name, safe='')}", status_code=303)


@post("/screens/{name:str}/opening", sync_to_thread=True, status_code=303)
def post_opening(request: PageRequest, *, name: FromPath[str], body: RawBody) -> Redirect:
    """Choose the screen that one's desk opens with; `all` is the whole list."""
    desk, actor = enter(request)
    read_form(request, body)
    screen_id = 0 if name == "all" else read_number(name)
    desk.db.write(actor.merchant_id, lambda tx: open_with(tx, actor, screen_id=screen_id))
    return go("/screens", done="saved")


@post("/screens/{name:str}/automatic", sync_to_thread=True, status_code=303)
def post_automatic(request: PageRequest, *, name: FromPath[str], body: RawBody) -> Redirect:
    """Have a shared screen print what is new on it by itself, or no longer."""
    desk, actor = enter(request)
    switch = switch_on if read_form(request, body).get("automatic") == "1" else switch_off
    screen_id = read_number(name)
    desk.db.write(actor.merchant_id, lambda tx: switch(tx, actor, screen_id=screen_id))
    return go("/screens", done="saved")


@post("/screens/{name:str}/removal", sync_to_thread=True, status_code=303)
def post_removal(request: PageRequest, *, name: FromPath[str], body: RawBody) -> Redirect:
    """Remove a saved screen of one's own; one that is gone already is no fault."""
    desk, actor = enter(request)
    read_form(request, body)
    screen_id = read_number(name)

    def drop(tx: Tx) -> str:
        found = drop_screen(tx, actor, screen_id=screen_id)
        return "dropped" + offer_undo(tx, actor, Undo(act="screen", back="/screens", screen=found))

    try:
        return go("/screens", done=desk.db.write(actor.merchant_id, drop))
    except ScreenMissing:
        return go("/screens")


SCREENS = [get_screens, post_screen, get_one_screen, post_opening, post_automatic, post_removal]
