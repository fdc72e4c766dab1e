"""A paper that came out and is of no use, torn or wet: the next one is no reprint but takes its place."""

import sqlalchemy as sa

from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.event import append_event
from tocsin.core.journal import write_journal
from tocsin.core.statement import Statement, bind, own
from tocsin.orders.archive import wake_order
from tocsin.tickets.job import SPOILED, get_job
from tocsin.tickets.table import print_job


class PaperNotOut(Refusal):
    """That ticket is {state}: only one that came out can be spoiled"""

    kind, code = "conflict", "paper_not_out"


_SPOIL = Statement[None](
    sa.update(print_job).where(own(print_job), print_job.c.id == bind("b_id"), print_job.c.state == "printed"),
    sets=("reason",),
)  # fmt: skip


def spoil_paper(tx: Tx, actor: Actor, *, job_id: int) -> None:
    """Say that a paper is spoiled: the next one of its revision and copy says that it replaces it. Twice is as once.

    Raises:
        NotAllowed, JobMissing
        PaperNotOut: it did not come out.
    """
    require(actor, "print")
    job = get_job(tx, job_id=job_id)
    if job.reason == SPOILED:
        return
    if not tx.run(_SPOIL, b_id=job_id, reason=SPOILED):
        raise PaperNotOut(state=job.state)
    wake_order(tx, order_id=job.order_id)
    append_event(tx, "print.spoiled", subject_id=job.order_id, data={"job": str(job_id)})
    write_journal(tx, actor, verb="tickets.spoil", subject=f"order:{job.order_id}", data={"job": str(job_id)})
