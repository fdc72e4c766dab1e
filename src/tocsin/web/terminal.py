"""Boxes 16 and 18 as pages: the queues, what became of each paper, and prints that are asked for."""

from functools import partial
from typing import Any
from urllib.parse import quote

from litestar import Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import Redirect

from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.desk import Desk
from tocsin.orders.listing import list_heads
from tocsin.orders.second_person import SecondPersonNeeded
from tocsin.orders.store import load_order
from tocsin.tickets.device import (
    Device,
    PrinterMissing,
    list_printers,
    list_queues,
    pause_printer,
    printer_plugin,
)
from tocsin.tickets.hold import settle_unknown
from tocsin.tickets.job import Job, get_job, list_jobs
from tocsin.tickets.paper_file import KIND
from tocsin.tickets.terminal import (
    BATCH_ORDERS_MOST,
    BatchWrong,
    Receipt,
    cancel_job,
    print_few,
    print_orders,
)
from tocsin.tickets.trial import say_state
from tocsin.web.batch_said import say_batch
from tocsin.web.form import once, once_over, read_form, read_number, read_pairs
from tocsin.web.found import REASONS, show_reason
from tocsin.web.guard import PageRequest, enter
from tocsin.web.shell import go, show, words_of
from tocsin.web.words import Words

DOOR = "page"
NEWEST = 2**63 - 1
PAGE_ROWS = 50


class ChoiceMissing(Refusal):
    """Nothing was chosen to be printed: tick orders in the list, then print them"""

    kind, code = "invalid", "choice_missing"


@get("/terminals", sync_to_thread=True)
def get_terminals(request: PageRequest) -> Response[str]:
    """Show every queue, and the papers of late."""
    return _terminal(request, printer_id=0)


@get("/terminals/{printer_id:str}", sync_to_thread=True)
def get_terminal(request: PageRequest, *, printer_id: FromPath[str]) -> Response[str]:
    """Show one printer's queue."""
    wanted = read_number(printer_id)
    if not wanted:
        raise PrinterMissing
    return _terminal(request, printer_id=wanted)


@post("/terminals/{printer_id:str}/prints", sync_to_thread=True, status_code=200)
def post_prints(request: PageRequest, *, printer_id: FromPath[str], body: RawBody) -> Redirect:
    """Give the chosen orders to a printer: each is checked, then queued or held."""
    desk, actor = enter(request)
    pairs = read_pairs(request, body)
    require(actor, "print")
    orders = _chosen(desk, actor, pairs)
    wanted = read_number(printer_id)
    asked: dict[str, Any] = {"orders": orders, "base_url": desk.settings.base_url(), "printer_id": wanted}
    route, queue = f"terminals.prints {wanted}", f"/terminals/{wanted or ''}".rstrip("/")
    if len(orders) == 1:
        return go(desk.db.write(actor.merchant_id, lambda tx: once(
            tx, actor, pairs, route=route, make=lambda: _place_of(print_few(tx, actor, **asked), queue)
        )))  # fmt: skip
    return go(once_over(
        desk.db, actor, pairs, route=route, meanwhile=queue,
        make=lambda: _place_of(print_orders(desk.db, actor, **asked), queue),
    ))  # fmt: skip


def _place_of(receipt: Receipt, queue: str) -> str:
    """Return where what became of a batch is seen: at the queue, or at the one order that is held."""
    held = [one for one in receipt.results if one.result == "held"]
    watched = [one for one in receipt.results if one.refused == SecondPersonNeeded.code]
    if len(receipt.results) == 1 and (held or watched):
        return f"/orders/{held[0].number}?done=held" if held else _ask_for(watched[0].number)
    queued = sum(one.result == "queued" for one in receipt.results)
    masked = sum(
        one.result == "queued" and any((f.code, f.case) == ("masked", "channel") for f in one.findings)
        for one in receipt.results
    )
    more = (f"&masked={masked}" if masked else "") + (f"&watched={len(watched)}" if watched else "")
    return f"{queue}?queued={queued}&held={len(held)}{more}"


def _ask_for(number: str) -> str:
    """Return where a second person is asked to confirm a print."""
    return f"/second-person?order={quote(number, safe='')}&act=print"


@post("/terminals/{printer_id:str}/pause", sync_to_thread=True, status_code=200)
def post_pause(request: PageRequest, *, printer_id: FromPath[str], body: RawBody) -> Redirect:
    """Stop a queue, or let it go on."""
    desk, actor = enter(request)
    paused, wanted = read_form(request, body).get("paused") == "1", read_number(printer_id)
    desk.db.write(actor.merchant_id, lambda tx: pause_printer(tx, actor, printer_id=wanted, paused=paused))
    return go(f"/terminals/{wanted}")


@post("/jobs/{job_id:str}/cancellation", sync_to_thread=True, status_code=200)
def post_cancellation(request: PageRequest, *, job_id: FromPath[str], body: RawBody) -> Redirect:
    """Take a waiting paper out of its queue."""
    desk, actor = enter(request)
    read_form(request, body)
    job = _job(desk, actor, job_id)
    desk.db.write(actor.merchant_id, lambda tx: cancel_job(tx, actor, job_id=job.id))
    return go(f"/terminals/{job.printer_id}", done="cancelled")


@post("/jobs/{job_id:str}/settlement", sync_to_thread=True, status_code=200)
def post_settlement(request: PageRequest, *, job_id: FromPath[str], body: RawBody) -> Redirect:
    """Say whether a paper of unknown outcome came out."""
    desk, actor = enter(request)
    answer = read_form(request, body).get("answer", "")
    require(actor, "settle")
    if answer not in ("came_out", "did_not"):
        raise SettlementUnclear
    job = _job(desk, actor, job_id)
    desk.db.write(
        actor.merchant_id, lambda tx: settle_unknown(tx, actor, job_id=job.id, came_out=answer == "came_out")
    )
    return go(f"/terminals/{job.printer_id}", done="saved")


class SettlementUnclear(Refusal):
    """Say whether the ticket came out or did not: look at the printer, then press one of the two"""

    kind, code = "invalid", "settlement_unclear"


@post("/jobs/{job_id:str}/reprint", sync_to_thread=True, status_code=200)
def post_reprint(request: PageRequest, *, job_id: FromPath[str], body: RawBody) -> Redirect:
    """Ask for the paper again, of the order as it is now: checked once more, marked REPRINT or AMENDED."""
    desk, actor = enter(request)
    form = read_form(request, body)
    require(actor, "print")
    job = _job(desk, actor, job_id)
    again = partial(_print_again, actor=actor, job=job, base_url=desk.settings.base_url())
    return go(desk.db.write(actor.merchant_id, lambda tx: once(
        tx, actor, form, route=f"jobs.reprint {job.id}", make=lambda: again(tx)
    )))  # fmt: skip


def _print_again(tx: Tx, *, actor: Actor, job: Job, base_url: str) -> str:
    seen = load_order(tx, order_id=job.order_id).revision
    receipt = print_few(
        tx, actor, orders=[(job.order_id, seen)], base_url=base_url, printer_id=job.printer_id, copies=(job.copy,)
    )  # fmt: skip
    first = receipt.results[0]
    if first.result == "held":
        return f"/orders/{first.number}?done=held"
    if first.refused == SecondPersonNeeded.code:
        return _ask_for(first.number)
    return f"/terminals/{job.printer_id}?done=printed"


def _terminal(request: PageRequest, *, printer_id: int) -> Response[str]:
    desk, actor = enter(request)
    require(actor, "query")
    words, place = words_of(request, actor), request.query_params.get("before", "")
    before = read_number(place) if place else NEWEST

    def read(tx: Tx) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        devices, unknown = list_printers(tx), list_jobs(tx, state="unknown", limit=500)
        jobs = _jobs_of(tx, printer_id, before)
        if not place:  # what asks for a person stays in sight, however old
            kept = {job.id for job in jobs}
            jobs += [job for job in unknown if job.id not in kept and printer_id in (0, job.printer_id)]
        heads = {
            head.id: head.number for head in list_heads(tx, order_ids=list({job.order_id for job in jobs}))
        }
        queues, filing = list_queues(tx), {device.id for device in devices if device.kind == KIND}
        shown = [_show_printer(device, queues, unknown) for device in devices]
        return shown, [_show_job(job, heads.get(job.order_id, ""), words, filing=filing) for job in jobs]

    printers, jobs = desk.db.read(actor.merchant_id, read)
    chosen = next((one for one in printers if one["id"] == printer_id), None)
    if printer_id and chosen is None and not jobs:  # one that was taken away still shows its papers
        raise PrinterMissing
    base = f"/terminals/{printer_id}" if printer_id else "/terminals"
    more = f"{base}?before={jobs[PAGE_ROWS - 1]['id']}" if len(jobs) > PAGE_ROWS else ""
    page = {"count_text": "", "previous_url": base if place else "", "next_url": more}
    return show(
        request, "tickets/terminal.html", actor=actor, section="terminal", printers=printers, printer=chosen,
        jobs=jobs[:PAGE_ROWS] if more else jobs, page=page, toasts=say_batch(request, words),
    )  # fmt: skip


def _jobs_of(tx: Tx, printer_id: int, before: int) -> list[Job]:
    """Return a page of jobs and one more; one printer's among all are looked for in a bounded number of pages."""
    if not printer_id:
        return list_jobs(tx, before=before, limit=PAGE_ROWS + 1)
    found: list[Job] = []
    for _ in range(10):
        jobs = list_jobs(tx, before=before, limit=200)
        found += [job for job in jobs if job.printer_id == printer_id]
        if len(jobs) < 200 or len(found) > PAGE_ROWS:
            break
        before = jobs[-1].id
    return found[: PAGE_ROWS + 1]


def _chosen(desk: Desk, actor: Actor, pairs: list[tuple[str, str]]) -> list[tuple[int, int]]:
    """Return (order id, revision as seen): `order` with `revision`, or boxes `orders` of `id` or `id:revision`."""
    single = dict(pairs)
    texts = [value for name, value in pairs if name in ("order", "orders")]
    if not texts:
        raise ChoiceMissing
    if len(texts) > BATCH_ORDERS_MOST:
        raise BatchWrong(copies="")
    chosen: dict[int, int] = {}
    for text in texts:
        order_id, _, seen = text.replace("@", ":").partition(":")
        given = seen or (single.get("revision", "") if len(texts) == 1 else "")
        chosen[read_number(order_id)] = read_number(given) if given else 0
    unsaid = [order_id for order_id, seen in chosen.items() if not seen]
    if unsaid:
        heads = desk.db.read(actor.merchant_id, lambda tx: list_heads(tx, order_ids=unsaid))
        chosen |= {head.id: head.revision for head in heads}
    return [(order_id, seen or 1) for order_id, seen in chosen.items()]


def _job(desk: Desk, actor: Actor, job_id: str) -> Job:
    wanted = read_number(job_id)
    return desk.db.read(actor.merchant_id, lambda tx: get_job(tx, job_id=wanted))


def show_state(device: Device) -> str:
    """Return a printer's state as pages have words for."""
    return "off" if device.paused else say_state(device.last_status())


def _show_printer(device: Device, queues: dict[int, Any], unknown: list[Job]) -> dict[str, Any]:
    queue = queues.get(device.id)
    return {
        "id": device.id, "name": device.name, "state": show_state(device), "paused": bool(device.paused),
        "can_confirm": printer_plugin(device.kind).confirms, "pending": queue.pending if queue else 0,
        "unknown": sum(1 for job in unknown if job.printer_id == device.id),
        "oldest_at_us": queue.oldest_us if queue else None, "last_seen_us": device.seen_at_us,
        "paper_mm": device.paper_mm,
    }  # fmt: skip


def _show_job(job: Job, number: str, words: Words, *, filing: set[int]) -> dict[str, Any]:
    settled = job.settled_by and f" · {job.settled_by}"
    said = show_reason(job.reason, words) if job.reason in REASONS else job.reason
    return {
        "id": job.id, "serial": job.serial, "number": number, "revision": job.revision, "copy_kind": job.copy,
        "reprint": job.reprint_no, "amended": bool(job.amended_from), "state": job.shown_state(), "asked_at_us": job.asked_at_us,
        "asked_by": job.asked_name, "settled_at_us": job.ended_at_us, "outcome_text": f"{said}{settled}" if said else "",
        "scan_url": f"/scan?code={job.id}",
        "file_url": f"/jobs/{job.id}/file" if job.state == "printed" and job.printer_id in filing else "",
    }  # fmt: skip


TERMINALS = [
    get_terminals, get_terminal, post_prints, post_pause, post_cancellation, post_settlement, post_reprint,
]  # fmt: skip
