"""A paper on its way: taken by a device, a cloud or a station that tells later, or known never to have begun."""

import msgspec
import sqlalchemy as sa
from msgspec.structs import replace

from tocsin.core.clock import SECOND_US
from tocsin.core.db import Tx
from tocsin.core.event import append_event
from tocsin.core.statement import Statement, bind, own
from tocsin.tickets.job import Job
from tocsin.tickets.printer import PrintOutcome
from tocsin.tickets.printer_swap import waits_at
from tocsin.tickets.table import print_job

_same_way = sa.and_(
    own(print_job), print_job.c.id == bind("b_id"), print_job.c.state == "sending", print_job.c.outcome == bind("b_before", str)
)  # fmt: skip
_TAKE = Statement[None](sa.update(print_job).where(_same_way), sets=("outcome", "answer_by_us"))
_FREE = Statement[None](
    sa.update(print_job).where(_same_way),
    sets=("state", "started_at_us", "outcome", "answer_by_us", "printer_id"),
)


def named_as_before(job: Job, outcome: PrintOutcome) -> PrintOutcome:
    """Return an outcome under the name that its paper was taken by, so that what is told later still finds it."""
    before = job.last_outcome()
    return replace(outcome, remote=before.remote) if before and before.remote else outcome


def keep_taken(tx: Tx, *, job_id: int, outcome: PrintOutcome, before: str = "") -> bool:
    """Keep that a paper is with its device or cloud, and until when its end is waited for; it stays `sending`.

    Args:
        before: what is kept of its way so far: where that is another, somebody else has given it away meanwhile.
    """
    told, until = msgspec.json.encode(outcome).decode(), tx.now_us + outcome.answer_seconds * SECOND_US
    return bool(tx.run(_TAKE, b_id=job_id, b_before=before, outcome=told, answer_by_us=until))


def free_job(tx: Tx, job: Job) -> bool:
    """Let a paper wait anew that is known never to have begun, where its printer's place is now; False where it is not `sending`, or on another way since."""
    claimed_us = job.started_at_us or job.asked_at_us
    fields = {
        "state": "queued", "started_at_us": None, "outcome": "", "answer_by_us": 0,
        "printer_id": waits_at(tx, printer_id=job.printer_id, since_us=claimed_us),
    }  # fmt: skip
    if not tx.run(_FREE, b_id=job.id, b_before=job.outcome, **fields):
        return False
    append_event(tx, "print.waiting", subject_id=job.order_id, data={"job": str(job.id)})
    return True
