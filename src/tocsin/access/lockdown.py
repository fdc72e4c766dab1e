"""Lockdown as access sees it: what changes an order, or lifts it, asks for a fresh proof of who is at the desk."""

from tocsin.access.step_up import is_proved, require_proof
from tocsin.alarm.posture import change_posture, read_posture
from tocsin.core.actor import Actor
from tocsin.core.db import Tx


def require_proof_in_lockdown(tx: Tx, actor: Actor) -> None:
    """Refuse a change by somebody without a fresh proof while the desk is locked down; printing goes on.

    Raises:
        ProofNeeded: his last proof is too old, or he is a key, which can give none.
    """
    if not is_proved(actor) and read_posture(tx).state == "lockdown":
        require_proof(actor)


def set_posture_by_hand(tx: Tx, actor: Actor, *, state: str, reason: str) -> None:
    """Set the posture; who lifts a lockdown proves who he is.

    Raises:
        NotAllowed, PostureWrong, PostureSame, LockdownHeld, LockdownYours: as `change_posture` does.
        ProofNeeded: a lockdown is lifted, and his last proof is too old.
    """
    was = read_posture(tx).state
    change_posture(tx, actor, state=state, reason=reason)
    if was == "lockdown":
        require_proof(actor)
