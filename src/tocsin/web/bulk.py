"""Bulk acts as a page: what became of each order of a selection, or of the whole screen."""

from typing import Any, cast

from litestar import Response, post
from litestar.params import RawBody
from litestar.response import Redirect

from tocsin.core.actor import Actor
from tocsin.desk import Desk
from tocsin.orders.listing import list_heads
from tocsin.orders.syntax import QUERY_CHARACTERS
from tocsin.tickets.bulk_act import BulkAct, BulkWrong, Done, act_on_orders, screen_pairs
from tocsin.web.form import once_over, read_number, read_pairs
from tocsin.web.guard import PageRequest, enter
from tocsin.web.shell import go, show, told, words_of


@post("/orders/bulk", sync_to_thread=True, status_code=200)
def post_bulk(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Do one thing to the chosen orders, or to all that a query shows; each has its result."""
    desk, actor = enter(request)
    pairs = read_pairs(request, body)
    form, words = dict(pairs), words_of(request, actor)
    asked = BulkAct(
        act=cast("Any", form.get("act", "")), reason=form.get("reason", ""), field=form.get("field", ""), value=form.get("value", "").strip()[:200]
    )  # fmt: skip
    orders, whole = _orders(desk, actor, pairs, form)
    done: list[Done] = []

    def run() -> str:
        done.extend(
            act_on_orders(desk.db, actor, orders=orders, asked=asked, base_url=desk.settings.base_url())
        )
        return "/orders"

    address = once_over(desk.db, actor, pairs, route="orders.bulk", meanwhile="/orders", make=run)
    if not done:  # the same form again: it was done the first time
        return go(address)
    rows = [{"number": one.number, "text": told(one.refusal, words) if one.refusal else ""} for one in done]
    failed = sum(bool(row["text"]) for row in rows)
    return show(
        request, "orders/bulk.html", actor=actor, section="orders", rows=rows, done=len(rows) - failed, failed=failed, whole=whole
    )  # fmt: skip


def _orders(
    desk: Desk, actor: Actor, pairs: list[tuple[str, str]], form: dict[str, str]
) -> tuple[list[tuple[int, int]], bool]:
    """Return (order id, revision as seen) of the boxes or of the query, and whether these are all that were meant."""
    if form.get("whole") == "1":
        query = form.get("q", "")[: QUERY_CHARACTERS + 1]
        return desk.db.read(actor.merchant_id, lambda tx: screen_pairs(tx, query=query))
    chosen = {}
    for text in (value for name, value in pairs if name == "order"):
        order_id, _, seen = text.partition(":")
        chosen[read_number(order_id)] = read_number(seen) if seen else 0
    if not chosen:
        raise BulkWrong
    heads = desk.db.read(actor.merchant_id, lambda tx: list_heads(tx, order_ids=list(chosen)))
    return [(head.id, chosen[head.id] or head.revision) for head in heads], True


BULK = [post_bulk]
