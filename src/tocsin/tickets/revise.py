"""Box 20, revise: mend a held order; it goes back to the print terminal, never straight to a printer."""

from msgspec import Struct

from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.orders.amend import Amendment, amend_order
from tocsin.orders.draft import Order
from tocsin.orders.produce import Issued
from tocsin.orders.stop import Hold, close_hold, open_holds
from tocsin.tickets.check import Verdict, check_order
from tocsin.tickets.claim import give_up
from tocsin.tickets.job import Job, get_job, waiting_jobs
from tocsin.tickets.print_queue import PrintQueue, get_queue, list_queues
from tocsin.tickets.reenter import kept_by
from tocsin.tickets.route import Paper, route_order
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
    and copy, and, where no queue is named, what was asked for in vain; nothing was, it goes where the queues' rules say. Without any queue the revision is made all the same.

    Raises:
        NotAllowed, ReasonMissing, OrderMoved, OrderCancelled, MaskedValue, NothingChanged, QueueMissing
    """
    require(actor, "amend")
    asked = _asked_in_vain(tx, order_id=order_id)
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
        kept = [(job.home_id(), job.copy) for job in (*waiting, *_jobs_of(tx, answered))]
        papers = _papers(tx, kept if queue_id else [*kept, *asked], queue_id=queue_id)
        if list_queues(tx):
            requested = request_papers(tx, actor, order_id=order_id, papers=papers, base_url=base_url)
        if requested and requested.result == "queued":
            for job in waiting:
                give_up(tx, job, state="cancelled", reason="the order has changed", held=False)
    return Revised(issued=issued, verdict=verdict, requested=requested)


def _jobs_of(tx: Tx, holds: list[Hold]) -> list[Job]:
    """Return the jobs whose papers never came out, which holds told of."""
    return [get_job(tx, job_id=hold.job_id) for hold in holds if hold.job_id]


def foresee_queues(tx: Tx, order: Order) -> tuple[list[PrintQueue], bool]:
    """Return where the papers of a held order go once it is revised, and whether it was asked for there before.

    Args:
        order: with its real receiver.
    """
    failed = [hold for hold in open_holds(tx, order_id=order.id) if hold.kind in ("conflict", "failed")]
    jobs = [*waiting_jobs(tx, order_id=order.id), *_jobs_of(tx, failed)]
    kept = [(job.home_id(), job.copy) for job in jobs] + _asked_in_vain(tx, order_id=order.id)
    papers = _papers(tx, kept, queue_id=0)
    try:
        return list(dict.fromkeys(queue for queue, _ in papers or route_order(tx, order))), bool(papers)
    except Refusal:  # no queue, or one whose query names what is gone: revising says so
        return [], False


def _asked_in_vain(tx: Tx, *, order_id: int) -> list[tuple[int, str]]:
    """Return the queues and copies that were asked for while a check held an order."""
    by_check = [hold for hold in open_holds(tx, order_id=order_id) if hold.kind in ("check", "acknowledge")]
    return kept_by(tx, by_check) if by_check else []


def _papers(tx: Tx, kept: list[tuple[int, str]], *, queue_id: int) -> list[Paper]:
    """Return what to print: what was kept, each of its queue and copy, and all of the queue that is named, if any."""
    queues = {queue.id: queue for queue in list_queues(tx)}
    chosen = get_queue(tx, queue_id=queue_id) if queue_id else None
    named = [(chosen, copy) for copy in chosen.copy_list()] if chosen else []
    first = next(iter(queues.values()), None)
    papers = [(queues.get(home_id, first), copy) for home_id, copy in kept]
    return list(dict.fromkeys([*named, *((queue, copy) for queue, copy in papers if queue)]))
