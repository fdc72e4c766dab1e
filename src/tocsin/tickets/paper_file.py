"""The file of a paper, where a printer leaves one; what shows real text asks for the right to see it, and is recorded."""

from pathlib import Path

from msgspec import Struct

from tocsin.core.actor import Actor, NotAllowed, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.journal import write_journal
from tocsin.orders.lookup import record_lookup
from tocsin.orders.reveal import shown_fields
from tocsin.orders.second_person import SecondPersonNeeded, barred_among, record_try
from tocsin.orders.store import load_order
from tocsin.tickets.content import MASKED_COPIES
from tocsin.tickets.device import PrinterMissing, get_printer, read_options
from tocsin.tickets.job import Job, get_job
from tocsin.tickets.papers import find_papers

KIND = "pdf_file"


class PaperMissing(Refusal):
    """This ticket has no file here: it was printed on paper, has not come out yet, or its file was moved away"""

    kind, code = "missing", "paper_missing"


class PaperFile(Struct, frozen=True):
    """What came of asking for a file: its path, or None where he may not see what it shows (that is recorded too)."""

    job: Job
    path: Path | None
    watched: str = ""


def open_paper(tx: Tx, actor: Actor, *, job_id: int, door: str) -> PaperFile:
    """Return the file of a printed ticket; merchant and delivery copies, which show real text, need `reveal`.

    Raises:
        NotAllowed: the actor may not query.
        JobMissing: there is no such ticket.
        PaperMissing: its printer leaves no files, or the file is not there.
    """
    require(actor, "query")
    job = get_job(tx, job_id=job_id)
    path, real = _find(tx, job), job.copy not in MASKED_COPIES
    order = load_order(tx, order_id=job.order_id, revision=job.revision)
    if barred_among(tx, actor, order_ids=[order.id], act="reveal" if real else "open"):
        record_try(tx, actor, order_id=order.id, act="reveal" if real else "open", door=door)
        return PaperFile(job, None, watched=order.number)
    allowed = not real or actor.may("reveal")
    kind = ("reveal" if allowed else "denied") if real else "detail"
    record_lookup(
        tx, actor, door=door, kind=kind, query=order.number, pairs=[(order.id, job.revision)], purpose="paper" if real else "",
        fields=shown_fields(order) if kind == "reveal" else (),
    )  # fmt: skip
    if real:
        data = {"job": str(job.id), "copy": job.copy}
        write_journal(tx, actor, verb=f"orders.{kind}", subject=f"order:{order.id}", data=data)
    return PaperFile(job, path if allowed else None)


def require_paper(found: PaperFile) -> Path:
    """Return the path of a file that may be seen.

    Raises:
        NotAllowed: it shows real text, and he lacks the right to it.
        SecondPersonNeeded: its order is watched, and nobody else has confirmed.
    """
    if found.watched:
        raise SecondPersonNeeded(number=found.watched, act="reveal")
    if found.path is None:
        raise NotAllowed(right="reveal")
    return found.path


def _find(tx: Tx, job: Job) -> Path:
    """Return where a job's file is: its printer's folder and its own serial, never a name from outside."""
    try:
        device = get_printer(tx, printer_id=job.printer_id)
    except PrinterMissing:
        raise PaperMissing from None
    folder = find_papers(read_options(device).folder) if device.kind == KIND else None
    if folder is None or job.state != "printed":
        raise PaperMissing
    path = (folder / f"{job.serial}.pdf").resolve()
    if not path.is_relative_to(folder) or not path.is_file():
        raise PaperMissing
    return path
