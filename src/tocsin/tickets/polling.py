"""What a printer does that comes for its papers (Star CloudPRNT): it asks, fetches, and tells what became of them.

It is told the name of what waits; fetching it claims it; what it fetched is `taken`: offered to nobody again, and
unknown when nothing is told in time. A fetch that broke off may be repeated: under one name there is one paper.
Source: Star CloudPRNT Protocol Guide 2.4.0; Star ASB specification (status bytes).
"""

import re
import threading
from functools import partial
from typing import Annotated
from urllib.parse import unquote

from msgspec import Meta, Struct

from tocsin.core.clock import SECOND_US, now_us
from tocsin.core.db import Database, Tx
from tocsin.core.log import get_log
from tocsin.core.tenant import get_shop
from tocsin.orders.stop import open_holds
from tocsin.orders.store import load_order
from tocsin.tickets.check import is_void
from tocsin.tickets.claim import claim_job, fail_job, next_job
from tocsin.tickets.content import TicketContent
from tocsin.tickets.device import Device
from tocsin.tickets.drawing import refuse_paper
from tocsin.tickets.intercept import end_slip, fetch_slip, next_slip
from tocsin.tickets.job import get_job, read_content
from tocsin.tickets.late import find_taken, record_late, record_outcome
from tocsin.tickets.layout import draw_png
from tocsin.tickets.poll_door import Seat
from tocsin.tickets.printer import PrinterStatus, PrintOutcome
from tocsin.tickets.printer_key import end_test_page, test_waits
from tocsin.tickets.trial import keep_status, make_test_page

ANSWER_SECONDS = 120
TEST = "test"
_SLIP = re.compile(r"v([0-9]{1,18})", re.ASCII)
_NOTED_US = 20 * SECOND_US
_NOT_FETCHED = ("510", "520", "521")
_drawing = threading.Semaphore(2)  # a long paper takes 250 MB
_log = get_log("tickets.polling")


class Told(Struct, frozen=True, rename="camel"):
    """What a printer tells of itself when it asks; from outside, so that all of it may be wrong."""

    status_code: Annotated[str, Meta(max_length=200)] | None = ""
    status: Annotated[str, Meta(max_length=200)] | None = ""
    printing_in_progress: bool | None = False


class Paper(Struct, frozen=True):
    """What a printer fetches: a test page and a slip are of no job."""

    content: TicketContent
    job_id: int = 0
    again: bool = False


def ask_for_paper(db: Database, seat: Seat, told: Told) -> str:
    """Keep how a printer says that it is; return the name of the paper that it may fetch, empty if none."""
    status, device = read_told(told), seat.device
    if status != device.last_status() or now_us() - (device.seen_at_us or 0) > _NOTED_US:
        db.write(seat.merchant_id, lambda tx: keep_status(tx, device=device, status=status, heard=True))
    if not status.online or told.printing_in_progress:
        return ""
    return db.read(seat.merchant_id, partial(_next_name, printer_id=device.id))


def fetch_paper(db: Database, seat: Seat, *, name: str, base_url: str) -> bytes | None:
    """Claim the paper of a name and return it as a PNG; None if there is none, or it must not come out."""
    paper = _claim_safely(db, seat, name, base_url)
    if paper is None:
        return None
    content, drawn = paper.content, refuse_paper(paper.content, seat.device.paper_mm)
    try:
        if drawn is None:
            with _drawing:
                return draw_png(content)
    except Exception as fault:  # noqa: BLE001 - its order is held, and says so
        _log.exception("paper not drawn", printer=str(seat.device.id))
        drawn = PrintOutcome(result="failed", reason="fault", detail=type(fault).__name__)
    if paper.again:  # the first time it may have come through
        drawn = PrintOutcome(result="unknown", reason=drawn.reason, detail=drawn.detail, bytes_left=True)
    _end(db, seat, name, drawn)
    return None


def tell_end(db: Database, seat: Seat, *, name: str, code: str) -> None:
    """Let what a printer tells of a paper that it fetched land where it belongs; of another it changes nothing."""
    _end(db, seat, name, read_end(code))


def read_end(code: str) -> PrintOutcome:
    """Return what a printer's end code says; only its own word that it could not fetch means that nothing is out."""
    number = unquote(code)[:3]
    if re.fullmatch(r"2[0-9][0-9]", number, re.ASCII):
        return PrintOutcome(result="printed", bytes_left=True)
    if number in _NOT_FETCHED:
        return PrintOutcome(result="failed", reason="not_fetched", detail=number)
    shown = number if number.isascii() and number.isdecimal() else ""
    return PrintOutcome(result="unknown", reason="unconfirmed", detail=shown, bytes_left=True)


def read_told(told: Told) -> PrinterStatus:
    """Return a printer's status from its code, and from its status bytes where it gives them."""
    number, octets = unquote(told.status_code or "")[:3], _octets(told.status or "")
    second, fifth = octets[2], octets[5]
    out, cover = bool(fifth & 0x08) or number == "410", bool(second & 0x20) or number == "420"
    low = bool(fifth & 0x04) or number == "211"
    online = number.startswith("2") and not (out or cover or second & 0x08)
    return PrinterStatus(
        online=online, paper="out" if out else "low" if low else "ok" if online else "unknown", cover_open=cover,
        detail="cover_open" if cover else "paper_out" if out else "" if online else "device_error",
    )  # fmt: skip


def _octets(status: str) -> list[int]:
    words = status.split()
    if len(words) < 6 or not all(re.fullmatch(r"[0-9a-fA-F]{1,2}", word) for word in words):
        return [0] * 6
    return [int(word, 16) for word in words]


def _next_name(tx: Tx, *, printer_id: int) -> str:
    slip = next_slip(tx, printer_id=printer_id)
    if slip is not None:  # first, what warns of wrong paper
        return f"v{slip}"
    if test_waits(tx, printer_id=printer_id):
        return TEST
    return str(next_job(tx, printer_id=printer_id) or "")


def _claim_safely(db: Database, seat: Seat, name: str, base_url: str) -> Paper | None:
    """Claim a paper; a job that can't be claimed at all ends, so that it keeps none behind it."""
    try:
        return db.write(seat.merchant_id, partial(_claim, device=seat.device, name=name, base_url=base_url))
    except Exception:
        waiting = db.read(seat.merchant_id, partial(next_job, printer_id=seat.device.id))
        if waiting is None or name != str(waiting):
            raise
        _log.exception("job not claimed", job=name)
        db.write(seat.merchant_id, partial(fail_job, job_id=waiting, reason="fault"))
        return None


def _claim(tx: Tx, *, device: Device, name: str, base_url: str) -> Paper | None:
    if name == TEST:
        waits = test_waits(tx, printer_id=device.id)
        return Paper(make_test_page(device, shop=get_shop(tx), base_url=base_url)) if waits else None
    if slip := _SLIP.fullmatch(name):
        content = fetch_slip(tx, device=device, slip_id=int(slip[1]))
        return Paper(content) if content else None
    taken = find_taken(tx, printer_id=device.id, remote=name)
    if taken is not None:
        return Paper(read_content(tx, job_id=taken), taken, again=True) if _may_repeat(tx, taken) else None
    if not name or name != str(next_job(tx, printer_id=device.id)):
        return None
    sending = claim_job(tx, device=device)
    if sending is None:
        return None
    outcome = PrintOutcome(result="taken", bytes_left=True, remote=name, answer_seconds=ANSWER_SECONDS)
    record_outcome(tx, job_id=sending.job.id, outcome=outcome)
    return Paper(sending.content, sending.job.id)


def _may_repeat(tx: Tx, job_id: int) -> bool:
    """Tell whether a fetch that broke off may be repeated: what has changed meanwhile must not come out."""
    job = get_job(tx, job_id=job_id)
    order = load_order(tx, order_id=job.order_id)
    current = order.revision == job.revision and not is_void(order)
    return job.state == "sending" and current and not open_holds(tx, order_id=order.id)


def _end(db: Database, seat: Seat, name: str, outcome: PrintOutcome) -> None:
    def run(tx: Tx) -> None:
        if name == TEST:
            end_test_page(tx, printer_id=seat.device.id)
        elif slip := _SLIP.fullmatch(name):
            end_slip(tx, device=seat.device, slip_id=int(slip[1]), outcome=outcome)
        elif (job_id := find_taken(tx, printer_id=seat.device.id, remote=name)) is not None:
            record_late(tx, job_id=job_id, outcome=outcome)

    db.write(seat.merchant_id, run)
