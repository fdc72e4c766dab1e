"""Quarantine: rows from outside that could not be read, with their place and reason, beside the good ones.

Their text is sealed: it may be anybody's name and phone.
"""

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.ident import new_id
from tocsin.core.journal import write_journal
from tocsin.core.statement import Statement, bind, insert_into, own
from tocsin.core.vault import seal, unseal
from tocsin.orders.importer import BadRow
from tocsin.orders.table import quarantine


class RowMissing(Refusal):
    """There is no such row in quarantine: look at the list again"""

    kind, code = "missing", "row_missing"


class Quarantined(Struct, frozen=True):
    """A row that could not be read: where, and why (a template over JSON `data`)."""

    id: int
    batch_id: int
    row: int
    field: str
    code: str
    reason: str
    data: str
    sealed_raw: bytes
    status: str
    at_us: int


_ADD_BAD = insert_into(quarantine)
_QUARANTINE = Statement(
    sa.select(*(quarantine.c[name] for name in Quarantined.__struct_fields__))
    .where(own(quarantine), quarantine.c.status == bind("status", str), quarantine.c.id < bind("before"))
    .order_by(quarantine.c.id.desc()).limit(bind("limit")),
    Quarantined,
)  # fmt: skip
_DROP = Statement[None](
    sa.update(quarantine).where(
        own(quarantine), quarantine.c.id == bind("b_id"), quarantine.c.status == "open"
    ),
    sets=("status",),
)


_KNOWN = Statement[tuple[int]](
    sa.select(quarantine.c.id).where(own(quarantine), quarantine.c.id == bind("id"))
)


def quarantine_rows(tx: Tx, *, batch_id: int, rows: list[BadRow]) -> None:
    """Store bad rows with their reasons; their text is sealed."""
    key = tx.vault.keys(tx).wrapping
    for row in rows:
        row_id = new_id()
        tx.run(
            _ADD_BAD, id=row_id, batch_id=batch_id, row=row.row, field=row.field, code=row.code, reason=row.reason,
            data=msgspec.json.encode(row.data).decode(), status="open", at_us=tx.now_us,
            sealed_raw=seal(key, row.raw.encode("utf-8", "replace"), bound_to=b"quarantine %d" % row_id),
        )  # fmt: skip


def list_quarantine(
    tx: Tx, *, status: str = "open", before: int = 2**63 - 1, limit: int = 50
) -> list[Quarantined]:
    """Return quarantined rows, the newest first."""
    return tx.rows(_QUARANTINE, status=status, before=before, limit=limit)


def read_raw(tx: Tx, actor: Actor, row: Quarantined) -> str:
    """Return the text of a quarantined row; it may be personal.

    Raises:
        NotAllowed: the actor may not import.
    """
    require(actor, "import")
    if not row.sealed_raw:  # erased
        return ""
    return unseal(tx.vault.keys(tx).wrapping, row.sealed_raw, bound_to=b"quarantine %d" % row.id).decode()


def drop_quarantined(tx: Tx, actor: Actor, *, row_id: int) -> bool:
    """Put a row aside; False when it was not open.

    Raises:
        NotAllowed: the actor may not import.
        RowMissing: no such row of this merchant.
    """
    require(actor, "import")
    if tx.one(_KNOWN, id=row_id) is None:
        raise RowMissing
    write_journal(tx, actor, verb="orders.drop_row", subject=f"quarantine:{row_id}")
    return bool(tx.run(_DROP, b_id=row_id, status="dropped"))
