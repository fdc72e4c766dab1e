"""The orders of one import: which they are, kept when it is committed, and which of them are held now."""

import struct

import sqlalchemy as sa

from tocsin.core.db import Tx
from tocsin.core.statement import NOUGHT, Statement, any_of, bind, own
from tocsin.core.vault import seal, unseal
from tocsin.orders.table import import_batch, order_head

_ASKED_AT_ONCE = 2000
_KEPT = Statement[tuple[bytes]](
    sa.select(import_batch.c.sealed_file).where(
        own(import_batch), import_batch.c.id == bind("id"), import_batch.c.status == "committed"
    )
)
_HELD = Statement[tuple[int]](
    sa.select(order_head.c.id).where(
        own(order_head), any_of(order_head.c.id, "ids"), order_head.c.holds_open > NOUGHT
    )
)


def pack_orders(tx: Tx, *, import_id: int, order_ids: list[int]) -> bytes:
    """Return an import's orders as they are kept once it is committed, in the place of its file."""
    packed = struct.pack(f">{len(order_ids)}Q", *order_ids)
    return seal(tx.vault.keys(tx).wrapping, packed, bound_to=_bound(import_id))


def orders_of_import(tx: Tx, *, import_id: int) -> list[int]:
    """Return the ids of a committed import's orders, the unchanged ones too, the newest first."""
    row = tx.one(_KEPT, id=import_id)
    if row is None or row[0] is None:
        return []
    packed = unseal(tx.vault.keys(tx).wrapping, row[0], bound_to=_bound(import_id))
    return sorted(set(struct.unpack(f">{len(packed) // 8}Q", packed)), reverse=True)


def held_among(tx: Tx, *, order_ids: list[int]) -> list[int]:
    """Return those of some orders that are held, the newest first."""
    found: list[int] = []
    for place in range(0, len(order_ids), _ASKED_AT_ONCE):
        found += [row[0] for row in tx.rows(_HELD, ids=order_ids[place : place + _ASKED_AT_ONCE])]
    return sorted(found, reverse=True)


def _bound(import_id: int) -> bytes:
    return b"import %d orders" % import_id
