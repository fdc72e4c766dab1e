"""What changes about an account: its other sessions end, and its owner is told on every channel that he has.

Each change of a credential goes through `credential_changed`; no other place ends sessions for one.
"""

import sqlalchemy as sa
from msgspec import Struct

from tocsin.access.session import end_sessions_of
from tocsin.access.table import account_notice
from tocsin.core.actor import Actor
from tocsin.core.db import Tx
from tocsin.core.event import append_event
from tocsin.core.ident import new_id
from tocsin.core.statement import NOUGHT, Statement, bind, insert_into, own

CHANGED = "access.account_changed"
_MOST = 5


class Notice(Struct, frozen=True):
    """What was changed, by a code such as `password` or `phone_lost`, and when."""

    id: int
    what: str
    at_us: int


_ADD = insert_into(account_notice)
_unseen = (
    own(account_notice),
    account_notice.c.operator_id == bind("of_operator"),
    account_notice.c.seen_at_us == NOUGHT,
)
_UNSEEN = Statement(
    sa.select(account_notice.c.id, account_notice.c.what, account_notice.c.at_us)
    .where(*_unseen).order_by(account_notice.c.id.desc()).limit(_MOST),
    Notice,
)  # fmt: skip
_SEE = Statement[None](
    sa.update(account_notice).where(*_unseen, account_notice.c.id <= bind("newest")), sets=("seen_at_us",)
)


def credential_changed(tx: Tx, *, operator_id: int, what: str, kept_id: int = 0) -> int:
    """End an operator's other sessions because one of his credentials changed, and tell him; return how many ended.

    Args:
        what: password, passkey_added, passkey_removed, pin, finger_added, finger_removed, recovery_codes …
        kept_id: the session that he changed it in; 0: all end.
    """
    ended = end_sessions_of(tx, operator_id=operator_id, reason=what, kept_id=kept_id)
    account_changed(tx, operator_id=operator_id, what=what)
    return ended


def account_changed(tx: Tx, *, operator_id: int, what: str) -> None:
    """Tell an account's owner what was changed: by a message, and on his next page."""
    append_event(tx, CHANGED, subject_id=operator_id, data={"what": what})
    tx.run(_ADD, id=new_id(), operator_id=operator_id, what=what, at_us=tx.now_us, seen_at_us=0)


def unseen_notices(tx: Tx, *, operator_id: int) -> list[Notice]:
    """Return what an account's owner has not yet been shown, the newest first, five at most."""
    return tx.rows(_UNSEEN, of_operator=operator_id)


def see_notices(tx: Tx, actor: Actor, *, newest_id: int) -> None:
    """Note that the actor has seen his notices up to one of them."""
    tx.run(_SEE, of_operator=actor.id, newest=newest_id, seen_at_us=tx.now_us)
