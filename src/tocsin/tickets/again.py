"""A failed paper asked for again: the hold that its failure left is released, and it prints, in one act."""

from tocsin.core.actor import Actor
from tocsin.core.db import Tx
from tocsin.orders.second_person import barred_among
from tocsin.orders.stop import open_holds
from tocsin.orders.store import load_order
from tocsin.tickets.check import lock_order
from tocsin.tickets.hold import release_hold
from tocsin.tickets.job import get_job
from tocsin.tickets.terminal import Requested, print_few

PRINTED_AGAIN = "printed again"


def print_again(tx: Tx, actor: Actor, *, job_id: int, base_url: str) -> tuple[Requested, bool]:
    """Ask for a paper again, of the order as it is now; tell whether that released the hold of its failure.

    That hold goes only where no other one stands, so that the release prints.

    Raises:
        NotAllowed, JobMissing
    """
    job = get_job(tx, job_id=job_id)
    lock_order(tx, order_id=job.order_id)
    holds = open_holds(tx, order_id=job.order_id)
    alone = job.state == "failed" and [(hold.kind, hold.job_id) for hold in holds] == [("failed", job.id)]
    if alone and not barred_among(tx, actor, order_ids=[job.order_id], act="print"):
        released = release_hold(tx, actor, hold_id=holds[0].id, reason=PRINTED_AGAIN, base_url=base_url)
        if released.requested:
            return released.requested, True
    seen = load_order(tx, order_id=job.order_id).revision
    receipt = print_few(
        tx, actor, orders=[(job.order_id, seen)], base_url=base_url, queue_id=job.home_id(), copies=(job.copy,)
    )  # fmt: skip
    return receipt.results[0], False
