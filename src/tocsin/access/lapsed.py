"""A session that lapsed: whose it was, so that he need not type his name again on the device that he has not signed out of.

The browser still brings the lapsed session's token; nothing else is kept there, and signing out takes it away.
"""

import sqlalchemy as sa

from tocsin.access.secret import hash_secret
from tocsin.access.session import merchant_of
from tocsin.access.table import operator, session
from tocsin.core.clock import DAY_US
from tocsin.core.db import Database, Tx
from tocsin.core.statement import Statement, bind, own

GREETED_US = 30 * DAY_US
"""How long after its beginning a session still tells whose it was."""
_WHOSE = Statement[tuple[str]](
    sa.select(operator.c.name)
    .select_from(session.join(operator, (operator.c.merchant_id == session.c.merchant_id) & (operator.c.id == session.c.operator_id)))
    .where(
        session.c.token_hash == bind("hash", str), own(session), session.c.ended_at_us.is_(None),
        session.c.created_at_us > bind("since"), operator.c.active == 1,
    )
)  # fmt: skip


def lapsed_name(db: Database, token: str) -> str:
    """Return the name that a browser's lapsed session was signed in with; empty where somebody ended it, or it is none."""
    merchant_id, hashed = merchant_of(token), hash_secret(token)

    def read(tx: Tx) -> str:
        found = tx.one(_WHOSE, hash=hashed, since=tx.now_us - GREETED_US)
        return found[0] if found else ""

    return db.read(merchant_id, read) if merchant_id else ""
