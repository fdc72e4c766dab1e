"""The columns that an operator's list of orders shows where no screen says otherwise."""

import sqlalchemy as sa

from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.statement import Statement, bind, own, upsert
from tocsin.orders.saved_screen import COLUMNS, FIRST_COLUMNS
from tocsin.orders.table import own_columns

_c = own_columns.c
_keeping = upsert(own_columns)
_KEEP = Statement[None](
    _keeping.on_conflict_do_update(
        index_elements=["merchant_id", "operator_id"], set_={"columns": _keeping.excluded.columns}
    ),
    sets=("merchant_id", "operator_id", "columns"),
)
_OF = Statement[tuple[str]](sa.select(_c.columns).where(own(own_columns), _c.operator_id == bind("actor_id")))


def keep_columns(tx: Tx, actor: Actor, *, columns: tuple[str, ...]) -> None:
    """Show these columns from now on; none are the usual ones.

    Raises:
        NotAllowed
    """
    require(actor, "query")
    chosen = " ".join(name for name in COLUMNS if name in columns)
    tx.run(_KEEP, merchant_id=tx.merchant_id, operator_id=actor.id, columns=chosen)


def columns_of(tx: Tx, actor: Actor) -> tuple[str, ...]:
    """Return the columns that an operator's list shows."""
    row = tx.one(_OF, actor_id=actor.id)
    return tuple(name for name in COLUMNS if row and name in row[0].split()) or FIRST_COLUMNS
