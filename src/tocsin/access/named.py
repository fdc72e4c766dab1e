"""Accounts as the alarm names them: it stands below this chapter, and is handed a reader."""

import sqlalchemy as sa

from tocsin.access.table import operator
from tocsin.alarm.message import Account
from tocsin.core.db import Tx
from tocsin.core.statement import Statement, bind, own

_NAME = Statement[tuple[str, int]](
    sa.select(operator.c.display_name, operator.c.active).where(
        own(operator), operator.c.id == bind("operator_id")
    )
)


def read_account(tx: Tx, operator_id: int) -> Account:
    """Return how an operator is named, and whether he may sign in; who was never there may not."""
    found = tx.one(_NAME, operator_id=operator_id)
    return Account(found[0], active=bool(found[1])) if found else Account(active=False)
