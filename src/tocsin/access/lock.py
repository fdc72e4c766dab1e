"""Lock and unlock at an enrolled desk: one browser, several people, one of them at work.

A locked session stays, but opens nothing; it goes on when its operator proves himself at this very
desk. Each lock and each unlock gives it another token, so that no cookie of before is worth anything.
"""

import sqlalchemy as sa
from msgspec import Struct

from tocsin.access.desk import EnrolledDesk, place_at
from tocsin.access.secret import hash_secret
from tocsin.access.session import new_token, read_ends, read_session
from tocsin.access.table import operator, pin, session
from tocsin.access.verification import may_enter
from tocsin.core.actor import Actor
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.journal import write_journal
from tocsin.core.statement import NOUGHT, Statement, bind, own


class NotAtDesk(Refusal):
    """This browser is no enrolled desk: sign out instead, or let a manager enrol it"""

    kind, code = "conflict", "not_at_desk"


class Unlocker(Struct, frozen=True):
    """Who has a session at a desk that can go on; `pin_failures` is -1 where he has set no PIN there."""

    session_id: int
    operator_id: int
    name: str
    display_name: str
    role: str
    last_seen_us: int
    pin_failures: int


class Unlocked(Struct, frozen=True):
    """A session that goes on; the token is in no table."""

    token: str
    actor: Actor


_here = (
    own(session), session.c.desk_id == bind("of_desk"), session.c.ended_at_us.is_(None),
    session.c.expires_at_us > bind("now"), session.c.last_seen_us > bind("idle_since"),
    session.c.created_at_us > bind("begun_since"),
)  # fmt: skip
_AT_DESK = Statement(
    sa.select(
        session.c.id.label("session_id"), session.c.operator_id, operator.c.name, operator.c.display_name, operator.c.role,
        session.c.last_seen_us, sa.func.coalesce(pin.c.failures, sa.literal_column("-1")).label("pin_failures"),
    )
    .select_from(
        session.join(operator, (operator.c.merchant_id == session.c.merchant_id) & (operator.c.id == session.c.operator_id))
        .outerjoin(pin, (pin.c.merchant_id == session.c.merchant_id) & (pin.c.desk_id == session.c.desk_id)
                   & (pin.c.operator_id == session.c.operator_id))
    )
    .where(*_here, operator.c.active == 1).order_by(session.c.id.desc()),
    Unlocker,
)  # fmt: skip
_alive = sa.update(session).where(own(session), session.c.ended_at_us.is_(None))
_LOCK = Statement[None](
    _alive.where(session.c.token_hash == bind("hash", str), session.c.desk_id != NOUGHT), sets=("locked_at_us", "token_hash")
)  # fmt: skip
_UNLOCK = Statement[None](
    _alive.where(session.c.operator_id == bind("b_operator_id"), session.c.id == bind("session_id")),
    sets=("locked_at_us", "token_hash", "last_seen_us"),
)
_LEAVE = Statement[None](
    _alive.where(
        session.c.token_hash == bind("hash", str), session.c.desk_id == bind("of_desk"),
        session.c.operator_id != bind("b_operator_id"),
    ),
    sets=("locked_at_us", "token_hash"),
)  # fmt: skip
_END_OLDER = Statement[None](
    _alive.where(
        session.c.operator_id == bind("b_operator_id"), session.c.desk_id == bind("of_desk"), session.c.id != bind("kept_id")
    ),
    sets=("ended_at_us", "ended_reason"),
)  # fmt: skip


def lock_session(tx: Tx, actor: Actor, *, token: str) -> str:
    """Lock the session that the actor acts in; return its new token, which opens the lock page alone.

    Raises:
        NotAtDesk: it is not at an enrolled desk: nobody could unlock it there.
    """
    locked = new_token(tx)
    if not tx.run(_LOCK, hash=hash_secret(token), locked_at_us=tx.now_us, token_hash=hash_secret(locked)):
        raise NotAtDesk
    write_journal(tx, actor, verb="access.lock", subject=f"session:{actor.session_id}")
    return locked


def list_unlockers(tx: Tx, *, desk_id: int) -> list[Unlocker]:
    """Return who may go on at a desk, each once, the latest first."""
    ends = read_ends(tx)
    found = tx.rows(
        _AT_DESK, of_desk=desk_id, now=tx.now_us, idle_since=tx.now_us - ends.idle_us, begun_since=tx.now_us - ends.longest_us
    )  # fmt: skip
    return list({one.operator_id: one for one in reversed(found)}.values())[::-1]


def unlock_session(
    tx: Tx, *, operator_id: int, desk: EnrolledDesk, desk_token: str, address: str, method: str
) -> Unlocked | None:
    """Let an operator's session at a desk go on, after his proof there; None where he has none, or may not now."""
    waiting = [one for one in list_unlockers(tx, desk_id=desk.id) if one.operator_id == operator_id]
    place = place_at(desk, address=address)
    if not waiting or not may_enter(tx, operator_id=operator_id, place=place, method=method):
        return None
    token = new_token(tx)
    tx.run(
        _UNLOCK, b_operator_id=operator_id, session_id=waiting[0].session_id, locked_at_us=0, token_hash=hash_secret(token),
        last_seen_us=tx.now_us,
    )  # fmt: skip
    actor = read_session(tx, token=token, address=address, desk=desk_token).open()
    if actor is None:
        return None
    write_journal(
        tx, actor, verb="access.unlock", subject=f"session:{actor.session_id}", data={"method": method}
    )
    return Unlocked(token, actor)


def make_way(tx: Tx, *, operator_id: int, desk_id: int, left: str, session_id: int) -> bool:
    """Settle what was open at a desk when somebody has signed in there: another's session is locked, his own older ones end.

    Args:
        left: the session token that the browser brought along.
        session_id: the new session.

    Returns:
        Whether the session that was left was somebody else's, and is locked now.
    """
    locked = bool(left) and bool(tx.run(
        _LEAVE, hash=hash_secret(left), of_desk=desk_id, b_operator_id=operator_id, locked_at_us=tx.now_us,
        token_hash=hash_secret(new_token(tx)),
    ))  # fmt: skip
    tx.run(
        _END_OLDER, b_operator_id=operator_id, of_desk=desk_id, kept_id=session_id, ended_at_us=tx.now_us,
        ended_reason="replaced",
    )  # fmt: skip
    return locked
