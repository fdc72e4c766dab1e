"""What a hold kept from paper re-enters at the print terminal once it is let go, each paper on its queue and copy."""

from msgspec import Struct

from tocsin.core.actor import Actor
from tocsin.core.db import Tx
from tocsin.core.journal import read_journal
from tocsin.orders.draft import Order
from tocsin.orders.second_person import barred_among
from tocsin.orders.stop import Hold, open_holds
from tocsin.orders.store import load_order
from tocsin.tickets.check import is_void
from tocsin.tickets.job import Job, get_job, waiting_jobs
from tocsin.tickets.print_queue import list_queues
from tocsin.tickets.route import Paper
from tocsin.tickets.terminal import ASKED_HELD, Requested, request_papers


class _Kept(Struct, frozen=True):
    """What a hold keeps from paper: papers to be asked for, by the rules where none is named, and jobs that wait."""

    papers: tuple[Paper, ...]
    by_rule: bool
    waiting: tuple[Job, ...]


def reenter(tx: Tx, actor: Actor, found: Hold, *, base_url: str) -> Requested | None:
    """Ask again for what a hold kept; what still waits in a queue prints by itself. None where nothing was kept."""
    order, holds = load_order(tx, order_id=found.order_id), open_holds(tx, order_id=found.order_id)
    kept = _kept(tx, found, order)
    if kept.papers or kept.by_rule:
        return request_papers(tx, actor, order_id=order.id, papers=kept.papers, base_url=base_url)
    if not kept.waiting:
        return None
    return Requested(
        order_id=order.id, number=order.number, revision=order.revision, result="held" if holds else "queued",
        job_ids=tuple(job.id for job in kept.waiting), holds=tuple(dict.fromkeys(hold.kind for hold in holds)),
    )  # fmt: skip


def prints_on_release(tx: Tx, actor: Actor, found: Hold) -> bool:
    """Tell whether paper follows when a hold that is released by hand goes: it is the last, and keeps some."""
    order = load_order(tx, order_id=found.order_id)
    if found.kind == "refund" or is_void(order) or len(open_holds(tx, order_id=order.id)) > 1:
        return False
    if barred_among(tx, actor, order_ids=[order.id], act="print"):
        return False
    kept = _kept(tx, found, order)
    return bool(kept.papers or kept.by_rule or kept.waiting)


def _kept(tx: Tx, found: Hold, order: Order) -> _Kept:
    waiting = [job for job in waiting_jobs(tx, order_id=order.id) if job.revision == order.revision]
    queues = {queue.id: queue for queue in list_queues(tx)}
    if not queues:
        return _Kept((), by_rule=False, waiting=tuple(waiting))
    first = next(iter(queues.values()))
    kept = [(queues.get(queue_id, first), copy) for queue_id, copy in kept_by(tx, found)]
    queued = {(job.home_id(), job.copy) for job in waiting}
    papers = [(queue, copy) for queue, copy in kept if (queue.id, copy) not in queued]
    unasked = found.kind == "later" and not kept and not waiting and order.desk_state == "produced"
    return _Kept(tuple(papers), by_rule=unasked, waiting=tuple(waiting))


def kept_by(tx: Tx, found: Hold) -> list[tuple[int, str]]:
    """Return which queues and copies a hold kept from paper: its job's, and what was asked while it stood."""
    kept: list[tuple[int, str]] = []
    if found.job_id:
        job = get_job(tx, job_id=found.job_id)
        kept.append((job.home_id(), job.copy))
    for entry in read_journal(tx, subject=f"order:{found.order_id}"):
        if entry.verb == ASKED_HELD and entry.id > found.id:
            data = entry.fields()
            earlier = [
                (data.get("printer", 0), copy) for copy in data.get("copies", ())
            ]  # before there were queues
            kept += [(int(queue_id), copy) for queue_id, copy in data.get("papers", earlier)]
    return list(dict.fromkeys(kept))
