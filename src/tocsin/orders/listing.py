"""Rows of lists: the head of an order, masked, as query and screen return it."""

import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.db import Tx
from tocsin.core.statement import Statement, any_of, own
from tocsin.orders.table import order_head


class HeadRow(Struct, frozen=True):
    """One order in a list; the receiver is masked."""

    id: int
    number: str
    revision: int
    shop_id: int
    channel: str
    external_id: str
    desk_state: str
    payment: str
    payment_method: str
    fulfilment: str
    campaign: str
    pickup_point: str
    community: str
    currency: str
    payable_minor: int
    placed_at_us: int
    produced_at_us: int
    receiver_name: str
    receiver_phone: str
    summary: str
    holds_open: int
    checked: str


class Page(Struct, frozen=True):
    """A page of a list; `next` is given back as `after` for the next one, empty at the end."""

    rows: tuple[HeadRow, ...]
    next: str
    lookup_id: int = 0


HEAD_COLUMNS = tuple(order_head.c[name] for name in HeadRow.__struct_fields__)
_MANY = Statement(
    sa.select(*HEAD_COLUMNS).where(own(order_head), any_of(order_head.c.id, "ids")),
    HeadRow,
)  # fmt: skip


def list_heads(tx: Tx, *, order_ids: list[int]) -> list[HeadRow]:
    """Return the list rows of some orders, the newest first."""
    # Sorted here: asked to sort, SQLite would walk the merchant's whole key for the sake of its order.
    return sorted(tx.rows(_MANY, ids=order_ids), key=lambda row: -row.id)
