"""Box 15 over the API: files of orders, written in the background, with a receipt; and marks by hand."""

from functools import partial

from litestar import Response, get, post
from litestar.params import FromPath, JSONBody, RawBody
from litestar.response import File, Stream
from msgspec import Struct

from tocsin.api.guard import ApiRequest, change_once, enter, read_body, read_id
from tocsin.api.orders import DOOR
from tocsin.api.shape import iso
from tocsin.core.actor import Actor
from tocsin.core.db import Tx
from tocsin.orders.download import (
    Download,
    cancel_download,
    fetch_download,
    get_download,
    list_downloads,
    start_download,
)
from tocsin.orders.draft import Fulfilment, Payment
from tocsin.orders.mark import mark_order
from tocsin.orders.screen_query import Fields, filter_of
from tocsin.orders.store import find_order_id
from tocsin.orders.watched_file import pass_file
from tocsin.send import send_file


class DownloadIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which orders are wanted as a file; real data needs its right, and for some a reason."""

    filter: Fields = Fields()
    format: str = "csv"
    real: bool = False
    reason: str = ""
    columns: tuple[str, ...] = ()
    """Columns of a file of rows, in their order; none is all of them."""


class DownloadOut(Struct, frozen=True, kw_only=True):
    """A file that was asked for, and its receipt once `status` is complete; `orders` of `total` are written."""

    id: str
    name: str
    format: str
    status: str
    fault: str
    orders: int
    rows: int
    total: int
    size_bytes: int
    sha256: str
    real: bool
    asked_by: str
    asked_at: str
    done_at: str
    withheld: int = 0
    """Watched orders that are not in it: a second person confirms them."""


class StartedOut(Struct, frozen=True):
    """The id of the download that was asked for."""

    id: str


class MarkIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an order's payment or fulfilment is, by a person's word."""

    reason: str
    payment: Payment | None = None
    fulfilment: Fulfilment | None = None


class MarkedOut(Struct, frozen=True):
    """The axes after the mark."""

    payment: str
    fulfilment: str


@post("/downloads", sync_to_thread=True, status_code=202)
def create_download(
    request: ApiRequest, *, data: JSONBody[DownloadIn], body: RawBody
) -> Response[StartedOut]:
    """Ask for a file of orders; it is written in the background, whole or not at all."""
    del data
    given, desk = read_body(body, DownloadIn), request.app.state.desk

    def run(tx: Tx, actor: Actor) -> StartedOut:
        made = start_download(
            tx, actor, desk.queue, wanted=filter_of(tx, given.filter), folder=desk.settings.path("downloads").absolute(),
            format_name=given.format, real=given.real, reason=given.reason, columns=given.columns,
        )  # fmt: skip
        return StartedOut(str(made))

    return change_once(request, body, run, status=202)


@get("/downloads", sync_to_thread=True)
def get_downloads(request: ApiRequest) -> list[DownloadOut]:
    """Return the newest downloads that one may see."""
    desk, actor = enter(request)
    return [
        _download_out(one) for one in desk.db.read(actor.merchant_id, lambda tx: list_downloads(tx, actor))
    ]


@get("/downloads/{download_id:str}", sync_to_thread=True)
def get_one_download(request: ApiRequest, *, download_id: FromPath[str]) -> DownloadOut:
    """Return a download with its receipt."""
    desk, actor = enter(request)
    wanted = read_id(download_id)
    return _download_out(
        desk.db.read(actor.merchant_id, lambda tx: get_download(tx, actor, download_id=wanted))
    )


@get("/downloads/{download_id:str}/file", sync_to_thread=True)
def get_file(request: ApiRequest, *, download_id: FromPath[str]) -> File | Stream | Response[None]:
    """Return the file of a complete download, or a part of it (`Range`, `If-Range`); each fetch is recorded."""
    desk, actor = enter(request)
    wanted = read_id(download_id)
    pass_file(desk.db, actor, download_id=wanted, door=DOOR)
    fetch = partial(fetch_download, actor=actor, download_id=wanted, door=DOOR)
    return send_file(request, desk.db.write(actor.merchant_id, fetch))


@post("/downloads/{download_id:str}/cancel", sync_to_thread=True, status_code=200)
def cancel(request: ApiRequest, *, download_id: FromPath[str], body: RawBody) -> Response[DownloadOut]:
    """End a download before it is complete; it leaves no file."""
    wanted = read_id(download_id)

    def run(tx: Tx, actor: Actor) -> DownloadOut:
        cancel_download(tx, actor, download_id=wanted)
        return _download_out(get_download(tx, actor, download_id=wanted))

    return change_once(request, body, run)


@post("/orders/{number:str}/marks", sync_to_thread=True, status_code=200)
def mark(
    request: ApiRequest, *, number: FromPath[str], data: JSONBody[MarkIn], body: RawBody
) -> Response[MarkedOut]:
    """Mark an order's payment or fulfilment by hand, with a reason."""
    del data
    given = read_body(body, MarkIn)

    def run(tx: Tx, actor: Actor) -> MarkedOut:
        marked = mark_order(
            tx, actor, order_id=find_order_id(tx, number=number), reason=given.reason, payment=given.payment,
            fulfilment=given.fulfilment,
        )  # fmt: skip
        return MarkedOut(marked.payment, marked.fulfilment)

    return change_once(request, body, run)


def _download_out(one: Download) -> DownloadOut:
    return DownloadOut(
        id=str(one.id), name=one.name, format=one.format, status=one.status, fault=one.fault, orders=one.orders, rows=one.rows, total=one.total, size_bytes=one.size_bytes,
        sha256=one.sha256, real=bool(one.real), asked_by=one.actor_name, asked_at=iso(one.at_us), done_at=iso(one.done_at_us), withheld=one.withheld,
    )  # fmt: skip


FILES = [create_download, get_downloads, get_one_download, get_file, cancel, mark]
