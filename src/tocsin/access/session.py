"""Sessions: a hashed token, one indexed read per request, no cache: ending one is immediate."""

import hashlib
import hmac
import re

import sqlalchemy as sa
from msgspec import Struct

from tocsin.access.permit import Holder, permit_operator
from tocsin.access.secret import hash_secret, new_secret
from tocsin.access.table import operator, session
from tocsin.core.actor import Actor
from tocsin.core.clock import DAY_US, MINUTE_US, now_us
from tocsin.core.db import Database, Tx
from tocsin.core.errors import Refusal
from tocsin.core.ident import new_id
from tocsin.core.journal import write_journal
from tocsin.core.statement import Statement, bind, insert_into, own

IDLE_US = 12 * 60 * MINUTE_US
LONGEST_US = 7 * DAY_US
_SEEN_EVERY_US = MINUTE_US
_TOKEN = re.compile(r"([0-7]?[0-9a-f]{1,15})\.[A-Za-z0-9_-]{43}")
_DEVICE_LENGTH = 120


class SessionMissing(Refusal):
    """There is no such session of yours, or it has ended: look at the list again"""

    kind, code = "missing", "session_missing"


class NewSession(Struct, frozen=True):
    """A session just made; the token is in no table."""

    id: int
    token: str


class SessionSeen(Struct, frozen=True):
    """A live session as its operator sees it in the list."""

    id: int
    operator_id: int
    created_at_us: int
    last_seen_us: int
    expires_at_us: int
    device: str
    address: str


_live = (
    own(session), session.c.ended_at_us.is_(None), session.c.expires_at_us > bind("now"),
    session.c.last_seen_us > bind("idle_since"),
)  # fmt: skip
_mine = session.c.operator_id == bind("operator_id")
_ADD = insert_into(session)
_FIND = Statement(
    sa.select(
        session.c.id.label("session_id"), session.c.operator_id, operator.c.display_name.label("name"), operator.c.role,
        operator.c.locale, operator.c.zone, session.c.proved_at_us, session.c.last_seen_us,
    )
    .select_from(
        session.join(operator, (operator.c.merchant_id == session.c.merchant_id) & (operator.c.id == session.c.operator_id))
    )
    .where(session.c.token_hash == bind("token_hash", str), *_live, operator.c.active == 1),
    Holder,
)  # fmt: skip
_SEEN = Statement[None](
    sa.update(session).where(
        session.c.token_hash == bind("hash", str), own(session), session.c.last_seen_us < bind("before")
    ),
    sets=("last_seen_us",),
)
_LIST = Statement(
    sa.select(*(session.c[f] for f in SessionSeen.__struct_fields__)).where(*_live, _mine).order_by(session.c.id.desc()),
    SessionSeen,
)  # fmt: skip
_ending = sa.update(session).where(own(session), session.c.ended_at_us.is_(None))
_SETS = ("ended_at_us", "ended_reason")
_END = Statement[None](_ending.where(_mine, session.c.id == bind("session_id")), sets=_SETS)
_END_OTHERS = Statement[None](_ending.where(_mine, session.c.id != bind("kept_id")), sets=_SETS)
_END_TOKEN = Statement[None](_ending.where(session.c.token_hash == bind("hash", str)), sets=_SETS)


def create_session(
    tx: Tx, *, operator_id: int, device: str, address: str, method: str = "password"
) -> NewSession:
    """Open a session with a new token; the merchant's id in front of it says where to look.

    Args:
        device: the browser's user agent; shortened.
        method: what was proved with, now: the session is as fresh as it ever is.
    """
    made = NewSession(new_id(), f"{tx.merchant_id:x}.{new_secret()}")
    tx.run(
        _ADD, token_hash=hash_secret(made.token), id=made.id, operator_id=operator_id, created_at_us=tx.now_us,
        last_seen_us=tx.now_us, expires_at_us=tx.now_us + LONGEST_US, device=device[:_DEVICE_LENGTH], address=address[:64],
        ended_at_us=None, ended_reason="", proved_at_us=tx.now_us, method=method,
    )  # fmt: skip
    return made


def find_session(db: Database, token: str) -> Actor | None:
    """Return the actor of a live session of an active operator, by one indexed read."""
    shape = _TOKEN.fullmatch(token)
    if shape is None:
        return None
    merchant_id = int(shape[1], 16)
    actor, seen_us = db.read(merchant_id, lambda tx: read_session(tx, token=token))
    if actor is not None and now_us() - seen_us > _SEEN_EVERY_US:
        db.write(merchant_id, lambda tx: _touch_session(tx, token=token))
    return actor


def read_session(tx: Tx, *, token: str) -> tuple[Actor | None, int]:
    """Return the actor of a live session of the transaction's merchant, and when he was last seen."""
    holder = tx.one(_FIND, token_hash=hash_secret(token), now=tx.now_us, idle_since=tx.now_us - IDLE_US)
    return (permit_operator(holder, tx.merchant_id), holder.last_seen_us) if holder else (None, 0)


def list_sessions(tx: Tx, actor: Actor) -> list[SessionSeen]:
    """Return the actor's own live sessions, newest first."""
    return tx.rows(_LIST, operator_id=actor.id, now=tx.now_us, idle_since=tx.now_us - IDLE_US)


def end_session(tx: Tx, actor: Actor, *, session_id: int, reason: str = "ended") -> None:
    """End one of the actor's own sessions, this one included.

    Raises:
        SessionMissing: it is somebody else's, or has ended.
    """
    if not tx.run(
        _END, operator_id=actor.id, session_id=session_id, ended_at_us=tx.now_us, ended_reason=reason
    ):
        raise SessionMissing
    write_journal(
        tx, actor, verb="access.end_session", subject=f"session:{session_id}", data={"reason": reason}
    )


def end_other_sessions(tx: Tx, actor: Actor, *, reason: str = "ended") -> int:
    """End all of the actor's sessions but the one he acts in; return how many."""
    ended = end_sessions_of(tx, operator_id=actor.id, kept_id=actor.session_id, reason=reason)
    write_journal(
        tx, actor, verb="access.end_other_sessions", subject=f"operator:{actor.id}", data={"ended": ended}
    )
    return ended


def end_sessions_of(tx: Tx, *, operator_id: int, reason: str, kept_id: int = 0) -> int:
    """End an operator's sessions, but for one; return how many."""
    return tx.run(
        _END_OTHERS, operator_id=operator_id, kept_id=kept_id, ended_at_us=tx.now_us, ended_reason=reason
    )  # fmt: skip


def end_by_token(tx: Tx, *, token: str, reason: str) -> None:
    """End the session that a browser brought along, if it is one of this merchant's."""
    tx.run(_END_TOKEN, hash=hash_secret(token), ended_at_us=tx.now_us, ended_reason=reason)


def csrf_token(token: str) -> str:
    """Return what a form of a session must carry; it tells nothing about the session's token."""
    return hmac.digest(token.encode(), b"tocsin form", hashlib.sha256).hex()


def csrf_matches(token: str, given: str) -> bool:
    """Tell whether a form was made for a session, in the same time whatever was given."""
    return hmac.compare_digest(csrf_token(token).encode(), given.encode("utf-8", "surrogatepass"))


def _touch_session(tx: Tx, *, token: str) -> None:
    tx.run(_SEEN, hash=hash_secret(token), last_seen_us=tx.now_us, before=tx.now_us - _SEEN_EVERY_US)
