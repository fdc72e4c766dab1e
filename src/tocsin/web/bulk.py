"""Bulk acts as pages: what became of each order of a selection; a whole screen is a job that is watched and can be ended."""

from typing import Any, cast

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath, FromQuery, RawBody
from litestar.response import Redirect

from tocsin.core.actor import Actor
from tocsin.core.db import Tx
from tocsin.desk import Desk
from tocsin.orders.amend import OrderMoved
from tocsin.orders.listing import list_heads
from tocsin.orders.syntax import QUERY_CHARACTERS
from tocsin.tickets.bulk_act import (
    RIGHT_OF,
    BulkAct,
    BulkWrong,
    Done,
    act_on_orders,
    require_act,
    screen_pairs,
)
from tocsin.tickets.bulk_job import (
    ORDERS_MOST,
    BulkJob,
    BulkRow,
    bulk_rows,
    cancel_bulk,
    get_bulk,
    list_bulk,
    may_redo,
    redo_bulk,
    start_bulk,
)
from tocsin.web.form import once, once_over, read_form, read_number, read_pairs
from tocsin.web.guard import PageRequest, enter
from tocsin.web.say import say
from tocsin.web.shell import go, show, told, words_of
from tocsin.web.words import Words

PAGE_ROWS = 200
AT_ONCE_MOST = 50
_ASKED = ("act", "field", "value", "reason", "print")


@post("/orders/bulk", sync_to_thread=True, status_code=200)
def post_bulk(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Do one thing to the chosen orders, each with its result; to more than fifty, or all that a query shows, as a job."""
    desk, actor = enter(request)
    pairs = read_pairs(request, body)
    form, words = dict(pairs), words_of(request, actor)
    asked = _asked(form)
    if form.get("whole") == "1":
        require_act(actor, asked)
        query = form.get("q", "")[: QUERY_CHARACTERS + 1]
        shown = desk.db.read(actor.merchant_id, lambda tx: screen_pairs(tx, query=query, most=ORDERS_MOST))
        return _start(desk, actor, form, asked, orders=shown)
    orders = _chosen(desk, actor, pairs)
    if len(orders) > AT_ONCE_MOST:
        return _start(desk, actor, form, asked, orders=orders)
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
    # What somebody has changed meanwhile is looked at first: it is not written over by one touch.
    again = [one.order_id for one in done if one.refusal and one.refusal.code != OrderMoved.code]
    return show(
        request, "orders/bulk.html", actor=actor, section="orders", rows=rows, done=len(rows) - failed, failed=failed,
        again=again, asked={name: form[name] for name in _ASKED if form.get(name)},
    )  # fmt: skip


@get("/bulk", sync_to_thread=True)
def get_bulk_jobs(request: PageRequest) -> Response[str]:
    """List the bulk acts of late that one may see."""
    desk, actor = enter(request)
    recent = desk.db.read(actor.merchant_id, lambda tx: list_bulk(tx, actor, limit=PAGE_ROWS))
    return show(request, "orders/bulk_jobs.html", actor=actor, section="orders", jobs=recent)


@get("/bulk/{job_id:str}", sync_to_thread=True)
def get_bulk_job(request: PageRequest, *, job_id: FromPath[str], after: FromQuery[str] = "") -> Response[str]:
    """Show how far a bulk act is, and what became of each order so far."""
    desk, actor = enter(request)
    wanted, begun, words = read_number(job_id), read_number(after) if after else -1, words_of(request, actor)

    def read(tx: Tx) -> tuple[BulkJob, list[BulkRow], bool]:
        found = get_bulk(tx, actor, job_id=wanted)
        rows = bulk_rows(tx, job_id=wanted, after=begun, limit=PAGE_ROWS)
        return found, rows, may_redo(tx, actor, found)

    found, rows, again = desk.db.read(actor.merchant_id, read)
    under_way = found.state in ("waiting", "running")
    following = f"/bulk/{wanted}?after={rows[-1].place}" if len(rows) == PAGE_ROWS else ""
    return show(
        request, "orders/bulk_job.html", actor=actor, section="orders", job=found, rows=[_show_row(row, words) for row in rows],
        under_way=under_way, page={"count_text": "", "previous_url": f"/bulk/{wanted}" if after else "", "next_url": following},
        again=f"/bulk/{wanted}/again" if again else "",
        cancel=f"/bulk/{wanted}/cancellation" if under_way and actor.may(RIGHT_OF[found.act]) else "",
    )  # fmt: skip


@post("/bulk/{job_id:str}/cancellation", sync_to_thread=True, status_code=303)
def post_bulk_cancellation(request: PageRequest, *, job_id: FromPath[str], body: RawBody) -> Redirect:
    """End a bulk act before it is complete."""
    desk, actor = enter(request)
    read_form(request, body)
    wanted = read_number(job_id)
    desk.db.write(actor.merchant_id, lambda tx: cancel_bulk(tx, actor, job_id=wanted))
    return go(f"/bulk/{wanted}", done="cancelled")


@post("/bulk/{job_id:str}/again", sync_to_thread=True, status_code=303)
def post_bulk_again(request: PageRequest, *, job_id: FromPath[str], body: RawBody) -> Redirect:
    """Do to the refused orders of a bulk act what was asked, once more: a job of its own."""
    desk, actor = enter(request)
    form, wanted, base_url = read_form(request, body), read_number(job_id), desk.settings.base_url()

    def redo(tx: Tx) -> str:
        return f"/bulk/{redo_bulk(tx, actor, desk.queue, job_id=wanted, base_url=base_url)}"

    return go(desk.db.write(
        actor.merchant_id, lambda tx: once(tx, actor, form, route=f"bulk.again {wanted}", make=lambda: redo(tx))
    ))  # fmt: skip


def _asked(form: dict[str, str]) -> BulkAct:
    printer = form.get("print", "")
    return BulkAct(
        act="print" if printer else cast("Any", form.get("act", "")), reason=form.get("reason", ""),
        field=form.get("field", ""), value=form.get("value", ""), queue_id=read_number(printer) if printer else 0,
    )  # fmt: skip


def _start(
    desk: Desk, actor: Actor, form: dict[str, str], asked: BulkAct, *, orders: list[tuple[int, int]]
) -> Redirect:
    def start(tx: Tx) -> str:
        base_url = desk.settings.base_url()
        return f"/bulk/{start_bulk(tx, actor, desk.queue, orders=orders, asked=asked, base_url=base_url)}"

    return go(desk.db.write(
        actor.merchant_id, lambda tx: once(tx, actor, form, route="orders.bulk", make=lambda: start(tx))
    ))  # fmt: skip


def _chosen(desk: Desk, actor: Actor, pairs: list[tuple[str, str]]) -> list[tuple[int, int]]:
    """Return (order id, revision as seen) of the boxes."""
    chosen = {}
    for text in (value for name, value in pairs if name == "order"):
        order_id, _, seen = text.partition(":")
        chosen[read_number(order_id)] = read_number(seen) if seen else 0
    if not chosen:
        raise BulkWrong
    heads = desk.db.read(actor.merchant_id, lambda tx: list_heads(tx, order_ids=list(chosen)))
    return [(head.id, chosen[head.id] or head.revision) for head in heads]


def _show_row(row: BulkRow, words: Words) -> dict[str, Any]:
    said = say(row.told, msgspec.json.decode(row.data, type=dict[str, Any]), words) if row.told else ""
    return {"number": row.number, "result": row.result, "code": "" if said else row.code, "text": said}


BULK = [post_bulk, get_bulk_jobs, get_bulk_job, post_bulk_again, post_bulk_cancellation]
