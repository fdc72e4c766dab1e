"""A lost phone: one act makes worthless whatever its finder could use."""

from msgspec import Struct

from tocsin.access.account import account_changed
from tocsin.access.device import forget_devices
from tocsin.access.operator import get_operator
from tocsin.access.passkey import revoke_passkeys_of
from tocsin.access.session import end_sessions_of
from tocsin.access.step_up import require_proof
from tocsin.alarm.recipient import remove_pushes_of
from tocsin.core.actor import Actor
from tocsin.core.db import Tx
from tocsin.core.journal import write_journal


class PhoneLost(Struct, frozen=True):
    """How many of each have ended."""

    passkeys: int
    sessions: int
    pushes: int


def lose_phone(tx: Tx, actor: Actor, *, operator_id: int) -> PhoneLost:
    """Revoke an operator's passkeys, end his sessions but the one that this is done in, and his messages to browsers.

    Raises:
        OperatorMissing, NotAllowed: it is neither the actor himself nor somebody under him.
        ProofNeeded: the actor has not proved lately who he is.
    """
    mine = actor.id == operator_id
    if not mine:
        get_operator(tx, actor, operator_id=operator_id)
    require_proof(actor)
    kept_id = actor.session_id if mine else 0
    done = PhoneLost(
        passkeys=revoke_passkeys_of(tx, operator_id=operator_id),
        sessions=end_sessions_of(tx, operator_id=operator_id, reason="phone_lost", kept_id=kept_id),
        pushes=remove_pushes_of(tx, actor, operator_id=operator_id),
    )
    forget_devices(tx, operator_id=operator_id)
    data = {"passkeys": done.passkeys, "sessions": done.sessions, "pushes": done.pushes}
    write_journal(tx, actor, verb="access.lose_phone", subject=f"operator:{operator_id}", data=data)
    account_changed(tx, operator_id=operator_id, what="phone_lost")
    return done
