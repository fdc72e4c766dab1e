"""What became of a paper, as its device told at once, or late: a station or a cloud that took it says it afterwards.

It may come after its time, when its job is unknown already: an answer that a paper is out, or never was begun, settles
that too, as long as no person has. Nothing is ever sent again for it.
"""

import msgspec
import sqlalchemy as sa

from tocsin.core.actor import desk_actor
from tocsin.core.db import Tx
from tocsin.core.event import append_event
from tocsin.core.journal import write_journal
from tocsin.core.statement import Statement, among, bind, own
from tocsin.orders.stop import close_hold, open_hold, open_holds
from tocsin.tickets.check import lock_order
from tocsin.tickets.job import DID_NOT, Job, end_job, get_job, mark_printed
from tocsin.tickets.printer import PrintOutcome
from tocsin.tickets.table import print_job
from tocsin.tickets.under_way import keep_taken, named_as_before

AFTER_ALL = "came_after_all"
_HELD = Statement[tuple[int, str]](
    sa.select(print_job.c.id, print_job.c.outcome).where(
        own(print_job), among(print_job.c.state, "sending", "unknown"), print_job.c.answer_by_us > 0,
        print_job.c.printer_id == bind("printer_id"),
    ).order_by(print_job.c.id.desc()).limit(100)
)  # fmt: skip


def record_outcome(tx: Tx, *, job_id: int, outcome: PrintOutcome) -> bool:
    """Keep what became of a paper; failed and unknown open a hold of their kind. False if it was settled already."""
    if outcome.result == "taken":
        return keep_taken(tx, job_id=job_id, outcome=outcome)
    job = get_job(tx, job_id=job_id)
    outcome = named_as_before(job, outcome)
    if not end_job(
        tx, job_id=job_id, came_from=("sending",), state=outcome.result, reason=outcome.reason, outcome=outcome
    ):  # fmt: skip
        return False
    _tell(tx, job, result=outcome.result, reason=outcome.reason)
    return True


def find_taken(tx: Tx, *, printer_id: int, remote: str) -> int | None:
    """Return the job whose paper a printer or its cloud took under a name, and of which no end is known yet."""
    for job_id, told in tx.rows(_HELD, printer_id=printer_id):
        if told and msgspec.json.decode(told, type=PrintOutcome).remote == remote:
            return job_id
    return None


def record_late(tx: Tx, *, job_id: int, outcome: PrintOutcome, surely: bool = False) -> bool:
    """Let what is told of a taken paper land on its job; False where it was settled already, or says nothing new.

    Args:
        surely: who says that nothing was printed has kept a record of it, so that it is believed of an unknown paper too.
    """
    job = get_job(tx, job_id=job_id)
    lock_order(tx, order_id=job.order_id)
    if record_outcome(tx, job_id=job_id, outcome=outcome):
        return True
    printed = outcome.result == "printed"
    if not printed and (outcome.result != "failed" or outcome.bytes_left or not surely):
        return False
    reason = "told_late" if printed else outcome.reason
    if not end_job(
        tx, job_id=job_id, came_from=("unknown",), state=outcome.result, reason=reason, outcome=named_as_before(job, outcome)
    ):  # fmt: skip
        return printed and _contradict(tx, job, outcome)
    for hold in open_holds(tx, order_id=job.order_id):
        if hold.kind == "unknown" and hold.job_id == job_id:
            close_hold(
                tx, desk_actor(tx.merchant_id), hold, reason="came out" if printed else "did not come out"
            )
    _tell(tx, job, result=outcome.result, reason=reason)
    return True


def _contradict(tx: Tx, job: Job, outcome: PrintOutcome) -> bool:
    """Hold an order of which a paper is out though a person has said that it had not come out: two may lie about."""
    if job.reason != DID_NOT or not end_job(
        tx, job_id=job.id, came_from=("failed",), state="printed", reason=AFTER_ALL, settled_by=job.settled_by,
        outcome=named_as_before(job, outcome),
    ):  # fmt: skip
        return False
    actor = desk_actor(tx.merchant_id)
    open_hold(
        tx, actor, order_id=job.order_id, revision=job.revision, kind="failed", reason=AFTER_ALL, job_id=job.id, copy=job.copy,
    )  # fmt: skip
    write_journal(
        tx, actor, verb="tickets.came_after_all", subject=f"order:{job.order_id}", data={"job": str(job.id), "said_by": job.settled_by},
    )  # fmt: skip
    _tell(tx, job, result="printed", reason=AFTER_ALL)
    return True


def _tell(tx: Tx, job: Job, *, result: str, reason: str) -> None:
    """Let an order and those who watch know what became of one of its papers."""
    if result == "printed":
        mark_printed(tx, job)
    else:
        open_hold(
            tx, desk_actor(tx.merchant_id), order_id=job.order_id, revision=job.revision,
            kind="failed" if result == "failed" else "unknown", reason=reason, job_id=job.id, copy=job.copy,
        )  # fmt: skip
    append_event(tx, f"print.{result}", subject_id=job.order_id, data={"job": str(job.id), "reason": reason})
