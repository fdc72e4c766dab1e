"""Lock everything: one act of an owner that stops whatever somebody else could do, with an undo list afterwards.

And its small sister: an operator locks his own account, from a message that told him of an attack.
"""

import sqlalchemy as sa
from msgspec import Struct

from tocsin.access.account import account_changed
from tocsin.access.api_key import resume_api_key, suspend_api_keys
from tocsin.access.device import forget_devices
from tocsin.access.link import void_all_links, void_links_around
from tocsin.access.operator import OperatorMissing, has_other_owner, set_active
from tocsin.access.session import REOPENED_REASON, end_sessions_of
from tocsin.access.step_up import require_proof
from tocsin.access.table import session
from tocsin.access.undo import Act, Done, list_done, take_back
from tocsin.alarm.posture import change_posture, read_posture
from tocsin.core.actor import Actor, NotAllowed, require
from tocsin.core.db import Tx
from tocsin.core.event import append_event
from tocsin.core.journal import write_journal
from tocsin.core.statement import Statement, bind, own

ACT = "lock_all"


class AccountLocked(Struct, frozen=True):
    """The sessions that ended; `suspended` is false for the last owner, who may sign in again."""

    sessions: int
    suspended: bool


_live = (own(session), session.c.ended_at_us.is_(None), session.c.expires_at_us > bind("now"))
_OTHERS = Statement[tuple[int, int]](
    sa.select(session.c.id, session.c.operator_id).where(*_live, session.c.id != bind("kept_id"))
    .order_by(session.c.id)
)  # fmt: skip
_END = Statement[None](
    sa.update(session).where(
        own(session), session.c.operator_id == bind("of_operator"), session.c.id == bind("session_id")
    ),
    sets=("ended_at_us", "ended_reason"),
)
_REOPEN = Statement[None](
    sa.update(session).where(
        own(session), session.c.operator_id == bind("of_operator"), session.c.id == bind("session_id"),
        session.c.ended_reason == bind("because", str),
    ),
    sets=("ended_at_us", "ended_reason"),
)  # fmt: skip


def lock_everything(tx: Tx, actor: Actor, *, reason: str) -> int:
    """Lock the desk down, end each session but the actor's, suspend each API key, void each link and code; return how much was done.

    Printing goes on, and so do the stations. What an earlier lock has done already is not done again.

    Args:
        reason: why, as the posture's history tells it.

    Raises:
        NotAllowed, ProofNeeded: the actor is no owner, or has not proved lately who he is.
        PostureWrong: there is no reason.
    """
    require(actor, "operators")
    require_proof(actor)
    act, done = Act(tx, actor, name=ACT), 0
    before = read_posture(tx).state
    if before != "lockdown":
        change_posture(tx, actor, state="lockdown", reason=reason)
        act.note("posture", subject=before)
        done += 1
    for session_id, operator_id in tx.rows(_OTHERS, kept_id=actor.session_id, now=tx.now_us):
        ends = {"ended_at_us": tx.now_us, "ended_reason": REOPENED_REASON}
        tx.run(_END, of_operator=operator_id, session_id=session_id, **ends)
        act.note("session", subject_id=session_id, subject=str(operator_id))
        done += 1
    for key_id in suspend_api_keys(tx):
        act.note("api_key", subject_id=key_id)
        done += 1
    done += void_all_links(tx)
    write_journal(
        tx, actor, verb="access.lock_everything", subject=f"merchant:{tx.merchant_id}", data={"done": done}
    )
    append_event(tx, "access.locked_everything", subject_id=actor.id, data={"done": done})
    return done


def list_locked(tx: Tx, actor: Actor) -> list[Done]:
    """Return what the latest lock of everything did, each thing with whether it was taken back.

    Raises:
        NotAllowed: the actor is no owner.
    """
    require(actor, "operators")
    return list_done(tx, name=ACT)


def undo_lock(tx: Tx, actor: Actor, *, item_id: int, reason: str) -> None:
    """Take back one thing that a lock of everything did.

    A session goes on where it was left, unless its time is over, or its operator was suspended or has another
    credential since. Links and codes stay void: who needs one makes another.

    Raises:
        NotAllowed, ProofNeeded, UndoMissing: the actor may not, or there is nothing to take back.
        PostureWrong, PostureSame: there is no reason, or the posture was set by hand meanwhile.
    """
    require(actor, "operators")
    require_proof(actor)
    done = take_back(tx, actor, name=ACT, item_id=item_id)
    if done.kind == "posture":
        change_posture(tx, actor, state=done.subject or "calm", reason=reason)
    elif done.kind == "session":
        tx.run(
            _REOPEN, of_operator=int(done.subject), session_id=done.subject_id, because=REOPENED_REASON, ended_at_us=None,
            ended_reason="",
        )  # fmt: skip
    elif done.kind == "api_key":
        resume_api_key(tx, key_id=done.subject_id)
    data = {"kind": done.kind, "id": str(done.subject_id)}
    write_journal(tx, actor, verb="access.undo_lock", subject=f"merchant:{tx.merchant_id}", data=data)


def lock_own_account(tx: Tx, actor: Actor) -> AccountLocked:
    """Lock the actor's own account: his sessions end, this one too, and a superior must switch it on again.

    The last owner stays able to sign in: nobody could switch him on.

    Raises:
        NotAllowed: a key or a station has no account.
        ProofNeeded: the actor has not proved lately who he is.
    """
    if actor.kind != "operator":
        raise NotAllowed(right="account")
    require_proof(actor)
    if not actor.id:
        raise OperatorMissing
    suspended = actor.role != "owner" or has_other_owner(tx, operator_id=actor.id)
    if suspended:
        set_active(tx, operator_id=actor.id, active=False)
        void_links_around(tx, operator_id=actor.id)
    forget_devices(tx, operator_id=actor.id)
    ended = end_sessions_of(tx, operator_id=actor.id, reason="account_locked")
    data = {"sessions": ended, "suspended": suspended}
    write_journal(tx, actor, verb="access.lock_own_account", subject=f"operator:{actor.id}", data=data)
    append_event(tx, "access.operator_changed", subject_id=actor.id)
    account_changed(tx, operator_id=actor.id, what="locked")
    return AccountLocked(ended, suspended)
