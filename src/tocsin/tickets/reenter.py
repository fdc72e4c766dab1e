"""What a hold kept from paper re-enters at the print terminal once it is let go, each paper on its queue and copy."""

from collections import Counter
from collections.abc import Collection, Iterable

from msgspec import Struct

from tocsin.core.actor import Actor
from tocsin.core.db import Tx
from tocsin.core.journal import read_of_many
from tocsin.orders.draft import Order
from tocsin.orders.listing import HeadRow
from tocsin.orders.second_person import barred_among
from tocsin.orders.stop import Hold, open_holds
from tocsin.orders.store import load_order
from tocsin.tickets.check import is_void
from tocsin.tickets.job import Job, get_jobs, waiting_of_many
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
    kept = _Keeping(tx, [found]).kept(found, order)
    if kept.papers or kept.by_rule:
        return request_papers(tx, actor, order_id=order.id, papers=kept.papers, base_url=base_url)
    if not kept.waiting:
        return None
    return Requested(
        order_id=order.id, number=order.number, revision=order.revision, result="held" if holds else "queued",
        job_ids=tuple(job.id for job in kept.waiting), holds=tuple(dict.fromkeys(hold.kind for hold in holds)),
    )  # fmt: skip


def printing_on_release(
    tx: Tx, actor: Actor, holds: Collection[Hold], *, orders: Iterable[Order | HeadRow]
) -> frozenset[int]:  # fmt: skip
    """Return those of some orders' open holds after whose release by hand paper follows: the last of its order, which keeps some."""
    heads = {order.id: order for order in orders if not is_void(order)}
    times = Counter(hold.order_id for hold in holds)
    alone = [
        hold
        for hold in holds
        if hold.kind != "refund" and times[hold.order_id] == 1 and hold.order_id in heads
    ]
    if not alone:
        return frozenset()
    barred = barred_among(tx, actor, order_ids=[hold.order_id for hold in alone], act="print")
    keeping = _Keeping(tx, alone)
    kept = {hold: keeping.kept(hold, heads[hold.order_id]) for hold in alone if hold.order_id not in barred}
    return frozenset(hold.id for hold, one in kept.items() if one.papers or one.by_rule or one.waiting)


def kept_by(tx: Tx, holds: Collection[Hold]) -> list[tuple[int, str]]:
    """Return which queues and copies holds kept from paper: their jobs', and what was asked while they stood."""
    keeping = _Keeping(tx, holds)
    return [paper for hold in holds for paper in keeping.asked(hold)]


class _Keeping:
    """What was asked for while holds stood, and what waits, of all their orders at once."""

    def __init__(self, tx: Tx, holds: Collection[Hold]) -> None:
        orders = list({hold.order_id for hold in holds})
        self._jobs = get_jobs(tx, job_ids={hold.job_id for hold in holds if hold.job_id})
        self._waiting = waiting_of_many(tx, order_ids=orders)
        self._queues = {queue.id: queue for queue in list_queues(tx)}
        self._entries = read_of_many(
            tx, subjects=[f"order:{order_id}" for order_id in orders], verb=ASKED_HELD
        )

    def kept(self, found: Hold, order: Order | HeadRow) -> _Kept:
        """Return what a hold keeps from paper."""
        waiting = [job for job in self._waiting if (job.order_id, job.revision) == (order.id, order.revision)]
        if not self._queues:
            return _Kept((), by_rule=False, waiting=tuple(waiting))
        first = next(iter(self._queues.values()))
        kept = [(self._queues.get(queue_id, first), copy) for queue_id, copy in self.asked(found)]
        queued = {(job.home_id(), job.copy) for job in waiting}
        papers = [(queue, copy) for queue, copy in kept if (queue.id, copy) not in queued]
        unasked = found.kind == "later" and not kept and not waiting and order.desk_state == "produced"
        return _Kept(tuple(papers), by_rule=unasked, waiting=tuple(waiting))

    def asked(self, found: Hold) -> list[tuple[int, str]]:
        """Return the queues and copies of a hold's job, and of what was asked while it stood."""
        job = self._jobs.get(found.job_id or 0)
        kept = [(job.home_id(), job.copy)] if job else []
        for entry in self._entries:
            if entry.subject == f"order:{found.order_id}" and entry.id > found.id:
                data = entry.fields()
                earlier = [
                    (data.get("printer", 0), copy) for copy in data.get("copies", ())
                ]  # before there were queues
                kept += [(int(queue_id), copy) for queue_id, copy in data.get("papers", earlier)]
        return list(dict.fromkeys(kept))
