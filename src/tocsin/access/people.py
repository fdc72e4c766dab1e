"""People of the alarm as access sees them: who takes an address away or switches it off has proved who he is, and its owner hears of it."""

from typing import Any

from tocsin.access.account import account_changed
from tocsin.access.step_up import require_proof
from tocsin.alarm.recipient import Recipient, change_recipient, get_recipient, remove_recipient
from tocsin.core.actor import Actor
from tocsin.core.db import Tx


def drop_person(tx: Tx, actor: Actor, *, recipient_id: int) -> None:
    """Take an address away; where it is somebody else's, he is told.

    Raises:
        NotAllowed, RecipientMissing
        ProofNeeded: the actor has not proved lately who he is.
    """
    found = get_recipient(tx, recipient_id=recipient_id)
    remove_recipient(tx, actor, recipient_id=recipient_id)
    require_proof(actor)
    _tell_owner(tx, actor, found, what="recipient_removed")


def change_person(tx: Tx, actor: Actor, *, recipient_id: int, **chosen: Any) -> None:
    """Change of what somebody is told; where it is somebody else who is told less, he is told that.

    Args:
        chosen: as `change_recipient` takes it.

    Raises:
        NotAllowed, RecipientMissing, RecipientWrong
        ProofNeeded: less is told, and the actor has not proved lately who he is.
    """
    before = get_recipient(tx, recipient_id=recipient_id)
    change_recipient(tx, actor, recipient_id=recipient_id, **chosen)
    now = get_recipient(tx, recipient_id=recipient_id)
    fewer = not set(before.wanted()) <= set(now.wanted()) or now.step > before.step
    if before.active and (fewer or not now.active):
        require_proof(actor)
        _tell_owner(tx, actor, before, what="recipient_less")


def _tell_owner(tx: Tx, actor: Actor, found: Recipient, *, what: str) -> None:
    his = actor.kind == "operator" and found.operator_id == actor.id
    if found.operator_id and not his:
        account_changed(tx, operator_id=found.operator_id, what=what)
