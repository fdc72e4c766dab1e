"""Offboarding: who leaves has nothing left that opens, his name stays his; and who comes back begins anew."""

import sqlalchemy as sa

from tocsin.access.device import forget_devices
from tocsin.access.finger import drop_fingers_of
from tocsin.access.link import void_links_around
from tocsin.access.operator import OperatorLeft, get_operator, keep_an_owner
from tocsin.access.passkey import revoke_passkeys_of
from tocsin.access.pin import drop_pins_of
from tocsin.access.recovery import drop_codes_of
from tocsin.access.session import end_sessions_of
from tocsin.access.step_up import require_proof
from tocsin.access.table import api_key, operator, password
from tocsin.access.undo import Act, Done, list_done
from tocsin.alarm.recipient import end_recipient, recipient
from tocsin.core.actor import Actor, NotAllowed
from tocsin.core.db import Tx
from tocsin.core.event import append_event
from tocsin.core.journal import write_journal
from tocsin.core.statement import NOUGHT, Statement, bind, own

ACT = "offboard"

_of_id = (own(operator), operator.c.id == bind("operator_id"))
_LEAVE = Statement[None](sa.update(operator).where(*_of_id), sets=("active", "left_at_us"))
_DROP_PASSWORD = Statement[None](
    sa.delete(password).where(own(password), password.c.operator_id == bind("of_operator"))
)
_KEYS = Statement[tuple[int]](
    sa.select(api_key.c.id).where(
        own(api_key), api_key.c.created_by == bind("of_operator"), api_key.c.revoked_at_us.is_(None)
    )
)
_REVOKE_KEY = Statement[None](
    sa.update(api_key).where(own(api_key), api_key.c.id == bind("key_id")), sets=("revoked_at_us",)
)
_RECIPIENTS = Statement[tuple[int]](
    sa.select(recipient.c.id).where(
        own(recipient), recipient.c.operator_id == bind("of_operator"), recipient.c.removed == NOUGHT
    )
)


def offboard_operator(tx: Tx, actor: Actor, *, operator_id: int) -> None:
    """Let an operator leave: whatever he signs in with is gone, and what he made for programs is revoked.

    His name stays reserved, and what he did stays in the journal.

    Raises:
        OperatorMissing, NotAllowed, LastOwner: there is none such, he is above the actor, the actor himself, or the last owner.
        ProofNeeded: the actor has not proved lately who he is.
        OperatorLeft: he has left already.
    """
    found = get_operator(tx, actor, operator_id=operator_id)
    if actor.id == operator_id:
        raise NotAllowed(right="operators")
    require_proof(actor)
    if found.left_at_us:
        raise OperatorLeft
    keep_an_owner(tx, found)
    tx.run(_LEAVE, operator_id=operator_id, active=0, left_at_us=tx.now_us)
    _end_all(tx, actor, operator_id=operator_id)
    write_journal(tx, actor, verb="access.offboard_operator", subject=f"operator:{operator_id}")
    append_event(tx, "access.operator_changed", subject_id=operator_id)


def come_back(tx: Tx, *, operator_id: int) -> None:
    """Let somebody who has left be an operator again, without anything to sign in with."""
    tx.run(_LEAVE, operator_id=operator_id, active=1, left_at_us=0)


def what_ended(tx: Tx, *, operator_id: int) -> list[Done]:
    """Return what was ended when an operator left, in its order."""
    return list_done(tx, name=ACT, about_id=operator_id)


def _end_all(tx: Tx, actor: Actor, *, operator_id: int) -> None:
    act = Act(tx, actor, name=ACT, about_id=operator_id)
    keys = [row[0] for row in tx.rows(_KEYS, of_operator=operator_id)]
    counts = {
        "sessions": end_sessions_of(tx, operator_id=operator_id, reason="offboarded"),
        "passkeys": revoke_passkeys_of(tx, operator_id=operator_id),
        "fingers": drop_fingers_of(tx, actor, operator_id=operator_id),
        "pins": drop_pins_of(tx, operator_id=operator_id),
        "password": tx.run(_DROP_PASSWORD, of_operator=operator_id),
        "codes": drop_codes_of(tx, operator_id=operator_id),
        "recipients": _end_recipients(tx, operator_id=operator_id),
    }
    for kind, count in counts.items():
        if count:
            act.note(kind, subject_id=count)
    for key_id in keys:
        tx.run(_REVOKE_KEY, key_id=key_id, revoked_at_us=tx.now_us)
        act.note("api_key", subject_id=key_id)
    forget_devices(tx, operator_id=operator_id)
    act.note("devices")
    void_links_around(tx, operator_id=operator_id)


def _end_recipients(tx: Tx, *, operator_id: int) -> int:
    found = tx.rows(_RECIPIENTS, of_operator=operator_id)
    for row in found:
        end_recipient(tx, recipient_id=row[0])
    return len(found)
