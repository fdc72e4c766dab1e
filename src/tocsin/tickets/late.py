"""What is told late: a device or a cloud that took a paper says afterwards what became of it; it lands on its job.

It may come after its time, when its job is unknown already: an answer that a paper is out settles that too, as
long as no person has. Nothing is ever sent again for it.
"""

import sqlalchemy as sa

from tocsin.core.actor import desk_actor
from tocsin.core.db import Tx
from tocsin.core.event import append_event
from tocsin.core.statement import Statement, among, bind, own
from tocsin.orders.stop import close_hold, open_holds
from tocsin.tickets.check import lock_order
from tocsin.tickets.job import end_job, get_job, mark_printed, named_as_before
from tocsin.tickets.printer import PrintOutcome
from tocsin.tickets.spool import record_outcome
from tocsin.tickets.table import print_job

_HELD = Statement[tuple[int]](
    sa.select(print_job.c.id).where(
        own(print_job), among(print_job.c.state, "sending", "unknown"), print_job.c.answer_by_us > 0,
        print_job.c.printer_id == bind("printer_id"),
    ).order_by(print_job.c.id.desc()).limit(100)
)  # fmt: skip


def find_taken(tx: Tx, *, printer_id: int, remote: str) -> int | None:
    """Return the job whose paper a printer or its cloud took under a name, and of which no end is known yet."""
    for (job_id,) in tx.rows(_HELD, printer_id=printer_id):
        told = get_job(tx, job_id=job_id).last_outcome()
        if told and told.remote == remote:
            return job_id
    return None


def record_late(tx: Tx, *, job_id: int, outcome: PrintOutcome) -> bool:
    """Let what is told of a taken paper land on its job; False where it was settled already, or says nothing new."""
    job = get_job(tx, job_id=job_id)
    lock_order(tx, order_id=job.order_id)
    if record_outcome(tx, job_id=job_id, outcome=outcome):
        return True
    if outcome.result != "printed" or not end_job(
        tx, job_id=job_id, came_from=("unknown",), state="printed", reason="told_late",
        outcome=named_as_before(job, outcome),
    ):  # fmt: skip
        return False
    for hold in open_holds(tx, order_id=job.order_id):
        if hold.kind == "unknown" and hold.job_id == job_id:
            close_hold(tx, desk_actor(tx.merchant_id), hold, reason="came out")
    mark_printed(tx, job)
    append_event(
        tx, "print.printed", subject_id=job.order_id, data={"job": str(job_id), "reason": "told_late"}
    )
    return True
