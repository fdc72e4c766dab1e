"""What became of a campaign: its orders over time, by state and by problem, and what its stock has left."""

import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.actor import Actor, require
from tocsin.core.clock import to_datetime
from tocsin.core.db import Tx
from tocsin.core.money import MICRO
from tocsin.core.statement import Statement, any_of, bind, own
from tocsin.core.tenant import get_shop
from tocsin.orders.campaign import LISTED_MOST, Campaign, campaign
from tocsin.orders.table import order_finding, order_head, order_line

COUNT_MOST = 10_000
_HOURS_MOST, _BY_HOUR_MOST = 2_000, 48
_HOUR_US = 3_600_000_000
_h, _l, _f = order_head.c, order_line.c, order_finding.c
_of_campaign = (own(order_head), _h.campaign == bind("code", str))


class Counted(Struct, frozen=True):
    """How many orders there are of something."""

    name: str
    orders: int


class Stock(Struct, frozen=True):
    """Pieces of one SKU: for the campaign, ordered, and left; less than nothing is oversold."""

    sku: str
    pieces: int
    used: int
    left: int


class Report(Struct, frozen=True, kw_only=True):
    """A campaign counted; `times` are hours of a short one, else days, of the shop's zone, the oldest first."""

    orders: int
    by_state: tuple[Counted, ...]
    problems: tuple[Counted, ...]
    times: tuple[Counted, ...]
    hourly: bool
    stock: tuple[Stock, ...]


class _Hour(Struct, frozen=True):
    hour: int
    orders: int


_STATES = Statement(
    sa.select(_h.desk_state.label("name"), sa.func.count().label("orders")).where(*_of_campaign)
    .group_by(_h.desk_state).order_by(sa.text("2 DESC")),
    Counted,
)  # fmt: skip
_HOURS = Statement(
    sa.select(
        sa.cast(sa.func.floor(_h.placed_at_us / _HOUR_US), sa.BigInteger).label("hour"), sa.func.count().label("orders")
    )
    .where(*_of_campaign).group_by(sa.text("1")).order_by(sa.text("1 DESC")).limit(_HOURS_MOST),
    _Hour,
)  # fmt: skip
_PROBLEMS = Statement(
    sa.select(_f.code.label("name"), sa.func.count(sa.distinct(_f.order_id)).label("orders"))
    .select_from(order_head.join(
        order_finding, sa.and_(_f.merchant_id == _h.merchant_id, _f.order_id == _h.id)
    ))
    .where(*_of_campaign).group_by(_f.code).order_by(sa.text("2 DESC"), _f.code),
    Counted,
)  # fmt: skip
_SOLD = Statement[tuple[str, int]](
    sa.select(_l.sku, sa.cast(sa.func.sum(_l.quantity_micro), sa.BigInteger))
    .select_from(order_head.join(order_line, sa.and_(
        _l.merchant_id == _h.merchant_id, _l.order_id == _h.id, _l.revision == _h.revision
    )))
    .where(*_of_campaign, _h.desk_state != "cancelled", any_of(_l.sku, "skus")).group_by(_l.sku)
)  # fmt: skip
_some = (
    sa.select(_h.id).where(own(order_head), _h.campaign == campaign.c.code)
    .limit(COUNT_MOST + 1).correlate(campaign).subquery()
)  # fmt: skip
_COUNTS = Statement[tuple[int, int]](
    sa.select(campaign.c.id, sa.select(sa.func.count()).select_from(_some).scalar_subquery())
    .where(own(campaign)).order_by(campaign.c.id.desc()).limit(LISTED_MOST)
)  # fmt: skip


def count_campaigns(tx: Tx, actor: Actor) -> dict[int, int]:
    """Return how many orders each of the newest campaigns has; 10,001 says more than 10,000.

    Raises:
        NotAllowed
    """
    require(actor, "query")
    return dict(tx.rows(_COUNTS))


def count_campaign(tx: Tx, actor: Actor, *, one: Campaign) -> Report:
    """Return a campaign's orders over time, by state and by problem, and its stock.

    Raises:
        NotAllowed
    """
    require(actor, "query")
    hours = list(reversed(tx.rows(_HOURS, code=one.code)))
    hourly = bool(hours) and hours[-1].hour - hours[0].hour < _BY_HOUR_MOST
    states = tuple(tx.rows(_STATES, code=one.code))
    return Report(
        orders=sum(row.orders for row in states), by_state=states, problems=tuple(tx.rows(_PROBLEMS, code=one.code)),
        times=tuple(_times(hours, get_shop(tx).zone, hourly=hourly)), hourly=hourly, stock=_stock(tx, one),
    )  # fmt: skip


def _times(hours: list[_Hour], zone: str, *, hourly: bool) -> list[Counted]:
    if not hours:
        return []
    found: dict[str, int] = {}
    counts, last = {one.hour: one.orders for one in hours}, hours[-1].hour
    for hour in range(max(hours[0].hour, last - _HOURS_MOST), last + 1):
        at = to_datetime(hour * _HOUR_US, zone)
        name = f"{at:%m-%d %H:00}" if hourly else at.date().isoformat()
        found[name] = found.get(name, 0) + counts.get(hour, 0)
    return [Counted(name, orders) for name, orders in found.items()]


def _stock(tx: Tx, one: Campaign) -> tuple[Stock, ...]:
    pieces = one.pieces()
    sold = dict(tx.rows(_SOLD, code=one.code, skus=sorted(pieces))) if pieces else {}
    used = {sku: -(-int(sold.get(sku, 0)) // MICRO) for sku in pieces}
    return tuple(Stock(sku, most, used[sku], most - used[sku]) for sku, most in sorted(pieces.items()))
