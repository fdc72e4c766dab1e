"""Columns that an operator keeps under a name; the one without a name is what his downloads begin with."""

from collections.abc import Sequence

import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.statement import Statement, bind, own, upsert
from tocsin.orders.download_rows import check_columns
from tocsin.orders.table import download_columns

SAVED_MOST = 50
NAME_CHARACTERS = 60


class TooManySaved(Refusal):
    """No more than {limit} sets of columns are kept for each person: save over one of them"""

    kind, code = "invalid", "too_many_saved_columns"


class SavedColumns(Struct, frozen=True):
    """A named set of columns."""

    name: str
    columns: str

    def chosen(self) -> tuple[str, ...]:
        """Return the columns."""
        return tuple(self.columns.split(","))


_c = download_columns.c
_SAVE = Statement[None](
    (_saving := upsert(download_columns)).on_conflict_do_update(
        index_elements=["merchant_id", "actor_id", "name"], set_={"columns": _saving.excluded.columns}
    ),
    sets=("merchant_id", "actor_id", "name", "columns"),
)
_LIST = Statement(
    sa.select(_c.name, _c.columns).where(own(download_columns), _c.actor_id == bind("actor_id"))
    .order_by(_c.name).limit(SAVED_MOST + 1),
    SavedColumns,
)  # fmt: skip


def save_columns(tx: Tx, actor: Actor, *, name: str, columns: Sequence[str]) -> None:
    """Keep columns under a name, over what stood there; without a name they are the default.

    Raises:
        ColumnUnknown, TooManySaved
    """
    require(actor, "download")
    name, chosen = name.strip()[:NAME_CHARACTERS], check_columns(columns)
    kept = list_columns(tx, actor)
    if len(kept) >= SAVED_MOST and name not in {one.name for one in kept}:
        raise TooManySaved(limit=SAVED_MOST)
    tx.run(_SAVE, merchant_id=tx.merchant_id, actor_id=actor.id, name=name, columns=",".join(chosen))


def list_columns(tx: Tx, actor: Actor) -> list[SavedColumns]:
    """Return what an operator keeps, by name; the default comes first."""
    return tx.rows(_LIST, actor_id=actor.id)
