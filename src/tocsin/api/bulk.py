"""Bulk acts over the API: one thing done to a list of orders or to all that a query shows, with a result for each."""

from typing import Annotated, Literal

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath, JSONBody, QueryParameter, RawBody
from msgspec import Struct

from tocsin.api.guard import ApiRequest, change_once, enter, read_body, read_id
from tocsin.api.shape import iso
from tocsin.api.tickets import WantedIn
from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import fill_in
from tocsin.desk import Desk
from tocsin.orders.store import find_order_id, load_order
from tocsin.tickets.bulk_act import BulkAct, BulkWrong, require_act, screen_pairs
from tocsin.tickets.bulk_job import (
    ORDERS_MOST,
    BulkJob,
    BulkRow,
    bulk_rows,
    cancel_bulk,
    get_bulk,
    list_bulk,
    start_bulk,
)

LISTED_MOST = 500
After = Annotated[int, QueryParameter(ge=-1, lt=2**31)]
Limit = Annotated[int, QueryParameter(ge=1, le=500)]


class BulkIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is done, and to which: up to 500 `orders` by number, or the up to 10,000 that a `query` shows.

    `field` and `value` are of `amend`; `terminal` (0 is the first) and `copies` are of `print`.
    """

    act: Literal["amend", "hold", "release", "print"]
    orders: tuple[WantedIn, ...] = ()
    query: str = ""
    reason: str = ""
    field: str = ""
    value: str = ""
    terminal: str = "0"
    copies: tuple[str, ...] = ()


class BulkOut(Struct, frozen=True, kw_only=True):
    """A bulk act and how far it is; `state` is waiting, running, complete, cancelled or stopped."""

    id: str
    act: str
    state: str
    total: int
    done: int
    refused: int
    fault: str
    asked_by: str
    asked_at: str
    ended_at: str


class BulkRowOut(Struct, frozen=True, kw_only=True):
    """What became of one order: done, queued, held or refused, by the code of what kept it."""

    place: int
    number: str
    result: str
    code: str
    text: str


@post("/bulk", sync_to_thread=True, status_code=202)
def create_bulk(request: ApiRequest, *, data: JSONBody[BulkIn], body: RawBody) -> Response[BulkOut]:
    """Do one thing to many orders, in the background, each by itself: what is refused keeps no other back."""
    del data
    given = read_body(body, BulkIn)
    desk, actor = enter(request)
    asked = BulkAct(
        act=given.act, reason=given.reason, field=given.field, value=given.value,
        queue_id=read_id(given.terminal), copies=given.copies,
    )  # fmt: skip
    require_act(actor, asked)
    orders = _orders(desk, actor, given)

    def run(tx: Tx, actor: Actor) -> BulkOut:
        base_url = desk.settings.base_url()
        made = start_bulk(tx, actor, desk.queue, orders=orders, asked=asked, base_url=base_url)
        return _out(get_bulk(tx, actor, job_id=made))

    return change_once(request, body, run, status=202)


@get("/bulk", sync_to_thread=True)
def get_bulk_jobs(request: ApiRequest) -> list[BulkOut]:
    """Return the newest bulk acts that one may see; they are kept for 30 days."""
    desk, actor = enter(request)
    return [_out(one) for one in desk.db.read(actor.merchant_id, lambda tx: list_bulk(tx, actor))]


@get("/bulk/{bulk_id:str}", sync_to_thread=True)
def get_bulk_job(request: ApiRequest, *, bulk_id: FromPath[str]) -> BulkOut:
    """Return a bulk act and how far it is."""
    desk, actor = enter(request)
    require(actor, "query")
    wanted = read_id(bulk_id)
    return _out(desk.db.read(actor.merchant_id, lambda tx: get_bulk(tx, actor, job_id=wanted)))


@get("/bulk/{bulk_id:str}/rows", sync_to_thread=True)
def get_bulk_rows(
    request: ApiRequest, *, bulk_id: FromPath[str], after: After = -1, limit: Limit = 500
) -> list[BulkRowOut]:
    """Return what became of each order so far; give the last row's place back as `after` for more."""
    desk, actor = enter(request)
    require(actor, "query")
    wanted = read_id(bulk_id)

    def read(tx: Tx) -> list[BulkRow]:
        get_bulk(tx, actor, job_id=wanted)
        return bulk_rows(tx, job_id=wanted, after=after, limit=limit)

    return [_row_out(row) for row in desk.db.read(actor.merchant_id, read)]


@post("/bulk/{bulk_id:str}/cancellation", sync_to_thread=True, status_code=200)
def cancel_bulk_job(request: ApiRequest, *, bulk_id: FromPath[str], body: RawBody) -> Response[BulkOut]:
    """End a bulk act before it is complete: what was done stays done."""
    wanted = read_id(bulk_id)

    def run(tx: Tx, actor: Actor) -> BulkOut:
        require(actor, "query")
        return _out(cancel_bulk(tx, actor, job_id=wanted))

    return change_once(request, body, run)


def _orders(desk: Desk, actor: Actor, given: BulkIn) -> list[tuple[int, int]]:
    if bool(given.orders) == bool(given.query) or len(given.orders) > LISTED_MOST:
        raise BulkWrong

    def find(tx: Tx) -> list[tuple[int, int]]:
        if given.query:
            return screen_pairs(tx, query=given.query, most=ORDERS_MOST)
        ids = {one.number: find_order_id(tx, number=one.number) for one in given.orders}
        seen = {one.number: one.seen for one in given.orders}
        return [
            (order_id, seen[number] or load_order(tx, order_id=order_id).revision)
            for number, order_id in ids.items()
        ]

    return desk.db.read(actor.merchant_id, find)


def _out(one: BulkJob) -> BulkOut:
    return BulkOut(
        id=str(one.id), act=one.act, state=one.state, total=one.total, done=one.done, refused=one.refused, fault=one.fault,
        asked_by=one.actor_name, asked_at=iso(one.at_us), ended_at=iso(one.ended_at_us),
    )  # fmt: skip


def _row_out(row: BulkRow) -> BulkRowOut:
    said = fill_in(row.told, msgspec.json.decode(row.data)) if row.told else ""
    return BulkRowOut(place=row.place, number=row.number, result=row.result, code=row.code, text=said)


BULK = [create_bulk, get_bulk_jobs, get_bulk_job, get_bulk_rows, cancel_bulk_job]
