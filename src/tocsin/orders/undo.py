"""Undo: the last amendment is taken back by a revision of its own; nothing that was is lost."""

from msgspec.structs import asdict

from tocsin.core.actor import Actor
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.orders.amend import begin_change, issue_change
from tocsin.orders.amendment import as_order, draft_of
from tocsin.orders.field_right import require_fields
from tocsin.orders.produce import Issued
from tocsin.orders.store import list_revisions, load_order


class NothingToUndo(Refusal):
    """Revision {revision} of {number} was not amended at this desk, so there is nothing to undo: amend it instead"""

    kind, code = "conflict", "nothing_to_undo"


class ReceiverErased(Refusal):
    """The receiver of revision {revision} was erased, so there is nothing to go back to: amend {number} instead"""

    kind, code = "conflict", "receiver_erased"


class UndoPrinted(Refusal):
    """Revision {revision} is on paper: undone, that paper is SUPERSEDED and the next one says AMENDED; confirm it"""

    kind, code = "conflict", "undo_printed"


def undo_amendment(
    tx: Tx, actor: Actor, *, order_id: int, seen: int, reason: str, printed_too: bool = False
) -> Issued:
    """Make a revision with the content of the one before the head; undoing twice brings it back.

    Args:
        printed_too: undo although the head is on paper, knowing that it becomes superseded.

    Raises:
        NotAllowed, ProofNeeded, ReasonMissing, OrderCancelled, FieldLocked
        OrderMoved: somebody changed the order since.
        NothingToUndo: the head is the first revision, or came from the source.
        ReceiverErased: the one before has lost its receiver.
        UndoPrinted: the head is on paper, and that was not confirmed.
    """
    before = begin_change(tx, actor, order_id=order_id, seen=seen, reason=reason)
    newest = list_revisions(tx, order_id=order_id)[0]
    if seen < 2 or newest.reason.startswith("intake: "):
        raise NothingToUndo(revision=seen, number=before.number)
    if before.desk_state != "produced" and not printed_too:
        raise UndoPrinted(revision=seen)
    earlier = load_order(tx, order_id=order_id, revision=seen - 1, real=True)
    if not any(asdict(earlier.receiver).values()) and any(asdict(before.receiver).values()):
        raise ReceiverErased(revision=seen - 1, number=before.number)
    after = as_order(before, draft_of(earlier))
    require_fields(tx, actor, before, after=after)
    return issue_change(tx, actor, before, after=after, reason=reason)
