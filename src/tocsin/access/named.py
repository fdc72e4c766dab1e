"""Accounts as the alarm names them: it stands below this chapter, and is handed a reader; and as its pages do."""

from collections.abc import Collection

import sqlalchemy as sa

from tocsin.access.table import operator
from tocsin.alarm.message import Account
from tocsin.core.db import Tx
from tocsin.core.statement import Statement, any_of, bind, own

_NAME = Statement[tuple[str, int]](
    sa.select(operator.c.display_name, operator.c.active).where(
        own(operator), operator.c.id == bind("operator_id")
    )
)
_NAMES = Statement[tuple[int, str]](
    sa.select(operator.c.id, operator.c.display_name).where(
        own(operator), any_of(operator.c.id, "operator_ids")
    )
)


def read_account(tx: Tx, operator_id: int) -> Account:
    """Return how an operator is named, and whether he may sign in; who was never there may not."""
    found = tx.one(_NAME, operator_id=operator_id)
    return Account(found[0], active=bool(found[1])) if found else Account(active=False)


def display_names(tx: Tx, *, operator_ids: Collection[int]) -> dict[int, str]:
    """Return what some operators are called, by id, those who have left too."""
    return dict(tx.rows(_NAMES, operator_ids=list(operator_ids))) if operator_ids else {}
