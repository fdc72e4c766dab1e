"""The packing summary (汇总单) of a campaign: how much of each article goes to which pickup point."""

import io
from collections.abc import Sequence

import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.money import plain_micro
from tocsin.core.statement import NOUGHT, Statement, bind, bounded_sum, own
from tocsin.orders.format import Content, find_format, write_file
from tocsin.orders.table import order_head, order_line

ROWS_MOST = 2_000
COLUMNS = ("pickup_point", "community", "sku", "title", "spec", "quantity", "held", "orders")
_h, _l = order_head.c, order_line.c


class Packed(Struct, frozen=True):
    """How much of one article goes to one place; `held_micro` waits on a hold and is not in `quantity_micro`."""

    pickup_point: str
    community: str
    sku: str
    title: str
    spec: str
    quantity_micro: int
    held_micro: int
    orders: int


class Place(Struct, frozen=True):
    """What is to be packed at one pickup point of one community."""

    pickup_point: str
    community: str
    rows: tuple[Packed, ...]


_held = sa.case((_h.holds_open > NOUGHT, _l.quantity_micro), else_=NOUGHT)
_free = sa.case((_h.holds_open > NOUGHT, NOUGHT), else_=_l.quantity_micro)
_PACKING = Statement(
    sa.select(
        _h.pickup_point, _h.community, _l.sku, _l.title, _l.spec,
        bounded_sum(_free).label("quantity_micro"),
        bounded_sum(_held).label("held_micro"),
        sa.func.count(sa.distinct(_l.order_id)).label("orders"),
    )
    .select_from(order_head.join(order_line, sa.and_(
        _l.merchant_id == _h.merchant_id, _l.order_id == _h.id, _l.revision == _h.revision
    )))
    .where(own(order_head), _h.campaign == bind("code", str), _h.desk_state != "cancelled")
    .group_by(_h.pickup_point, _h.community, _l.sku, _l.title, _l.spec)
    .order_by(_h.pickup_point, _h.community, _l.sku, _l.title, _l.spec).limit(ROWS_MOST),
    Packed,
)  # fmt: skip


def pack_campaign(tx: Tx, actor: Actor, *, code: str) -> list[Packed]:
    """Return what is to be packed, by place and article: 2,000 rows at most, cancelled orders left out.

    Raises:
        NotAllowed
    """
    require(actor, "query")
    return tx.rows(_PACKING, code=code)


def places_of(rows: Sequence[Packed]) -> list[Place]:
    """Return rows by their places, in their order."""
    found: dict[tuple[str, str], list[Packed]] = {}
    for row in rows:
        found.setdefault((row.pickup_point, row.community), []).append(row)
    return [Place(point, community, tuple(each)) for (point, community), each in found.items()]


def write_packing(rows: Sequence[Packed]) -> bytes:
    """Return a packing summary as CSV that no spreadsheet runs."""
    out = io.BytesIO()
    cells = (
        (row.pickup_point, row.community, row.sku, row.title, row.spec, plain_micro(row.quantity_micro),
         plain_micro(row.held_micro), str(row.orders))
        for row in rows
    )  # fmt: skip
    write_file(find_format("csv"), Content(COLUMNS, lambda: cells, lambda: ()), out)
    return out.getvalue()
