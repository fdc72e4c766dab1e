"""What a printer that went away refused before anybody knew: it goes to the queue's back-up with what waits.

Only a paper of which no byte left, and whose order nothing else holds: its hold is closed, and it is asked for anew.
"""

import sqlalchemy as sa
from msgspec.structs import replace

from tocsin.core.actor import desk_actor
from tocsin.core.db import Tx
from tocsin.core.ident import id_at
from tocsin.core.statement import Statement, among, bind, own
from tocsin.orders.second_person import barred_among
from tocsin.orders.stop import close_hold, open_holds
from tocsin.orders.store import load_order
from tocsin.tickets.check import is_void, lock_order
from tocsin.tickets.job import JOB_LIFE_US, Job, get_jobs, read_content
from tocsin.tickets.print_queue import PrintQueue
from tocsin.tickets.table import print_job
from tocsin.tickets.terminal import request_papers

TO_BACKUP = "given to the back-up"
# By state, whatever the queue: few papers fail.
_FAILED = Statement[tuple[int, int, int]](
    sa.select(print_job.c.id, print_job.c.queue_id, print_job.c.printer_id).where(
        own(print_job), among(print_job.c.state, "failed"), print_job.c.id >= bind("oldest"),
        print_job.c.ended_at_us > bind("away_us"), print_job.c.settled_by == "",
    ).order_by(print_job.c.id).limit(500)
)  # fmt: skip


def refused_there(tx: Tx, queue: PrintQueue, *, away_us: int) -> list[Job]:
    """Return a queue's papers of which no byte left, refused since its printer was last seen, and held for that alone."""
    rows = tx.rows(_FAILED, away_us=away_us, oldest=id_at(tx.now_us - JOB_LIFE_US))
    here = [job_id for job_id, *place in rows if place == [queue.id, queue.printer_id]]
    jobs = get_jobs(tx, job_ids=here)
    return [job for _, job in sorted(jobs.items()) if _may_go(tx, job)]


def send_to_backup(tx: Tx, queue: PrintQueue, *, backup_id: int, away_us: int) -> int:
    """Ask at a queue's back-up for what its printer refused; return how many papers."""
    sent, desk = 0, desk_actor(tx.merchant_id)
    for refused in refused_there(tx, queue, away_us=away_us):
        lock_order(tx, order_id=refused.order_id)
        if not _may_go(tx, refused):
            continue
        (hold,) = open_holds(tx, order_id=refused.order_id)
        close_hold(tx, desk, hold, reason=TO_BACKUP)
        base_url = read_content(tx, job_id=refused.id).scan_url.rsplit("/t/", 1)[0]
        paper = (replace(queue, printer_id=backup_id), refused.copy)
        asked = request_papers(tx, desk, order_id=refused.order_id, papers=[paper], base_url=base_url)
        sent += len(asked.job_ids)
    return sent


def _may_go(tx: Tx, job: Job) -> bool:
    """Tell whether a failed paper surely never left, is still the right one, and nothing but its failure holds its order."""
    outcome, order = job.last_outcome(), load_order(tx, order_id=job.order_id)
    never_left = outcome is not None and outcome.result == "failed" and not outcome.bytes_left
    held = [(hold.kind, hold.job_id) for hold in open_holds(tx, order_id=job.order_id)]
    right = job.revision == order.revision and not is_void(order) and job.part_id in (0, job.queue_id)
    barred = barred_among(tx, desk_actor(tx.merchant_id), order_ids=[job.order_id], act="print")
    return never_left and right and held == [("failed", job.id)] and not barred
