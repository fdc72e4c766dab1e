"""What became of a campaign: its orders by state, by day and by problem, and what is to be packed where."""

from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.actor import Actor, require
from tocsin.core.clock import to_datetime
from tocsin.core.db import Tx
from tocsin.core.statement import Statement, bind, own
from tocsin.core.tenant import get_shop
from tocsin.orders.table import order_finding, order_head, order_line

_ROWS_MOST = 2_000
_HOUR_US = 3_600_000_000
_h, _l, _f = order_head.c, order_line.c, order_finding.c
_of_campaign = (own(order_head), _h.campaign == bind("code", str))


class Counted(Struct, frozen=True):
    """How many orders there are of something."""

    name: str
    orders: int


class Packed(Struct, frozen=True):
    """How much of one article goes to one pickup point; the community stands where no point is named."""

    place: str
    sku: str
    title: str
    spec: str
    quantity_micro: int
    orders: int


class _Hour(Struct, frozen=True):
    hour: int
    orders: int


_STATES = Statement(
    sa.select(_h.desk_state.label("name"), sa.func.count().label("orders")).where(*_of_campaign)
    .group_by(_h.desk_state).order_by(_h.desk_state),
    Counted,
)  # fmt: skip
_HOURS = Statement(
    sa.select(
        sa.cast(sa.func.floor(_h.placed_at_us / _HOUR_US), sa.BigInteger).label("hour"), sa.func.count().label("orders")
    )
    .where(*_of_campaign).group_by(sa.text("1")).order_by(sa.text("1 DESC")).limit(_ROWS_MOST),
    _Hour,
)  # fmt: skip
_PROBLEMS = Statement(
    sa.select(_f.code.label("name"), sa.func.count(sa.distinct(_f.order_id)).label("orders"))
    .select_from(order_head.join(
        order_finding, sa.and_(_f.merchant_id == _h.merchant_id, _f.order_id == _h.id)
    ))
    .where(*_of_campaign).group_by(_f.code).order_by(_f.code),
    Counted,
)  # fmt: skip
_place = sa.case((_h.pickup_point != "", _h.pickup_point), else_=_h.community)
_PACKING = Statement(
    sa.select(
        _place.label("place"), _l.sku, _l.title, _l.spec,
        sa.cast(sa.func.sum(_l.quantity_micro), sa.BigInteger).label("quantity_micro"),
        sa.func.count(sa.distinct(_l.order_id)).label("orders"),
    )
    .select_from(order_head.join(order_line, sa.and_(
        _l.merchant_id == _h.merchant_id, _l.order_id == _h.id, _l.revision == _h.revision
    )))
    .where(*_of_campaign, _h.desk_state != "cancelled")
    .group_by(sa.text("1"), _l.sku, _l.title, _l.spec).order_by(sa.text("1"), _l.sku, _l.title, _l.spec)
    .limit(_ROWS_MOST),
    Packed,
)  # fmt: skip


def count_campaign(tx: Tx, actor: Actor, *, code: str) -> dict[str, Any]:
    """Return a campaign's orders by state, by problem, and by day of the shop's zone, the oldest first.

    Raises:
        NotAllowed
    """
    require(actor, "query")
    zone, days = get_shop(tx).zone, dict[str, int]()
    for one in reversed(tx.rows(_HOURS, code=code)):
        day = to_datetime(one.hour * _HOUR_US, zone).date().isoformat()
        days[day] = days.get(day, 0) + one.orders
    return {
        "by_state": tx.rows(_STATES, code=code), "problems": tx.rows(_PROBLEMS, code=code),
        "days": [Counted(day, orders) for day, orders in days.items()],
    }  # fmt: skip


def pack_campaign(tx: Tx, actor: Actor, *, code: str) -> list[Packed]:
    """Return what is to be packed (汇总单), by pickup point and article: 2,000 rows at most, cancelled orders left out.

    Raises:
        NotAllowed
    """
    require(actor, "query")
    return tx.rows(_PACKING, code=code)
