"""Boxes 16 and 18 as pages: the queues at a glance, their papers, and prints that are asked for."""

from collections import Counter
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
from tocsin.tickets.auto_print import list_automatic
from tocsin.tickets.device import Device, list_printers, printer_plugin
from tocsin.tickets.job import Job, list_jobs
from tocsin.tickets.paper_file import KIND
from tocsin.tickets.paper_size import say_size
from tocsin.tickets.print_queue import (
    PrintQueue,
    QueueMissing,
    Waiting,
    count_waiting,
    list_queues,
)
from tocsin.tickets.queue_move import move_queue
from tocsin.tickets.queue_setup import pause_queue
from tocsin.tickets.terminal import (
    BATCH_ORDERS_MOST,
    BatchWrong,
    Receipt,
    print_few,
    print_orders,
)
from tocsin.tickets.trial import say_state
from tocsin.web.batch_said import say_batch
from tocsin.web.form import once, once_over, read_form, read_number, read_pairs
from tocsin.web.found import REASONS, show_reason
from tocsin.web.guard import PageRequest, enter
from tocsin.web.said import code_held
from tocsin.web.shell import go, show, show_actor, words_of
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
    return _terminal(request, queue_id=0)


@get("/terminals/{queue_id:str}", sync_to_thread=True)
def get_terminal(request: PageRequest, *, queue_id: FromPath[str]) -> Response[str]:
    """Show one queue."""
    wanted = read_number(queue_id)
    if not wanted:
        raise QueueMissing
    return _terminal(request, queue_id=wanted)


@post("/terminals/{queue_id:str}/prints", sync_to_thread=True, status_code=200)
def post_prints(request: PageRequest, *, queue_id: FromPath[str], body: RawBody) -> Redirect:
    """Give the chosen orders to a queue, or (0) where the rules say: each is checked, then queued or held."""
    desk, actor = enter(request)
    pairs = read_pairs(request, body)
    require(actor, "print")
    orders = _chosen(desk, actor, pairs)
    wanted = read_number(queue_id)
    asked: dict[str, Any] = {"orders": orders, "base_url": desk.settings.base_url(), "queue_id": wanted}
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
        return f"/orders/{held[0].number}?done={code_held(held[0])}" if held else ask_for(watched[0].number)
    queued = sum(one.result == "queued" for one in receipt.results)
    masked = sum(
        one.result == "queued" and any((f.code, f.case) == ("masked", "channel") for f in one.findings)
        for one in receipt.results
    )
    more = (f"&masked={masked}" if masked else "") + (f"&watched={len(watched)}" if watched else "")
    return f"{queue}?queued={queued}&held={len(held)}{more}"


def ask_for(number: str) -> str:
    """Return where a second person is asked to confirm a print."""
    return f"/second-person?order={quote(number, safe='')}&act=print"


@post("/terminals/{queue_id:str}/pause", sync_to_thread=True, status_code=200)
def post_pause(request: PageRequest, *, queue_id: FromPath[str], body: RawBody) -> Redirect:
    """Stop a queue, or let it go on."""
    desk, actor = enter(request)
    paused, wanted = read_form(request, body).get("paused") == "1", read_number(queue_id)
    desk.db.write(actor.merchant_id, lambda tx: pause_queue(tx, actor, queue_id=wanted, paused=paused))
    return go(f"/terminals/{wanted}")


@post("/terminals/{queue_id:str}/move", sync_to_thread=True, status_code=200)
def post_move(request: PageRequest, *, queue_id: FromPath[str], body: RawBody) -> Redirect:
    """Move all that waits in a queue to another one."""
    desk, actor = enter(request)
    to, wanted = read_number(read_form(request, body).get("to", "")), read_number(queue_id)
    moved = desk.db.write(actor.merchant_id, lambda tx: move_queue(tx, actor, queue_id=wanted, to_id=to))
    return go(f"/terminals/{to}?moved={moved}")


def _terminal(request: PageRequest, *, queue_id: int) -> Response[str]:
    desk, actor = enter(request)
    require(actor, "query")
    words, place = words_of(request, actor), request.query_params.get("before", "")
    before = read_number(place) if place else NEWEST

    def read(tx: Tx) -> tuple[list[dict[str, Any]], ...]:
        devices = {device.id: device for device in list_printers(tx)}
        unknown = list_jobs(tx, state="unknown", limit=500)
        jobs = list_jobs(tx, queue_id=queue_id, before=before, limit=PAGE_ROWS + 1)
        if not place:  # what asks for a person stays in sight, however old
            kept = {job.id for job in jobs}
            jobs += [job for job in unknown if job.id not in kept and queue_id in (0, job.queue_id)]
        heads = {
            head.id: head.number for head in list_heads(tx, order_ids=list({job.order_id for job in jobs}))
        }
        filing = {device.id for device in devices.values() if device.kind == KIND}
        waiting, asking = count_waiting(tx), Counter(job.queue_id for job in unknown)
        shown = [
            _show_queue(queue, devices, waiting=waiting.get(queue.id), unknown=asking[queue.id])
            for queue in list_queues(tx)
        ]
        automatic = [
            {"id": one.screen_id, "name": one.name, "url": f"/orders?screen={one.screen_id}", "since_us": one.since_us, "by": one.by_name}
            for one in list_automatic(tx)
        ]  # fmt: skip
        papers = [_show_job(job, heads.get(job.order_id, ""), words, filing=filing) for job in jobs]
        return shown, papers, automatic

    queues, jobs, automatic = desk.db.read(actor.merchant_id, read)
    chosen = next((one for one in queues if one["id"] == queue_id), None)
    if queue_id and chosen is None and not jobs:  # one that was taken away still shows its papers
        raise QueueMissing
    base = f"/terminals/{queue_id}" if queue_id else "/terminals"
    more = f"{base}?before={jobs[PAGE_ROWS - 1]['id']}" if len(jobs) > PAGE_ROWS else ""
    page = {"count_text": "", "previous_url": base if place else "", "next_url": more}
    return show(
        request, "tickets/terminal.html", actor=actor, section="terminal", queues=queues, queue=chosen, automatic=automatic,
        jobs=jobs[:PAGE_ROWS] if more else jobs, page=page, toasts=say_batch(request, words),
    )  # fmt: skip


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


def show_state(device: Device) -> str:
    """Return a printer's state as pages have words for."""
    return say_state(device.last_status())


def _show_queue(
    queue: PrintQueue, devices: dict[int, Device], *, waiting: Waiting | None, unknown: int
) -> dict[str, Any]:
    device, backup = devices.get(queue.printer_id), devices.get(queue.backup_id)
    return {
        "id": queue.id, "name": queue.name, "role": queue.role, "paused": bool(queue.paused),
        "state": "paused" if queue.paused else show_state(device) if device else "offline",
        "can_confirm": device is None or printer_plugin(device.kind).confirms,
        "pending": waiting.pending if waiting else 0, "unknown": unknown, "oldest_at_us": waiting.oldest_us if waiting else None,
        "last_seen_us": device.seen_at_us if device else None, "paper": say_size(device.paper_mm, device.paper_high_mm) if device else "",
        "backup": backup.name if backup else "", "printer": device.name if device and device.name != queue.name else "",
    }  # fmt: skip


def _show_job(job: Job, number: str, words: Words, *, filing: set[int]) -> dict[str, Any]:
    settled = job.settled_by and f" · {job.settled_by}"
    said = show_reason(job.reason, words) if job.reason in REASONS else job.reason
    return {
        "id": job.id, "queue_id": job.queue_id, "serial": job.serial, "number": number, "revision": job.revision, "copy_kind": job.copy,
        "reprint": job.reprint_no, "replaces": job.replaces, "amended": bool(job.amended_from), "state": job.shown_state(), "asked_at_us": job.asked_at_us,
        "asked_by": show_actor(job.asked_name, words), "settled_at_us": job.ended_at_us, "outcome_text": f"{said}{settled}" if said else "",
        "scan_url": f"/scan?code={job.id}", "picture_url": f"/jobs/{job.id}/ticket",
        "file_url": f"/jobs/{job.id}/file" if job.state == "printed" and job.printer_id in filing else "",
    }  # fmt: skip


TERMINALS = [get_terminals, get_terminal, post_prints, post_pause, post_move]
