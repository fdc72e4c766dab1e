"""Sessions: a hashed token, one indexed read per request, no cache: ending one is immediate."""

import hashlib
import hmac
import re

import sqlalchemy as sa
from msgspec import Struct

from tocsin.access.permit import SEEN_EVERY_US, Bar, Holder, bar_of, permit_operator
from tocsin.access.secret import hash_secret, new_secret
from tocsin.access.session_rule import BOX, Ends, ends_now
from tocsin.access.table import desk, operator, session
from tocsin.access.verification import HOME_ZONE
from tocsin.alarm.table import posture
from tocsin.core.actor import Actor
from tocsin.core.clock import now_us
from tocsin.core.db import Database, Tx
from tocsin.core.errors import Refusal
from tocsin.core.ident import new_id
from tocsin.core.journal import write_journal
from tocsin.core.preference import preference
from tocsin.core.statement import NOUGHT, Statement, bind, insert_into, own

IDLE_US, LONGEST_US = ends_now("", lockdown=False).idle_us, ends_now("", lockdown=False).longest_us
_TOKEN = re.compile(r"([0-7]?[0-9a-f]{1,15})\.[A-Za-z0-9_-]{43}")
_DEVICE_LENGTH = 120


REOPENED_REASON = "locked_all"
"""Why a session ended that may go on: a lock of everything is undone by hand."""


class SessionMissing(Refusal):
    """There is no such session of yours, or it has ended: look at the list again"""

    kind, code = "missing", "session_missing"


class NewSession(Struct, frozen=True):
    """A session just made; the token is in no table."""

    id: int
    token: str


class SessionSeen(Struct, frozen=True):
    """A live session as its operator sees it in the list; `desk_name` of an enrolled desk, empty elsewhere."""

    id: int
    operator_id: int
    created_at_us: int
    last_seen_us: int
    expires_at_us: int
    device: str
    address: str
    method: str
    locked_at_us: int
    desk_name: str


class Seen(Struct, frozen=True):
    """Whose session it is, and what keeps him out now; nobody's where it has ended."""

    actor: Actor | None = None
    bar: Bar = "ended"
    last_seen_us: int = 0

    def open(self) -> Actor | None:
        """Return the actor where nothing keeps him out."""
        return None if self.bar else self.actor

    def desk_id(self) -> int:
        """Return the enrolled desk that the session is at, 0 where there is none."""
        return self.actor.desk_id if self.actor else 0


_unended = (own(session), session.c.ended_at_us.is_(None), session.c.expires_at_us > bind("now"))
_mine = session.c.operator_id == bind("operator_id")
_ADD = insert_into(session)
_at_desk = session.outerjoin(
    desk,
    (desk.c.merchant_id == session.c.merchant_id)
    & (desk.c.id == session.c.desk_id)
    & desk.c.revoked_at_us.is_(None),
)
# Each of these is one step down an index: the whole is still one statement.
_posture = (
    sa.select(posture.c.state).where(own(posture)).order_by(posture.c.id.desc()).limit(1).scalar_subquery()
)
_rules = (
    sa.select(preference.c.value)
    .where(own(preference), preference.c.shop_id == NOUGHT, preference.c.box == sa.literal_column(f"'{BOX}'"))
    .order_by(preference.c.revision.desc()).limit(1).scalar_subquery()
)  # fmt: skip
_FIND = Statement(
    sa.select(
        session.c.id.label("session_id"), session.c.operator_id, operator.c.display_name.label("name"), operator.c.role,
        operator.c.locale, operator.c.zone, session.c.proved_at_us, session.c.last_seen_us, session.c.created_at_us,
        session.c.locked_at_us, session.c.desk_id, sa.func.coalesce(desk.c.token_hash, "").label("desk_hash"),
        sa.func.coalesce(desk.c.shop_id, NOUGHT).label("desk_shop_id"), operator.c.shops, operator.c.hours, operator.c.places,
        sa.func.coalesce(HOME_ZONE, "UTC").label("home_zone"), sa.func.coalesce(_posture, "calm").label("posture"),
        sa.func.coalesce(_rules, "").label("rules"),
    )
    .select_from(
        _at_desk.join(operator, (operator.c.merchant_id == session.c.merchant_id) & (operator.c.id == session.c.operator_id))
    )
    .where(session.c.token_hash == bind("token_hash", str), *_unended, operator.c.active == 1),
    Holder,
)  # fmt: skip
_ENDS = Statement[tuple[str, str]](sa.select(_posture, _rules))
_SEEN = Statement[None](
    sa.update(session).where(
        session.c.token_hash == bind("hash", str), own(session), session.c.last_seen_us < bind("before")
    ),
    sets=("last_seen_us",),
)
_DESK_SEEN = Statement[None](
    sa.update(desk).where(own(desk), desk.c.id == bind("desk_id")), sets=("last_seen_us",)
)
_LIST = Statement(
    sa.select(
        *(session.c[f] for f in SessionSeen.__struct_fields__ if f != "desk_name"),
        sa.func.coalesce(desk.c.name, "").label("desk_name"),
    )
    .select_from(_at_desk)
    .where(*_unended, _mine, session.c.last_seen_us > bind("idle_since"), session.c.created_at_us > bind("begun_since"))
    .order_by(session.c.id.desc()),
    SessionSeen,
)  # fmt: skip
_ending = sa.update(session).where(own(session), session.c.ended_at_us.is_(None))
_SETS = ("ended_at_us", "ended_reason")
_END = Statement[None](_ending.where(_mine, session.c.id == bind("session_id")), sets=_SETS)
_END_OTHERS = Statement[None](_ending.where(_mine, session.c.id != bind("kept_id")), sets=_SETS)
_END_FOR_GOOD = Statement[None](
    sa.update(session).where(own(session), _mine, session.c.ended_reason == REOPENED_REASON),
    sets=("ended_reason",),
)
_RENEW = Statement[None](_ending.where(session.c.token_hash == bind("hash", str)), sets=("token_hash",))
_END_TOKEN = Statement[None](_ending.where(session.c.token_hash == bind("hash", str)), sets=_SETS)


def create_session(
    tx: Tx, *, operator_id: int, device: str, address: str, method: str = "password", desk_id: int = 0
) -> NewSession:
    """Open a session with a new token; the merchant's id in front of it says where to look.

    Args:
        device: the browser's user agent; shortened.
        method: what was proved with, now: the session is as fresh as it ever is.
        desk_id: the enrolled desk that it is at; it opens in that browser alone.
    """
    made = NewSession(new_id(), new_token(tx))
    tx.run(
        _ADD, token_hash=hash_secret(made.token), id=made.id, operator_id=operator_id, created_at_us=tx.now_us,
        last_seen_us=tx.now_us, expires_at_us=tx.now_us + read_ends(tx).longest_us, device=device[:_DEVICE_LENGTH],
        address=address[:64], ended_at_us=None, ended_reason="", proved_at_us=tx.now_us, method=method, desk_id=desk_id,
        locked_at_us=0,
    )  # fmt: skip
    return made


def new_token(tx: Tx) -> str:
    """Return a new token of a session of the transaction's merchant."""
    return f"{tx.merchant_id:x}.{new_secret()}"


def find_session(db: Database, token: str, *, address: str = "", desk: str = "") -> Actor | None:
    """Return the actor of a session that nothing bars, by one indexed read; see `look_session`."""
    return look_session(db, token, address=address, desk=desk).open()


def look_session(
    db: Database, token: str, *, address: str = "", desk: str = "", quiet: bool = False
) -> Seen:  # fmt: skip
    """Return whose session a token is, and what keeps him out now, by one indexed read.

    Args:
        address: where the request came from.
        desk: the desk cookie's secret, where the browser has one.
        quiet: the page asked by itself: it does not count as use.
    """
    merchant_id = merchant_of(token)
    if not merchant_id:
        return Seen()
    seen = db.read(merchant_id, lambda tx: read_session(tx, token=token, address=address, desk=desk))
    if seen.open() is not None and not quiet and now_us() - seen.last_seen_us > SEEN_EVERY_US:
        db.write(merchant_id, lambda tx: _touch_session(tx, token=token, desk_id=seen.desk_id()))
    return seen


def merchant_of(token: str) -> int:
    """Return the merchant that a session's token names, 0 where it is none."""
    shape = _TOKEN.fullmatch(token)
    return int(shape[1], 16) if shape else 0


def read_session(tx: Tx, *, token: str, address: str = "", desk: str = "") -> Seen:
    """Return whose session of the transaction's merchant a token is, and what keeps him out now."""
    holder = tx.one(_FIND, token_hash=hash_secret(token), now=tx.now_us)
    if holder is None:
        return Seen()
    hashed = hash_secret(desk) if desk else ""
    bar = bar_of(holder, now_us=tx.now_us, address=address, desk_hash=hashed)
    return (
        Seen() if bar == "ended" else Seen(permit_operator(holder, tx.merchant_id), bar, holder.last_seen_us)
    )


def read_ends(tx: Tx) -> Ends:
    """Return after which spans the merchant's sessions end now."""
    state, stored = tx.rows(_ENDS)[0]
    return ends_now(stored or "", lockdown=state == "lockdown")


def list_sessions(tx: Tx, actor: Actor) -> list[SessionSeen]:
    """Return the actor's own live sessions, newest first."""
    ends = read_ends(tx)
    return tx.rows(
        _LIST, operator_id=actor.id, now=tx.now_us, idle_since=tx.now_us - ends.idle_us,
        begun_since=tx.now_us - ends.longest_us,
    )  # fmt: skip


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
    """End an operator's sessions, but for one; return how many.

    Those that a lock of everything ended can't be reopened any more: what ends them now is meant for good.
    """
    tx.run(_END_FOR_GOOD, operator_id=operator_id, ended_reason=reason)
    return tx.run(
        _END_OTHERS, operator_id=operator_id, kept_id=kept_id, ended_at_us=tx.now_us, ended_reason=reason
    )  # fmt: skip


def renew_token(tx: Tx, *, token: str) -> str:
    """Give a live session another token, and return it: after a step-up, a lock or an unlock the old one opens nothing."""
    renewed = new_token(tx)
    tx.run(_RENEW, hash=hash_secret(token), token_hash=hash_secret(renewed))
    return renewed


def end_by_token(tx: Tx, *, token: str, reason: str) -> None:
    """End the session that a browser brought along, if it is one of this merchant's."""
    tx.run(_END_TOKEN, hash=hash_secret(token), ended_at_us=tx.now_us, ended_reason=reason)


def csrf_token(token: str) -> str:
    """Return what a form of a session must carry; it tells nothing about the session's token."""
    return hmac.digest(token.encode(), b"tocsin form", hashlib.sha256).hex()


def csrf_matches(token: str, given: str) -> bool:
    """Tell whether a form was made for a session, in the same time whatever was given."""
    return hmac.compare_digest(csrf_token(token).encode(), given.encode("utf-8", "surrogatepass"))


def _touch_session(tx: Tx, *, token: str, desk_id: int) -> None:
    if desk_id:
        tx.run(_DESK_SEEN, desk_id=desk_id, last_seen_us=tx.now_us)
    tx.run(_SEEN, hash=hash_secret(token), last_seen_us=tx.now_us, before=tx.now_us - SEEN_EVERY_US)
