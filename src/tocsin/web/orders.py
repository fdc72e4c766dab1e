"""Box 10 as pages: the list of orders, and look-up by number, phone, name, SKU or title."""

from typing import Any

from litestar import Response, get
from litestar.response import Redirect

from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.desk import Desk
from tocsin.orders.listing import Page
from tocsin.orders.query import search_orders
from tocsin.orders.screen import Filter, count_rows, screen_orders
from tocsin.web.guard import PageRequest, enter
from tocsin.web.rows import show_pager, show_printers, show_rows
from tocsin.web.screens import show_screens
from tocsin.web.shell import go, show, words_of

DOOR = "page"
_LONGEST = 200


@get("/orders", sync_to_thread=True)
def get_orders(request: PageRequest) -> Response[str] | Redirect:
    """Show all orders, or those that a text finds; a text that is the number of one opens it."""
    desk, actor = enter(request)
    require(actor, "query")
    text = request.query_params.get("q", "").strip()[:_LONGEST]
    after, trail = request.query_params.get("after", "")[:60], request.query_params.get("trail", "")[:2000]
    page = _find(desk, actor, text=text, after=after)
    if text and [row.number for row in page.rows] == [text.upper()]:
        return go(f"/orders/{page.rows[0].number}")
    words = words_of(request, actor)

    def read(tx: Tx) -> dict[str, Any]:
        count = len(page.rows) if text else count_rows(tx, wanted=Filter())
        return {
            "rows": show_rows(tx, page.rows), "printers": show_printers(tx),
            "screens": show_screens(tx, actor, words=words),
            "page": show_pager(
                words, path="/orders", query={"q": text}, after=after, trail=trail, following=page.next, count=count
            ),
        }  # fmt: skip

    title, hint = EMPTY[bool(text)]
    return show(
        request, "orders/query.html", actor=actor, section="orders", query=text, asked={"text": text} if text else None,
        empty_title=words.translate(title), empty_text=words.translate(hint), **desk.db.read(actor.merchant_id, read),
    )  # fmt: skip


EMPTY = {
    True: (
        "Nothing found",
        "Look for a number, a phone or its last four digits, a name, a SKU or words of the goods.",
    ),
    False: ("No orders yet", "Import a sheet, paste chat text, or type the first order."),
}


def _find(desk: Desk, actor: Actor, *, text: str, after: str) -> Page:
    if text:
        return search_orders(desk.db, actor, text=text, door=DOOR, after=after)
    return screen_orders(desk.db, actor, wanted=Filter(), door=DOOR, after=after)


ORDERS = [get_orders]
