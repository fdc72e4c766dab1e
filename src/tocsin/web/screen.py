"""Box 14 as pages: the filter form, screens that every desk begins with, and saved ones."""

from functools import partial
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import Redirect

from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.money import parse_minor, plain_minor
from tocsin.core.tenant import get_shop
from tocsin.orders.screen import (
    Filter,
    ScreenMissing,
    count_rows,
    drop_screen,
    get_screen,
    save_screen,
    screen_orders,
)
from tocsin.orders.syntax_dates import DateUnreadable, read_date
from tocsin.tickets.rule import loaded_checks
from tocsin.web.form import Form, once, read_form, read_number
from tocsin.web.guard import PageRequest, enter
from tocsin.web.rows import show_pager, show_printers, show_rows
from tocsin.web.screens import BUILT_IN, show_screens
from tocsin.web.shell import go, show, told, words_of
from tocsin.web.words import Words

DOOR = "page"
FIELDS = (
    "state", "payment", "fulfilment", "hold", "finding", "date_from", "date_to", "amount_from", "amount_to", "campaign",
    "channel",
)  # fmt: skip
_HOLDS = {"any": "yes", "none": "no"}
_SAME = ("state", "payment", "fulfilment", "finding", "date_from", "date_to", "campaign", "channel")
_TEXT_MOST = 200
NAME_NEEDED = "Give the screen a name"


@get("/screens", sync_to_thread=True)
def get_screens(request: PageRequest) -> Response[str]:
    """Show the filter form and what it finds."""
    _, actor = enter(request)
    require(actor, "query")
    asked = {name: request.query_params.get(name, "").strip()[:_TEXT_MOST] for name in FIELDS}
    return _page(request, actor, asked=asked, screen=None)


@post("/screens", sync_to_thread=True, status_code=303)
def post_screen(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Save a filter under a name."""
    desk, actor = enter(request)
    require(actor, "query")
    form, words = read_form(request, body), words_of(request, actor)
    asked = {name: form.get(name, "").strip()[:_TEXT_MOST] for name in FIELDS}
    name = form.get("title", "").strip()[:60]
    wanted, errors = read_filter(asked, currency=_currency(request, actor), words=words)
    if not name:
        errors["title"] = words.translate(NAME_NEEDED)
    if errors:
        return _page(request, actor, asked=asked, screen=None, errors=errors)
    shared = form.get("shared") == "1"
    address = desk.db.write(actor.merchant_id, lambda tx: once(
        tx, actor, form, route="screens",
        make=lambda: f"/screens/{save_screen(tx, actor, name=name, wanted=wanted, shared=shared)}",
    ))  # fmt: skip
    return go(address, done="screen_saved")


@get("/screens/{name:str}", sync_to_thread=True)
def get_one_screen(request: PageRequest, *, name: FromPath[str]) -> Response[str]:
    """Show a screen: a built-in one by its name, a saved one by its id."""
    desk, actor = enter(request)
    require(actor, "query")
    words = words_of(request, actor)
    if name in BUILT_IN:
        title, wanted = BUILT_IN[name]
        screen = {"name": name, "title": words.translate(title), "shared": True, "own": False}
    else:
        screen_id = read_number(name)
        found = desk.db.read(actor.merchant_id, lambda tx: get_screen(tx, actor, screen_id=screen_id))
        wanted = found.saved_filter()
        screen = {
            "name": name, "title": found.name, "shared": bool(found.shared), "own": found.owner_id == actor.id
        }  # fmt: skip
    asked = fields_of_filter(wanted, currency=_currency(request, actor))
    return _page(request, actor, asked=asked, screen=screen, path=f"/screens/{name}")


@post("/screens/{name:str}/removal", sync_to_thread=True, status_code=303)
def post_removal(request: PageRequest, *, name: FromPath[str], body: RawBody) -> Redirect:
    """Remove a saved screen of one's own; one that is gone already is no fault."""
    desk, actor = enter(request)
    read_form(request, body)
    screen_id = read_number(name)
    try:
        desk.db.write(actor.merchant_id, lambda tx: drop_screen(tx, actor, screen_id=screen_id))
    except ScreenMissing:
        return go("/screens")
    return go("/screens", done="dropped")


def read_filter(asked: Form, *, currency: str, words: Words) -> tuple[Filter, dict[str, str]]:
    """Return the filter of a form's fields, and what of it can't be read, by field."""
    errors: dict[str, str] = {}
    values: dict[str, Any] = {name: asked.get(name, "") for name in _SAME}
    hold = asked.get("hold", "")
    values["held"] = _HOLDS.get(hold, hold)
    for name in ("date_from", "date_to"):
        if values[name] and not _is_date(values[name]):
            errors[name] = told(DateUnreadable(text=values[name][:20]), words)
            values[name] = ""
    for name, field in (("amount_from", "amount_min_minor"), ("amount_to", "amount_max_minor")):
        try:
            values[field] = parse_minor(asked[name], currency) if asked.get(name) else None
        except Refusal as refusal:
            errors[name] = told(refusal, words)
    return Filter(**values), errors


def fields_of_filter(wanted: Filter, *, currency: str) -> dict[str, str]:
    """Return a filter as the form's fields."""
    back = {kind: name for name, kind in _HOLDS.items()}
    amounts = {"amount_from": wanted.amount_min_minor, "amount_to": wanted.amount_max_minor}
    return {
        **{name: getattr(wanted, name) for name in _SAME}, "hold": back.get(wanted.held, wanted.held),
        **{name: "" if minor is None else plain_minor(minor, currency) for name, minor in amounts.items()},
    }  # fmt: skip


def _is_date(text: str) -> bool:
    try:
        read_date(text)
    except DateUnreadable:
        return False
    return True


def _currency(request: PageRequest, actor: Actor) -> str:
    return enter(request)[0].db.read(actor.merchant_id, get_shop).currency


def _page(
    request: PageRequest, actor: Actor, *, asked: dict[str, str], screen: dict[str, Any] | None, path: str = "/screens",
    errors: dict[str, str] | None = None,
) -> Response[str]:  # fmt: skip
    desk, words = enter(request)[0], words_of(request, actor)
    wanted, wrong = read_filter(asked, currency=_currency(request, actor), words=words)
    errors = {**wrong, **(errors or {})}
    after, trail = request.query_params.get("after", "")[:60], request.query_params.get("trail", "")[:2000]
    found = screen_orders(desk.db, actor, wanted=wanted, door=DOOR, after=after)
    pager = partial(
        show_pager, words, path=path, query=asked if path == "/screens" else {}, after=after, trail=trail,
        following=found.next,
    )  # fmt: skip

    def read(tx: Tx) -> dict[str, Any]:
        return {
            "rows": show_rows(tx, found.rows), "printers": show_printers(tx),
            "screens": show_screens(tx, actor, words=words), "page": pager(count=count_rows(tx, wanted=wanted)),
        }  # fmt: skip

    return show(
        request, "orders/screen.html", actor=actor, section="filter", status=422 if errors else 200, screen=screen,
        filter=asked, errors=errors, codes=list(loaded_checks()), may_download=actor.may("download"),
        may_real=actor.may("download_real") or actor.may("download_real_reason"),
        empty_title=words.translate("No order is like this"), empty_text=words.translate("Ask for less, or clear the filter."),
        **desk.db.read(actor.merchant_id, read),
    )  # fmt: skip


SCREENS = [get_screens, post_screen, get_one_screen, post_removal]
