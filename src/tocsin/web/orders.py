"""Boxes 10 and 14 as one page: the list of orders, asked in the search box, with screens, chips and columns."""

from typing import Any
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.params import RawBody
from litestar.response import Redirect

from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.desk import Desk
from tocsin.orders.ask import ask_orders
from tocsin.orders.listing import Page
from tocsin.orders.own_columns import columns_of, keep_columns
from tocsin.orders.saved_screen import COLUMNS
from tocsin.orders.screen import Filter, count_rows, daily_filter, screen_orders
from tocsin.orders.syntax import QUERY_CHARACTERS, parse_query, plain_words
from tocsin.web.asking import show_chips, show_mistake
from tocsin.web.form import read_pairs
from tocsin.web.guard import PageRequest, desk_of, enter
from tocsin.web.rows import show_pager, show_printers, show_rows
from tocsin.web.screens import Chosen, read_screen, show_screens
from tocsin.web.shell import go, show, status_of, words_of

DOOR = "page"


@get("/orders", sync_to_thread=True)
def get_orders(request: PageRequest) -> Response[str] | Redirect:
    """Show all orders, those of a screen, or those that a text asks for; a text that is the number of one opens it."""
    desk, actor = enter(request)
    require(actor, "query")
    given = request.query_params
    name = given.get("screen", "")[:20]
    words = words_of(request, actor)
    screen = read_screen(desk, actor, name=name, words=words) if name else _all(desk, actor)
    text = given["q"].strip()[: QUERY_CHARACTERS + 1] if "q" in given else screen.query
    page, refusal = _find(desk, actor, text=text, after=given.get("after", "")[:60])
    if text and name == "" and [row.number for row in page.rows] == [text.upper()]:
        return go(f"/orders/{page.rows[0].number}")
    return show_list(request, actor, text=text, screen=screen, found=(page, refusal))


@post("/orders/columns", sync_to_thread=True, status_code=303)
def post_columns(request: PageRequest, *, body: RawBody) -> Redirect:
    """Show these columns of the list from now on."""
    desk, actor = enter(request)
    pairs = read_pairs(request, body)
    columns = tuple(value for name, value in pairs if name == "col")
    desk.db.write(actor.merchant_id, lambda tx: keep_columns(tx, actor, columns=columns))
    text = dict(pairs).get("q", "")
    return go("/orders?" + urlencode({"q": text}) if text else "/orders", done="saved")


def show_list(
    request: PageRequest, actor: Actor, *, text: str, screen: Chosen, found: tuple[Page, Refusal | None],
    errors: dict[str, str] | None = None,
) -> Response[str]:  # fmt: skip
    """Show a page of orders under the search box that asked for it, or what can't be read in it."""
    desk, words, (page, refusal) = desk_of(request), words_of(request, actor), found
    given = request.query_params
    after, trail = given.get("after", "")[:60], given.get("trail", "")[:2000]
    columns = tuple(name for name in COLUMNS if name in given.getall("col", [])) or screen.columns
    query = {"q": text, "screen": screen.name, "col": list(columns) if columns != screen.columns else []}

    def read(tx: Tx) -> dict[str, Any]:
        wanted = Filter(query=text) if text else daily_filter(tx)
        count = len(page.rows) if refusal or _is_words(text) else count_rows(tx, wanted=wanted)
        return {
            "listed": wanted.query,
            "rows": show_rows(tx, page.rows), "printers": show_printers(tx),
            "screens": show_screens(tx, actor, words=words),
            "page": show_pager(
                words, path="/orders", query=query, after=after, trail=trail, following=page.next, count=count
            ),
        }  # fmt: skip

    title, hint = EMPTY[bool(text)]
    status = status_of(refusal) if refusal else 422 if errors else 200
    return show(
        request, "orders/query.html", actor=actor, section="orders", status=status, query=text, asked={"text": text} if text else None,
        mistake=show_mistake(refusal, text, words) if refusal else None, chips=show_chips(text, words), screen=screen,
        columns=columns, all_columns=COLUMNS, errors=errors or {}, may_share=actor.may("amend") or actor.may("shop_settings"),
        may_download=actor.may("download"), may_real=actor.may("download_real") or actor.may("download_real_reason"),
        empty_title=words.translate(title), empty_text=words.translate(hint), **desk.db.read(actor.merchant_id, read),
    )  # fmt: skip


EMPTY = {
    True: (
        "Nothing found",
        "Look for a number, a phone or its last four digits, a name, a SKU or words of the goods.",
    ),
    False: ("No orders yet", "Import a sheet, paste chat text, or type the first order."),
}


def _find(desk: Desk, actor: Actor, *, text: str, after: str) -> tuple[Page, Refusal | None]:
    """Return what a text asks for, without one the daily list, and why it can't be read where it can't."""
    try:
        if text:
            return ask_orders(desk.db, actor, text=text, door=DOOR, after=after), None
        wanted = desk.db.read(actor.merchant_id, daily_filter)
        return screen_orders(desk.db, actor, wanted=wanted, door=DOOR, after=after), None
    except Refusal as refusal:
        if refusal.kind != "invalid" and refusal.code != "shop_missing":
            raise
        return Page((), ""), refusal


def _is_words(text: str) -> bool:
    return bool(text) and bool(plain_words(parse_query(text)))


def _all(desk: Desk, actor: Actor) -> Chosen:
    """Return the list of all orders, with the columns that the reader keeps for it."""
    columns = desk.db.read(actor.merchant_id, lambda tx: columns_of(tx, actor))
    return Chosen("", "", "", own=False, columns=columns)


ORDERS = [get_orders, post_columns]
