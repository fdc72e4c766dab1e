"""Intercept slips (作废): where a ticket of a cancelled or refunded order came out, a slip says to pull it.

A slip is no ticket: it carries VOID, names the ticket that it is about and counts as no paper of the order.
One for each paper, until somebody confirms that the paper was pulled; a slip that did not leave is tried again.
"""

import threading
from collections.abc import Callable
from functools import partial

import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.actor import Actor
from tocsin.core.clock import MINUTE_US
from tocsin.core.db import Database, Tx
from tocsin.core.event import append_event
from tocsin.core.ident import new_id
from tocsin.core.statement import Statement, among, any_of, bind, insert_into, own
from tocsin.tickets.content import TicketContent
from tocsin.tickets.device import Device, list_printers
from tocsin.tickets.giving import give_page
from tocsin.tickets.job import ON_PAPER, JobMissing, all_jobs_of_order, read_content
from tocsin.tickets.printer import PrintOutcome
from tocsin.tickets.printer_swap import hand_slip_on, stands_now
from tocsin.tickets.table import intercept
from tocsin.tickets.trial import keep_seen

_MOST_TRIES = 60
FETCHED, BROKEN_OFF = "unconfirmed", "stopped"


class Slip(Struct, frozen=True):
    """A slip, the ticket that it is about, and how far it is: queued, sending, printed, failed, unknown, pulled.

    `remote` is the name under which its printer's cloud has it, while that has not told what became of it.
    """

    id: int
    order_id: int
    job_id: int
    printer_id: int
    state: str
    reason: str
    tries: int
    due_us: int
    asked_at_us: int
    ended_at_us: int | None
    pulled_by: str
    remote: str


_COLUMNS = tuple(intercept.c[name] for name in Slip.__struct_fields__)
_ADD = insert_into(intercept)
_OF_ORDER = Statement(
    sa.select(*_COLUMNS).where(own(intercept), intercept.c.order_id == bind("order_id")).order_by(intercept.c.id), Slip
)  # fmt: skip
_OF_MANY = Statement(
    sa.select(*_COLUMNS).where(own(intercept), any_of(intercept.c.order_id, "ids")).order_by(intercept.c.order_id, intercept.c.id), Slip
)  # fmt: skip
_waits = sa.and_(among(intercept.c.state, "queued", "sending"), among(intercept.c.state, "queued"))
_NEXT = Statement(
    sa.select(*_COLUMNS).where(own(intercept), intercept.c.printer_id == bind("printer_id"), _waits, intercept.c.due_us <= bind("now_us"))
    .order_by(intercept.c.id).limit(1),
    Slip,
)  # fmt: skip
_ONE = Statement(sa.select(*_COLUMNS).where(own(intercept), intercept.c.id == bind("id")), Slip)
_MOVE = Statement[None](
    sa.update(intercept).where(own(intercept), intercept.c.id == bind("b_id"), intercept.c.state == bind("b_from", str)),
    sets=("state", "reason", "tries", "due_us", "ended_at_us", "remote"),
)  # fmt: skip
_TAKEN = Statement[tuple[int, str, int]](
    sa.select(intercept.c.id, intercept.c.remote, intercept.c.ended_at_us).where(
        own(intercept), intercept.c.printer_id == bind("printer_id"), among(intercept.c.state, "unknown"), intercept.c.remote != "",
        intercept.c.ended_at_us > bind("since_us"), intercept.c.id > bind("after"),
    ).order_by(intercept.c.id).limit(bind("limit"))
)  # fmt: skip
_NAMED = Statement[tuple[int]](
    sa.select(intercept.c.id).where(
        own(intercept), intercept.c.printer_id == bind("printer_id"), among(intercept.c.state, "unknown"),
        intercept.c.remote == bind("remote", str),
    ).limit(1)
)  # fmt: skip
_PULL = Statement[None](
    sa.update(intercept).where(own(intercept), intercept.c.order_id == bind("b_order_id"), intercept.c.state != "pulled"),
    sets=("state", "pulled_by", "ended_at_us"),
)  # fmt: skip
_is_sent = sa.and_(among(intercept.c.state, "queued", "sending"), among(intercept.c.state, "sending"))
_SENDING = Statement(sa.select(*_COLUMNS).where(own(intercept), _is_sent), Slip)


def queue_slips(tx: Tx, *, order_id: int) -> int:
    """Queue a slip for each paper of an order that is out or may be, at the printer where it came out; return how many.

    A printer that was replaced is stood for by the one in its place, one that was taken away by the first one; without any, nothing can be printed.
    """
    present = list_printers(tx)
    told = {slip.job_id for slip in slips_of(tx, order_id=order_id)}
    there = {device.id for device in present}
    papers = [
        job
        for job in all_jobs_of_order(tx, order_id=order_id)
        if job.state in ON_PAPER and job.id not in told
    ]
    for job in papers if present else []:
        append_event(tx, "intercept.queued", subject_id=order_id, data={"job": str(job.id)})
        printer_id = stands_now(tx, printer_id=job.printer_id, since_us=job.started_at_us or job.asked_at_us)
        printer_id = printer_id if printer_id in there else present[0].id
        tx.run(
            _ADD, id=new_id(), order_id=order_id, job_id=job.id, printer_id=printer_id, state="queued", reason="", tries=0,
            due_us=tx.now_us, asked_at_us=tx.now_us, ended_at_us=None, pulled_by="", remote="",
        )  # fmt: skip
    return len(papers) if present else 0


def slips_of(tx: Tx, *, order_id: int) -> list[Slip]:
    """Return an order's slips, the oldest first."""
    return tx.rows(_OF_ORDER, order_id=order_id)


def slips_of_many(tx: Tx, *, order_ids: list[int]) -> list[Slip]:
    """Return the slips of many orders."""
    return tx.rows(_OF_MANY, ids=order_ids) if order_ids else []


def confirm_pulled(tx: Tx, actor: Actor, *, order_id: int) -> None:
    """Note that somebody has pulled the papers of an order; slips that still wait are not printed any more."""
    tx.run(_PULL, b_order_id=order_id, state="pulled", pulled_by=actor.name, ended_at_us=tx.now_us)


def doubt_slips(tx: Tx, *, stopped: bool, is_idle: Callable[[int], bool]) -> None:
    """Slips that nobody sends any more may be out: nobody knows, and none is sent again unless who sent it still says so.

    Args:
        stopped: the process that sent them has ended.
        is_idle: tells of a printer that nobody in this process is at work with it.
    """
    for slip in tx.rows(_SENDING):
        if stopped or is_idle(slip.printer_id):
            _move(tx, slip, state="unknown", reason=BROKEN_OFF)


def slip_waits(tx: Tx, *, printer_id: int) -> bool:
    """Tell whether a printer has a slip to print now."""
    return tx.one(_NEXT, printer_id=printer_id, now_us=tx.now_us) is not None


def send_slip(
    db: Database, merchant_id: int, *, device: Device, drawing: threading.Semaphore,
    store: Callable[[int, Callable[[Tx], None]], None],
) -> PrintOutcome | None:  # fmt: skip
    """Print a printer's next slip and return what became of it; None where none waits, or it must not be printed any more.

    Args:
        store: writes what became of it, again and again while the database can't take it.
    """
    if not db.read(merchant_id, partial(slip_waits, printer_id=device.id)):
        return None  # most often: asked before each ticket, it must not cost a transaction that writes
    claimed = db.write(merchant_id, partial(_claim, printer_id=device.id))
    if claimed is None:
        return None
    slip, content = claimed
    here = replace(
        content, paper_mm=device.paper_mm, paper_high_mm=device.paper_high_mm, locale=device.locale
    )
    outcome = give_page(db, merchant_id, device=device, content=here, drawing=drawing)
    store(merchant_id, partial(_record, slip=slip, device=device, outcome=outcome))
    return outcome


def next_slip(tx: Tx, *, printer_id: int) -> int | None:
    """Return the slip that a printer prints next."""
    slip = tx.one(_NEXT, printer_id=printer_id, now_us=tx.now_us)
    return slip.id if slip else None


def fetch_slip(tx: Tx, *, device: Device, slip_id: int) -> TicketContent | None:
    """Return what a slip says, for a printer that comes for it; until it tells of it, nobody knows whether it is out."""
    if next_slip(tx, printer_id=device.id) != slip_id:
        return None
    claimed = _claim(tx, printer_id=device.id)
    if claimed is None:
        return None
    slip, content = claimed
    _record(tx, slip=slip, device=device, outcome=PrintOutcome(result="taken"))
    return replace(
        content, paper_mm=device.paper_mm, paper_high_mm=device.paper_high_mm, locale=device.locale
    )


def taken_slips(
    tx: Tx, *, printer_id: int, since_us: int, after: int, limit: int
) -> list[tuple[int, str, int]]:
    """Return (id, name, when) of a page of the slips that a printer's cloud has taken since then, and has not told the end of."""
    return tx.rows(_TAKEN, printer_id=printer_id, since_us=since_us, after=after, limit=limit)


def find_taken_slip(tx: Tx, *, printer_id: int, remote: str) -> int | None:
    """Return the slip that a printer's cloud took under a name, and of which no end is known yet."""
    found: int | None = tx.value(_NAMED, printer_id=printer_id, remote=remote)
    return found


def end_slip(tx: Tx, *, device: Device, slip_id: int, outcome: PrintOutcome) -> bool:
    """Take in what a printer or its cloud tells of a slip that it took; False where nobody asks any more."""
    slip = tx.one(_ONE, id=slip_id)
    if not slip or (slip.printer_id, slip.state, slip.reason) != (device.id, "unknown", FETCHED):
        return False
    _record(tx, slip=slip, device=device, outcome=outcome)
    return True


def _claim(tx: Tx, *, printer_id: int) -> tuple[Slip, TicketContent] | None:
    slip = tx.one(_NEXT, printer_id=printer_id, now_us=tx.now_us)
    if slip is None:
        return None
    try:
        paper = read_content(tx, job_id=slip.job_id)
    except JobMissing:  # its receiver was erased: nobody can tell any more what lies there
        _move(tx, slip, state="failed", reason="erased")
        return None
    if not _move(tx, slip, state="sending", tries=slip.tries + 1):
        return None
    # Named after the ticket, so that it is found by it; its bar code is its own, so that it is never taken for one.
    content = replace(
        paper,
        void=True,
        serial=f"{paper.serial[:62]}-V",
        code128=str(slip.id),
        reprint_no=0,
        replaces=0,
        amended_from=0,
    )
    return replace(slip, state="sending", tries=slip.tries + 1), content


def _record(tx: Tx, *, slip: Slip, device: Device, outcome: PrintOutcome) -> None:
    keep_seen(
        tx, device=device, outcome=outcome
    )  # else the tickets behind it would find the printer away one by one
    again = outcome.result == "failed" and not outcome.permanent and slip.tries < _MOST_TRIES
    taken = outcome.result == "taken"
    state, reason = ("unknown", FETCHED) if taken else ("queued" if again else outcome.result, outcome.reason)
    due_us = tx.now_us + min(slip.tries, 10) * MINUTE_US if again else slip.due_us
    now = tx.one(_ONE, id=slip.id)
    if now and (now.state, now.reason) == ("unknown", BROKEN_OFF):
        slip = replace(slip, state="unknown")  # another process doubted it meanwhile: this one knows
    if _move(tx, slip, state=state, reason=reason, due_us=due_us, remote=outcome.remote if taken else ""):
        if again:
            hand_slip_on(tx, slip_id=slip.id, at=slip.printer_id, since_us=slip.asked_at_us)
        append_event(
            tx,
            f"intercept.{state}",
            subject_id=slip.order_id,
            data={"job": str(slip.job_id), "reason": reason},
        )


def _move(
    tx: Tx, slip: Slip, *, state: str, reason: str = "", tries: int = -1, due_us: int = -1, remote: str = ""
) -> bool:
    ended = None if state in ("queued", "sending") else tx.now_us
    return bool(tx.run(
        _MOVE, b_id=slip.id, b_from=slip.state, state=state, reason=reason, tries=slip.tries if tries < 0 else tries,
        due_us=slip.due_us if due_us < 0 else due_us, ended_at_us=ended, remote=remote,
    ))  # fmt: skip
