"""Box 20, revise: mend a held order; it goes back to the print terminal, never straight to a printer."""

from msgspec import Struct

from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.orders.amend import Amendment, amend_order
from tocsin.orders.produce import Issued
from tocsin.orders.stop import Hold, close_hold, open_holds
from tocsin.tickets.check import Verdict, check_order
from tocsin.tickets.claim import give_up
from tocsin.tickets.job import Job, get_job, waiting_jobs
from tocsin.tickets.print_queue import get_queue, list_queues
from tocsin.tickets.route import Paper
from tocsin.tickets.terminal import Requested, request_papers


class Revised(Struct, frozen=True, kw_only=True):
    """A revision made to mend: its verdict, and what the terminal made of it where it was asked."""

    issued: Issued
    verdict: Verdict
    requested: Requested | None


def revise_order(
    tx: Tx, actor: Actor, *, order_id: int, seen: int, amendment: Amendment, reason: str, base_url: str,
    print_again: bool = True, queue_id: int = 0,
) -> Revised:  # fmt: skip
    """Amend a held order, check the new revision, and send it back to the terminal.

    Holds of the earlier revision that the new one answers close: `conflict` (the person has decided what
    holds) and `failed` (that paper never came out). What waited in queues is asked for anew, each of its queue
    and copy; nothing did, it goes where the queues' rules say. Without any queue the revision is made all the same.

    Raises:
        NotAllowed, ReasonMissing, OrderMoved, OrderCancelled, MaskedValue, NothingChanged, QueueMissing
    """
    require(actor, "amend")
    issued = amend_order(tx, actor, order_id=order_id, seen=seen, amendment=amendment, reason=reason)
    answered = [
        hold for hold in open_holds(tx, order_id=order_id)
        if hold.kind in ("conflict", "failed") and hold.revision <= seen
    ]  # fmt: skip
    for hold in answered:
        close_hold(tx, actor, hold, reason="revised")
    verdict = check_order(tx, actor, order_id=order_id)
    requested = None
    if print_again and verdict.passed:
        waiting = waiting_jobs(tx, order_id=order_id)
        papers = _papers(tx, [*waiting, *_jobs_of(tx, answered)], queue_id=queue_id)
        if list_queues(tx):
            requested = request_papers(tx, actor, order_id=order_id, papers=papers, base_url=base_url)
        if requested and requested.result == "queued":
            for job in waiting:
                give_up(tx, job, state="cancelled", reason="the order has changed", held=False)
    return Revised(issued=issued, verdict=verdict, requested=requested)


def _jobs_of(tx: Tx, holds: list[Hold]) -> list[Job]:
    """Return the jobs whose papers never came out, which holds told of."""
    return [get_job(tx, job_id=hold.job_id) for hold in holds if hold.job_id]


def _papers(tx: Tx, kept: list[Job], *, queue_id: int) -> list[Paper]:
    """Return what to print: what was kept, each of its queue and copy, and all of the queue that is named, if any."""
    queues = {queue.id: queue for queue in list_queues(tx)}
    chosen = get_queue(tx, queue_id=queue_id) if queue_id else None
    named = [(chosen, copy) for copy in chosen.copy_list()] if chosen else []
    first = next(iter(queues.values()), None)
    papers = [(queues.get(job.home_id(), first), job.copy) for job in kept]
    return list(dict.fromkeys([*named, *((queue, copy) for queue, copy in papers if queue)]))
