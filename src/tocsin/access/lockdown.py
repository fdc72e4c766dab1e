"""Lockdown as access sees it: what changes an order asks for a fresh proof of who is at the desk."""

from tocsin.access.step_up import is_proved, require_proof
from tocsin.alarm.posture import read_posture
from tocsin.core.actor import Actor
from tocsin.core.db import Tx


def require_proof_in_lockdown(tx: Tx, actor: Actor) -> None:
    """Refuse a change by somebody without a fresh proof while the desk is locked down; printing goes on.

    Raises:
        ProofNeeded: his last proof is too old, or he is a key, which can give none.
    """
    if not is_proved(actor) and read_posture(tx).state == "lockdown":
        require_proof(actor)
