"""A session that lapsed: whose it was, so that he need not type his name again on the device that he has not signed out of.

The browser still brings the lapsed session's token; nothing else is kept there, and signing out takes it away and ends the session.
"""

import sqlalchemy as sa
from msgspec import Struct

from tocsin.access.secret import hash_secret
from tocsin.access.session import end_by_token, merchant_of
from tocsin.access.table import desk, operator, session
from tocsin.core.clock import DAY_US
from tocsin.core.db import Database, Tx
from tocsin.core.statement import Statement, bind, own

GREETED_US = 30 * DAY_US
"""How long after its beginning a session still tells whose it was."""


class Left(Struct, frozen=True):
    """Whose a session was; `desk_hash` is of the cookie of the enrolled desk that it was at, empty where that was revoked."""

    name: str
    desk_id: int
    desk_hash: str


_WHOSE = Statement(
    sa.select(operator.c.name, session.c.desk_id, sa.func.coalesce(desk.c.token_hash, "").label("desk_hash"))
    .select_from(
        session.join(operator, (operator.c.merchant_id == session.c.merchant_id) & (operator.c.id == session.c.operator_id))
        .outerjoin(desk, (desk.c.merchant_id == session.c.merchant_id) & (desk.c.id == session.c.desk_id)
                   & desk.c.revoked_at_us.is_(None))
    )
    .where(
        session.c.token_hash == bind("hash", str), own(session), session.c.ended_at_us.is_(None),
        session.c.created_at_us > bind("since"), operator.c.active == 1,
    ),
    Left,
)  # fmt: skip
_UNENDED = Statement[tuple[int]](
    sa.select(session.c.id).where(
        session.c.token_hash == bind("hash", str), own(session), session.c.ended_at_us.is_(None)
    )
)


def lapsed_name(db: Database, token: str, *, desk_token: str = "") -> str:
    """Return the name that a browser's lapsed session was signed in with; empty where somebody ended it, or it is none.

    Args:
        desk_token: the desk cookie's secret, where the browser has one: a session of an enrolled desk tells it there alone.
    """
    merchant_id, hashed = merchant_of(token), hash_secret(token)

    def read(tx: Tx) -> str:
        found = tx.one(_WHOSE, hash=hashed, since=tx.now_us - GREETED_US)
        here = found and (not found.desk_id or (desk_token and hash_secret(desk_token) == found.desk_hash))
        return found.name if found and here else ""

    return db.read(merchant_id, read) if merchant_id else ""


def end_lapsed(db: Database, token: str) -> None:
    """End the session that a browser leaves, lapsed or not, lest longer lives of sessions wake it; nothing is written where there is none."""
    merchant_id, hashed = merchant_of(token), hash_secret(token)
    if merchant_id and db.read(merchant_id, lambda tx: tx.one(_UNENDED, hash=hashed)):
        db.write(merchant_id, lambda tx: end_by_token(tx, token=token, reason="signed_out"))
