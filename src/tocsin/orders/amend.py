"""Box 11, amend: change an order, with a reason, against the revision the clerk saw."""

import sqlalchemy as sa

from tocsin.access.lockdown import require_proof_in_lockdown
from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.event import append_event
from tocsin.core.journal import journal, write_journal
from tocsin.core.mask import mask_text
from tocsin.core.statement import Statement, among, bind, own
from tocsin.orders.amendment import Amendment as Amendment
from tocsin.orders.amendment import MaskedValue as MaskedValue
from tocsin.orders.amendment import PartyChanges as PartyChanges
from tocsin.orders.amendment import TotalsChanges as TotalsChanges
from tocsin.orders.amendment import apply_amendment as apply_amendment
from tocsin.orders.amendment import draft_of as draft_of
from tocsin.orders.compare import Change as Change
from tocsin.orders.compare import compare_orders as compare_orders
from tocsin.orders.draft import Order
from tocsin.orders.field_right import require_fields
from tocsin.orders.platform import ask_platform
from tocsin.orders.produce import Issued, clean_draft, produce_revision
from tocsin.orders.second_person import require_second
from tocsin.orders.store import load_order
from tocsin.orders.table import order_head

REASON_CHARACTERS = 500


class OrderMoved(Refusal):
    """Order {number} is at revision {present} now, you saw {seen}: compare both, then amend again"""

    kind, code = "conflict", "order_moved"


class OrderCancelled(Refusal):
    """Order {number} is cancelled and can't be changed: issue a new one where it is still wanted"""

    kind, code = "refused", "order_cancelled"


class ReasonMissing(Refusal):
    """Say why, in 1 to 500 characters: the reason stays with the revision"""

    kind, code = "invalid", "reason_missing"


class NothingChanged(Refusal):
    """Nothing differs from revision {seen}: change something, or leave it"""

    kind, code = "invalid", "nothing_changed"


def amend_order(
    tx: Tx, actor: Actor, *, order_id: int, seen: int, amendment: Amendment, reason: str
) -> Issued:
    """Make revision `seen` + 1, back at `produced`.

    Raises:
        NotAllowed, ReasonMissing, OrderCancelled, MaskedValue, NothingChanged
        FieldLocked: his role may not change one of these fields.
        OrderMoved: another change came first; nothing is overwritten.
        ProofNeeded: the desk is locked down, and he has not proved lately who he is.
    """
    before = begin_change(tx, actor, order_id=order_id, seen=seen, reason=reason)
    after = apply_amendment(before, amendment)
    require_fields(tx, actor, before, after=after, typed=amendment)
    return issue_change(tx, actor, before, after=after, reason=reason)


def begin_change(tx: Tx, actor: Actor, *, order_id: int, seen: int, reason: str) -> Order:
    """Return an order with its real text, at the revision that was seen, for who may change it and says why.

    Raises:
        NotAllowed, ProofNeeded, ReasonMissing, OrderMissing, OrderCancelled, OrderMoved
        SecondPersonNeeded: the order is watched, and nobody else has confirmed that it is opened.
    """
    require(actor, "amend")
    require_proof_in_lockdown(tx, actor)
    if not 0 < len(reason.strip()) <= REASON_CHARACTERS:
        raise ReasonMissing
    before = load_order(tx, order_id=order_id, real=True)
    require_second(tx, actor, order_id=order_id, number=before.number)
    require_open(before, seen)
    return before


def issue_change(tx: Tx, actor: Actor, before: Order, *, after: Order, reason: str) -> Issued:
    """Make the next revision of an order from its changed content; a platform's order asks its platform.

    Raises:
        NothingChanged
        OrderMoved, OrderCancelled: on PostgreSQL another transaction was first.
    """
    if not compare_orders(before, after):
        raise NothingChanged(seen=before.revision)
    issued = produce_revision(
        tx, actor, clean_draft(draft_of(after)), order_id=before.id, number=before.number, seen=before.revision,
        reason=mask_text(reason.strip(), before.receiver, after.receiver),
    )  # fmt: skip
    if issued is None:
        require_open(load_order(tx, order_id=before.id), before.revision)
        raise AssertionError("a head that is open and was not moved takes the next revision")
    # A payable that is only made to agree with its own lines was mistaken, and says nothing of what was paid.
    if before.payment == "paid" and after.payable_minor not in (
        before.payable_minor, before.computed_payable_minor
    ):  # fmt: skip
        tx.run(_KEEP_PAID, b_id=before.id, paid_minor=before.payable_minor)
    ask_platform(tx, actor, after, revision=issued.revision)
    return issued


# Paid without a declared amount was paid as what was payable then: another payable must not take it along.
_KEEP_PAID = Statement[None](
    sa.update(order_head).where(
        own(order_head), order_head.c.id == bind("b_id"), order_head.c.paid_minor.is_(None)
    ),
    sets=("paid_minor",),
)
CANCEL_VERB, REOPEN_VERB = "orders.cancel", "orders.reopen"
_LAST_SAID = Statement[tuple[str]](
    sa.select(journal.c.verb).where(
        own(journal), journal.c.subject == bind("subject", str), among(journal.c.verb, CANCEL_VERB, REOPEN_VERB)
    ).order_by(journal.c.id.desc()).limit(1)
)  # fmt: skip
_CANCEL = Statement[None](
    sa.update(order_head).where(
        own(order_head), order_head.c.id == bind("b_id"), order_head.c.desk_state != "cancelled"
    ),
    sets=("desk_state",),
)


def cancel_order(tx: Tx, actor: Actor, *, order_id: int, reason: str) -> None:
    """Cancel an order: its number stays, its tickets become VOID, it can't be amended any more.

    Raises:
        NotAllowed, ReasonMissing, OrderCancelled
        ProofNeeded: as for amending.
    """
    require(actor, "cancel")
    require_proof_in_lockdown(tx, actor)
    if not 0 < len(reason.strip()) <= REASON_CHARACTERS:
        raise ReasonMissing
    before = load_order(tx, order_id=order_id, real=True)
    if not tx.run(_CANCEL, b_id=order_id, desk_state="cancelled"):
        raise OrderCancelled(number=before.number)
    append_event(tx, "order.cancelled", subject_id=order_id, data={"revision": before.revision})
    write_journal(
        tx, actor, verb=CANCEL_VERB, subject=f"order:{order_id}",
        data={"reason": mask_text(reason.strip(), before.receiver)},
    )  # fmt: skip


def was_cancelled_here(tx: Tx, *, order_id: int) -> bool:
    """Tell whether a person has cancelled an order at the desk, and not taken it back: its source opens it no more."""
    return str(tx.value(_LAST_SAID, subject=f"order:{order_id}")) == CANCEL_VERB


def require_open(present: Order, seen: int) -> None:
    """Refuse an order that can't be amended, or is at another revision than was seen.

    Raises:
        OrderCancelled, OrderMoved
    """
    if present.desk_state == "cancelled":
        raise OrderCancelled(number=present.number)
    if present.revision != seen:
        raise OrderMoved(number=present.number, seen=seen, present=present.revision)
