"""The scan page: a ticket's word at one glance; who is not signed in gets the word alone."""

from typing import Any
from urllib.parse import quote

from litestar import Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import Redirect
from msgspec.structs import replace

from tocsin.access.bucket import Counter, lock_bucket, store_bucket, wait_us
from tocsin.core.actor import Actor, require
from tocsin.core.address import address_group
from tocsin.core.clock import SECOND_US
from tocsin.core.db import DIRECTORY_SCOPE, Database, Tx
from tocsin.desk import Desk
from tocsin.gate import TooManyTries
from tocsin.orders.lookup import record_lookup
from tocsin.tickets.hand_over import hand_over, handed_over
from tocsin.tickets.job import ON_PAPER, get_job
from tocsin.tickets.serial import TicketState, TicketUnknown, scan_ticket
from tocsin.web.form import read_form, read_number
from tocsin.web.guard import PageRequest, address_of, desk_of, enter, visitor
from tocsin.web.shell import go, show, show_door

DOOR = "scan"
FREE_UNKNOWN_CODES = 30
_LONGEST = 300


@get("/scan", sync_to_thread=True)
def get_scan(request: PageRequest) -> Response[str]:
    """Ask for a code, and answer one with its ticket's details; recorded as a look-up."""
    desk, actor = enter(request)
    require(actor, "query")
    code = request.query_params.get("code", "").strip()[:_LONGEST]
    return _details(request, desk, actor, code)


@post("/scan/hand-over", sync_to_thread=True, status_code=303)
def post_hand_over(request: PageRequest, *, body: RawBody) -> Redirect:
    """Record that the goods of a ticket were handed over; the next one may be scanned."""
    desk, actor = enter(request)
    form = read_form(request, body)
    job_id = read_number(form.get("job", ""))
    desk.db.write(actor.merchant_id, lambda tx: hand_over(tx, actor, job_id=job_id))
    code = form.get("code", "")[:_LONGEST] or str(job_id)
    return go(f"/scan?code={quote(code, safe='')}", done="handed_over")


@get("/t/{code:str}", sync_to_thread=True)
def get_ticket(request: PageRequest, *, code: FromPath[str]) -> Response[str] | Redirect:
    """Answer a scanned ticket: details for who is signed in, the word for anybody else."""
    desk, actor = desk_of(request), visitor(request)
    if actor is not None and actor.may("query"):
        return _details(request, desk, actor, code[:_LONGEST])
    _require_budget(desk.db, address_of(request))
    try:
        found = scan_ticket(desk.db, code=code[:_LONGEST])
    except TicketUnknown:
        _spend_budget(desk.db, address_of(request))
        return show_door(request, "tickets/scan_outside.html", status=404, answer="UNKNOWN")
    return show_door(request, "tickets/scan_outside.html", answer=found.word)


def _details(request: PageRequest, desk: Desk, actor: Actor, code: str) -> Response[str]:
    answer, ticket = "", None
    if code:
        found = _find(desk, actor, code)
        answer, ticket = (found.word, _show(desk, actor, found)) if found else ("UNKNOWN", None)
    return show(
        request, "tickets/scan.html", actor=actor, section="scan", code=code, answer=answer, ticket=ticket,
    )  # fmt: skip


def _find(desk: Desk, actor: Actor, code: str) -> TicketState | None:
    """Return a ticket of the merchant's own, and record that it was looked at."""
    try:
        found = scan_ticket(desk.db, code=code, merchant_id=actor.merchant_id)
    except TicketUnknown:
        return None
    if found.merchant_id != actor.merchant_id:
        return None
    pairs = [(found.order_id, found.revision)]
    desk.db.write(actor.merchant_id, lambda tx: record_lookup(
        tx, actor, door=DOOR, kind="detail", query=found.number, pairs=pairs
    ))  # fmt: skip
    return found


def _show(desk: Desk, actor: Actor, found: TicketState) -> dict[str, Any]:
    job, given = desk.db.read(
        actor.merchant_id,
        lambda tx: (get_job(tx, job_id=found.job_id), handed_over(tx, order_id=found.order_id)),
    )
    handed = next((one for one in given if one.copy == found.copy), None)
    # A paper in the hand has come out: its own hold, that nobody knows, is no reason against it.
    out = found.word == "CURRENT" or (found.word == "HELD" and job.state == "unknown")
    return {
        "job_id": job.id, "may_hand_over": out and job.state in ON_PAPER and actor.may("print"),
        "handed": handed and {"by": handed.by_name, "at_us": handed.at_us, "serial": handed.serial, "mine": handed.job_id == job.id},
        "serial": found.serial, "number": found.number, "revision": found.revision, "head_revision": found.head_revision,
        "copy_kind": found.copy, "reprint": found.reprint_no, "replaces": job.replaces, "order_url": f"/orders/{found.number}", "reason": "",
        "printed_at_us": job.ended_at_us if job.state == "printed" else None,
    }  # fmt: skip


def _counter(address: str) -> Counter:
    return Counter(f"scan:{address_group(address)}", "budget", FREE_UNKNOWN_CODES)


def _require_budget(db: Database, address: str) -> None:
    """Refuse an address that has tried too many codes that nobody has.

    Raises:
        TooManyTries: more than 30 in five minutes.
    """
    counter = _counter(address)

    def wait(tx: Tx) -> int:
        return wait_us(counter, lock_bucket(tx, counter))

    waiting_us = db.write(DIRECTORY_SCOPE, wait)
    if waiting_us:
        raise TooManyTries(retry_after_seconds=-(-waiting_us // SECOND_US))


def _spend_budget(db: Database, address: str) -> None:
    counter = _counter(address)

    def spend(tx: Tx) -> None:
        bucket = lock_bucket(tx, counter)
        store_bucket(tx, counter, replace(bucket, failures=bucket.failures + 1))

    db.write(DIRECTORY_SCOPE, spend)


SCAN = [get_scan, post_hand_over, get_ticket]
