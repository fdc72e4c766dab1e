"""A cancellation taken back, as long as no paper of the order is out and its source has said nothing since."""

import sqlalchemy as sa

from tocsin.access.lockdown import require_proof_in_lockdown
from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.event import append_event
from tocsin.core.journal import journal, write_journal
from tocsin.core.statement import Statement, among, bind, own
from tocsin.orders.amend import CANCEL_VERB, REOPEN_VERB
from tocsin.orders.store import load_order
from tocsin.orders.table import order_head
from tocsin.tickets.check import lock_order
from tocsin.tickets.job import ON_PAPER, all_jobs_of_order


class NotReopened(Refusal):
    """{number} stays cancelled: {problem}"""

    kind, code = "conflict", "not_reopened"


_LAST_SAID = Statement[tuple[str]](
    sa.select(journal.c.verb).where(
        own(journal), journal.c.subject == bind("subject", str),
        among(journal.c.verb, CANCEL_VERB, REOPEN_VERB, "orders.move"),
    ).order_by(journal.c.id.desc()).limit(1)
)  # fmt: skip
_REOPEN = Statement[None](
    sa.update(order_head).where(
        own(order_head), order_head.c.id == bind("b_id"), order_head.c.desk_state == "cancelled"
    ),
    sets=("desk_state",),
)


def reopen_order(tx: Tx, actor: Actor, *, order_id: int) -> None:
    """Let an order that was cancelled at the desk go on as before; it is checked again.

    Raises:
        NotAllowed, ProofNeeded: as for cancelling.
        NotReopened: paper is out, its source was heard since, or it is not cancelled by a person.
    """
    require(actor, "cancel")
    require_proof_in_lockdown(tx, actor)
    lock_order(tx, order_id=order_id)
    found = load_order(tx, order_id=order_id)
    if any(job.state in ON_PAPER for job in all_jobs_of_order(tx, order_id=order_id)):
        raise NotReopened(number=found.number, problem="its ticket is out, pull it and make a new order")
    if tx.value(_LAST_SAID, subject=f"order:{order_id}") != CANCEL_VERB:
        raise NotReopened(number=found.number, problem="its shop has moved it since, look at the order again")
    if not tx.run(_REOPEN, b_id=order_id, desk_state="produced"):
        raise NotReopened(number=found.number, problem="it is open already, look at the order again")
    told = {"payment": found.payment, "fulfilment": found.fulfilment}
    append_event(tx, "order.moved", subject_id=order_id, data={"revision": found.revision, **told})
    write_journal(tx, actor, verb=REOPEN_VERB, subject=f"order:{order_id}", data={})
