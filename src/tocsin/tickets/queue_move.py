"""Moving papers that wait: one job or a whole queue to another queue, a queue to another printer or to its back-up.

Only what was never sent moves. At the other printer it is checked and drawn anew, for the paper that is there.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from msgspec.structs import replace

from tocsin.core.actor import Actor, desk_actor, require
from tocsin.core.clock import MINUTE_US
from tocsin.core.db import Tx
from tocsin.core.event import append_event
from tocsin.core.ident import made_at_us
from tocsin.core.journal import write_journal
from tocsin.core.statement import Statement, any_of, own
from tocsin.tickets.backup_again import send_to_backup
from tocsin.tickets.device import Device, get_printer, list_printers
from tocsin.tickets.job import JobNotWaiting, get_job
from tocsin.tickets.print_queue import PrintQueue, get_queue, list_queues
from tocsin.tickets.table import print_job

# By state, whatever the queue: what waits is little, what a queue has ever printed is not.
_WAITING = Statement[tuple[int, int, int]](
    sa.select(print_job.c.id, print_job.c.queue_id, print_job.c.printer_id).where(
        own(print_job), print_job.c.state == "queued"
    )
)
_MOVE = Statement[None](
    sa.update(print_job).where(own(print_job), print_job.c.state == "queued", any_of(print_job.c.id, "ids")),
    sets=("queue_id", "printer_id"),
)


def move_job(tx: Tx, actor: Actor, *, job_id: int, queue_id: int) -> None:
    """Move a waiting paper to another queue.

    Raises:
        NotAllowed, JobMissing, QueueMissing
        JobNotWaiting: it was sent, or has ended.
    """
    require(actor, "print")
    job, queue = get_job(tx, job_id=job_id), get_queue(tx, queue_id=queue_id or -1)
    if not _move(tx, [job_id], to=queue):
        raise JobNotWaiting(state=job.state)
    data = {"job": str(job_id), "from": str(job.queue_id), "to": str(queue.id)}
    write_journal(tx, actor, verb="tickets.move_job", subject=f"order:{job.order_id}", data=data)
    append_event(tx, "print.moved", subject_id=job.order_id, data=data)


def move_queue(tx: Tx, actor: Actor, *, queue_id: int, to_id: int) -> int:
    """Move all papers that wait in a queue to another one, in their order; return how many.

    Raises:
        NotAllowed, QueueMissing
    """
    require(actor, "print")
    queue, to = get_queue(tx, queue_id=queue_id or -1), get_queue(tx, queue_id=to_id or -1)
    moved = move_waiting(tx, queue, to=to)
    data = {"to": str(to.id), "moved": moved}
    write_journal(tx, actor, verb="tickets.move_queue", subject=f"queue:{queue.id}", data=data)
    append_event(tx, "print.moved", subject_id=queue.id, data=data)
    return moved


def move_waiting(tx: Tx, queue: PrintQueue, *, to: PrintQueue) -> int:
    """Move what waits in a queue to a queue and its printer; return how many papers."""
    return _move(tx, [job_id for job_id, queue_id, _ in tx.rows(_WAITING) if queue_id == queue.id], to=to)


def away_queues(tx: Tx, *, since_us: int = 0) -> list[tuple[PrintQueue, int]]:
    """Return (queue, back-up printer) of each whose printer has not answered for so long, and whose back-up is not away.

    One that never answered has been away since it was set up.

    Args:
        since_us: a printer's silence counts from here at the earliest: the desk itself may have been away.
    """
    queues = [queue for queue in list_queues(tx) if queue.backup_id and not queue.paused]
    devices = {device.id: device for device in list_printers(tx)} if queues else {}
    away = {
        key for key, one in devices.items() if (status := one.last_status()) is not None and not status.online
    }
    return [
        (queue, queue.backup_id)
        for queue in queues
        if queue.printer_id in away - {queue.backup_id} and queue.backup_id in devices.keys() - away
        and tx.now_us - max(_seen_us(devices[queue.printer_id]), since_us) >= queue.backup_minutes * MINUTE_US
    ]  # fmt: skip


def _seen_us(device: Device) -> int:
    return device.seen_at_us or made_at_us(device.id)


def use_backups(tx: Tx, *, since_us: int = 0) -> int:
    """Move what waits at printers that are away, and what they refused unsent, to their queues' back-ups; return how many."""
    moved = 0
    for queue, backup_id in away_queues(tx, since_us=since_us):
        job_ids = [
            job_id for job_id, queue_id, printer_id in tx.rows(_WAITING)
            if (queue_id, printer_id) == (queue.id, queue.printer_id)
        ]  # fmt: skip
        away_us = _seen_us(get_printer(tx, printer_id=queue.printer_id))
        count = send_to_backup(tx, queue, backup_id=backup_id, away_us=away_us)
        if count := count + _move(tx, job_ids, to=replace(queue, printer_id=backup_id)):
            data = {"backup": str(backup_id), "moved": count}
            append_event(tx, "print.moved", subject_id=queue.id, data=data)
            write_journal(
                tx,
                desk_actor(tx.merchant_id),
                verb="tickets.use_backup",
                subject=f"queue:{queue.id}",
                data=data,
            )
            moved += count
    return moved


def _move(tx: Tx, job_ids: Sequence[int], *, to: PrintQueue) -> int:
    return tx.run(_MOVE, ids=list(job_ids), queue_id=to.id, printer_id=to.printer_id) if job_ids else 0
