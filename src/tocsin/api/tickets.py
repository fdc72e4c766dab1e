"""Boxes 16 and 18 over the API: terminals, prints and what became of them."""

from functools import partial
from typing import Annotated

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter, RawBody
from msgspec import Struct

from tocsin.access.station import live_stations, named_station
from tocsin.api.guard import ApiRequest, change_once, enter, read_body, read_id, work_once
from tocsin.api.shape import FindingOut, finding_out, iso
from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.desk import Desk
from tocsin.orders.store import find_order_id, load_order
from tocsin.tickets.device import Device, add_printer, list_printers, printer_plugin
from tocsin.tickets.job import Job, get_job, list_jobs
from tocsin.tickets.poll_door import push_url
from tocsin.tickets.print_queue import copies_at, list_queues
from tocsin.tickets.spoil import spoil_paper
from tocsin.tickets.terminal import (
    FEW_ORDERS,
    Receipt,
    Requested,
    cancel_job,
    print_few,
    print_orders,
)
from tocsin.tickets.trial import say_state

State = Annotated[str, QueryParameter(name="state", max_length=40)]


class TerminalIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A printer to be set up; `options` are its kind's own."""

    name: str
    kind: str
    options: dict[str, str | int | bool | float | None] = {}
    paper_mm: int = 80
    paper_high_mm: int = 0
    locale: str = "zh_CN"
    copies: tuple[str, ...] = ("merchant",)
    station: str = ""


class TerminalOut(Struct, frozen=True, kw_only=True):
    """A printer of the merchant; `copies` are its queues', `push_url` is where its cloud calls the desk, empty where it does not."""

    id: str
    name: str
    kind: str
    paper_mm: int
    paper_high_mm: int
    locale: str
    copies: tuple[str, ...]
    paused: bool
    online: bool | None
    seen_at: str
    state: str
    reason: str
    can_confirm: bool
    reports: tuple[str, ...]
    station: str
    push_url: str


class WantedIn(Struct, frozen=True, forbid_unknown_fields=True):
    """An order to be printed, at the revision that was seen; 0 is the present one."""

    number: str
    seen: int = 0


class PrintsIn(Struct, frozen=True, forbid_unknown_fields=True):
    """A batch for a queue; without copies each queue prints its own."""

    orders: tuple[WantedIn, ...]
    copies: tuple[str, ...] = ()


class RequestedOut(Struct, frozen=True, kw_only=True):
    """What became of one order of a batch: queued with its prints, or held with what was found."""

    number: str
    revision: int
    result: str
    prints: tuple[str, ...]
    findings: tuple[FindingOut, ...]
    holds: tuple[str, ...]
    refused: str = ""


class ReceiptOut(Struct, frozen=True):
    """The receipt of a batch."""

    batch_id: str
    sha256: str
    results: tuple[RequestedOut, ...]


class PrintOut(Struct, frozen=True, kw_only=True):
    """One paper that was asked for, and what became of it."""

    id: str
    number: str
    revision: int
    copy: str
    serial: str
    reprint_no: int
    replaces: int
    amended_from: int
    state: str
    reason: str
    asked_by: str
    asked_at: str
    ended_at: str
    settled_by: str
    queue: str


class IdOut(Struct, frozen=True):
    """The id of what was made or changed."""

    id: str


@get("/terminals", sync_to_thread=True)
def get_terminals(request: ApiRequest) -> list[TerminalOut]:
    """Return the merchant's printers."""
    desk, actor = enter(request)
    require(actor, "query")
    called_at = partial(push_url, desk.settings.base_url(), merchant_id=actor.merchant_id)

    def read(tx: Tx) -> list[TerminalOut]:
        queues = list_queues(tx)
        stopped = {queue.printer_id for queue in queues if queue.paused}
        names = {str(one.id): one.name for one in live_stations(tx)}
        return [
            _terminal_out(
                device,
                copies=copies_at(queues, printer_id=device.id),
                paused=device.id in stopped,
                station=names.get(device.station, ""),
                push_url=called_at(device=device),
            )
            for device in list_printers(tx)
        ]

    return desk.db.read(actor.merchant_id, read)


@post("/terminals", sync_to_thread=True, status_code=201)
def create_terminal(request: ApiRequest, *, data: JSONBody[TerminalIn], body: RawBody) -> Response[IdOut]:
    """Set up a printer."""
    del data
    given = read_body(body, TerminalIn)

    def run(tx: Tx, actor: Actor) -> IdOut:
        return IdOut(str(add_printer(
            tx, actor, name=given.name, kind=given.kind, options=dict(given.options), paper_mm=given.paper_mm, paper_high_mm=given.paper_high_mm,
            locale=given.locale, copies=given.copies, station_id=named_station(tx, name=given.station),
        )))  # fmt: skip

    return change_once(request, body, run, status=201)


@post("/terminals/{terminal_id:str}/prints", sync_to_thread=True, status_code=201)
def create_prints(
    request: ApiRequest, *, terminal_id: FromPath[str], data: JSONBody[PrintsIn], body: RawBody
) -> Response[ReceiptOut]:
    """Give a batch to a queue (0: where the rules of the queues say): each order is checked, then queued or held."""
    del data
    given = read_body(body, PrintsIn)

    base_url = request.app.state.desk.settings.base_url()
    more = {"base_url": base_url, "copies": given.copies}

    def run_few(tx: Tx, actor: Actor) -> ReceiptOut:
        require(actor, "print")
        return _receipt_out(
            print_few(
                tx,
                actor,
                orders=[_wanted(tx, one) for one in given.orders],
                queue_id=read_id(terminal_id),
                **more,
            )
        )

    def run(desk: Desk, actor: Actor) -> ReceiptOut:
        require(actor, "print")
        wanted = desk.db.read(actor.merchant_id, lambda tx: [_wanted(tx, one) for one in given.orders])
        return _receipt_out(
            print_orders(desk.db, actor, orders=wanted, queue_id=read_id(terminal_id), **more)
        )

    if len(given.orders) <= FEW_ORDERS:
        return change_once(request, body, run_few, status=201)
    return work_once(request, body, run, status=201)


@get("/prints", sync_to_thread=True)
def get_prints(
    request: ApiRequest, *, print_state: State = "", before: FromQuery[str] = ""
) -> list[PrintOut]:
    """Return prints, the newest first, all or of one state."""
    desk, actor = enter(request)
    require(actor, "query")
    until = read_id(before) if before else 2**63 - 1

    def read(tx: Tx) -> list[PrintOut]:
        return [_print_out(tx, job) for job in list_jobs(tx, state=print_state, before=until)]

    return desk.db.read(actor.merchant_id, read)


@get("/prints/{print_id:str}", sync_to_thread=True)
def get_print(request: ApiRequest, *, print_id: FromPath[str]) -> PrintOut:
    """Return one print and what became of it."""
    desk, actor = enter(request)
    require(actor, "query")
    job_id = read_id(print_id)
    return desk.db.read(actor.merchant_id, lambda tx: _print_out(tx, get_job(tx, job_id=job_id)))


@post("/prints/{print_id:str}/cancellation", sync_to_thread=True, status_code=200)
def cancel_print(request: ApiRequest, *, print_id: FromPath[str], body: RawBody) -> Response[IdOut]:
    """Take a waiting print out of its queue."""

    def run(tx: Tx, actor: Actor) -> IdOut:
        cancel_job(tx, actor, job_id=read_id(print_id))
        return IdOut(print_id)

    return change_once(request, body, run)


@post("/prints/{print_id:str}/spoilage", sync_to_thread=True, status_code=200)
def spoil_print(request: ApiRequest, *, print_id: FromPath[str], body: RawBody) -> Response[IdOut]:
    """Say that a paper that came out is spoiled: the next one replaces it."""

    def run(tx: Tx, actor: Actor) -> IdOut:
        spoil_paper(tx, actor, job_id=read_id(print_id))
        return IdOut(print_id)

    return change_once(request, body, run)


def requested_out(one: Requested) -> RequestedOut:
    """Return what became of one order of a batch."""
    return RequestedOut(
        number=one.number, revision=one.revision, result=one.result, prints=tuple(str(job_id) for job_id in one.job_ids),
        findings=tuple(finding_out(finding) for finding in one.findings), holds=one.holds, refused=one.refused,
    )  # fmt: skip


def _receipt_out(receipt: Receipt) -> ReceiptOut:
    results = tuple(requested_out(one) for one in receipt.results)
    return ReceiptOut(str(receipt.batch.id), receipt.batch.sha256, results)


def _wanted(tx: Tx, one: WantedIn) -> tuple[int, int]:
    order_id = find_order_id(tx, number=one.number)
    return order_id, one.seen or load_order(tx, order_id=order_id).revision


def _terminal_out(
    device: Device, *, copies: tuple[str, ...], paused: bool, station: str, push_url: str
) -> TerminalOut:
    status, plugin = device.last_status(), printer_plugin(device.kind)
    return TerminalOut(
        id=str(device.id), name=device.name, kind=device.kind, paper_mm=device.paper_mm, paper_high_mm=device.paper_high_mm, locale=device.locale,
        copies=copies, paused=paused, online=status.online if status else None,
        seen_at=iso(device.seen_at_us), state=say_state(status), reason=status.detail if status else "",
        can_confirm=plugin.confirms, reports=tuple(sorted(plugin.reports)), station=station, push_url=push_url,
    )  # fmt: skip


def _print_out(tx: Tx, job: Job) -> PrintOut:
    return PrintOut(
        id=str(job.id), number=load_order(tx, order_id=job.order_id).number, revision=job.revision, copy=job.copy,
        serial=job.serial, reprint_no=job.reprint_no, replaces=job.replaces, amended_from=job.amended_from, state=job.state, reason=job.reason,
        asked_by=job.asked_name, asked_at=iso(job.asked_at_us), ended_at=iso(job.ended_at_us), settled_by=job.settled_by,
        queue=str(job.queue_id),
    )  # fmt: skip


TERMINALS = [
    get_terminals,
    create_terminal,
    create_prints,
    get_prints,
    get_print,
    cancel_print,
    spoil_print,
]
