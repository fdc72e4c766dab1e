"""Unlocking: a person lifts what the limiter locked of an account, or a new password does."""

import sqlalchemy as sa

from tocsin.access.limiter import unlock_account
from tocsin.access.table import sign_in_name
from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.journal import write_journal
from tocsin.core.statement import Statement, bind, own

_NAME = Statement[tuple[str]](
    sa.select(sign_in_name.c.name_key).where(
        own(sign_in_name), sign_in_name.c.operator_id == bind("of_operator")
    )
)


def lift_locks_of(tx: Tx, *, operator_id: int) -> int:
    """Lift every lock of an operator's sign-in name; return how many counters it had."""
    name_key = tx.value(_NAME, of_operator=operator_id)
    return unlock_account(tx, name_key=name_key) if name_key else 0


def unlock_operator(tx: Tx, actor: Actor, *, operator_id: int) -> int:
    """Lift every lock of an operator's account; return how many counters it had.

    Raises:
        NotAllowed: the actor has no operators under him.
    """
    require(actor, "operators")
    lifted = lift_locks_of(tx, operator_id=operator_id)
    write_journal(
        tx, actor, verb="access.unlock_operator", subject=f"operator:{operator_id}", data={"counters": lifted}
    )
    return lifted
