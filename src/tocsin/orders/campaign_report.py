"""What became of a campaign: its orders over time, by state and by problem, and what its stock has left."""

from collections.abc import Mapping
from operator import attrgetter

import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.actor import Actor, require
from tocsin.core.clock import to_datetime
from tocsin.core.db import Tx
from tocsin.core.money import MICRO
from tocsin.core.statement import Statement, any_of, bind, bounded_sum, own
from tocsin.core.tally import Tallies
from tocsin.core.tenant import get_shop
from tocsin.orders.campaign import LISTED_MOST, Campaign, campaign, list_campaigns
from tocsin.orders.order_tally import (
    CAMPAIGN_HOURS,
    CAMPAIGN_PIECES,
    CAMPAIGN_PROBLEMS,
    CAMPAIGN_STATES,
    piece_name,
)
from tocsin.orders.table import order_finding, order_head, order_line

COUNT_MOST = 10_000
_HOURS_MOST, _BY_HOUR_MOST = 2_000, 48
_ANY_HOUR = 1 << 40
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


class _Told(Struct, frozen=True):
    """What is counted, from wherever: states and problems, most first, hours, oldest first, millionths of pieces by SKU."""

    states: tuple[Counted, ...]
    problems: tuple[Counted, ...]
    hours: list[_Hour]
    sold: dict[str, int]


_STATES = Statement(
    sa.select(_h.desk_state.label("name"), sa.func.count().label("orders")).where(*_of_campaign)
    .group_by(_h.desk_state).order_by(sa.text("2 DESC"), _h.desk_state),
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
    sa.select(_l.sku, bounded_sum(_l.quantity_micro))
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


def count_campaigns(tx: Tx, actor: Actor, *, tallies: Tallies | None = None) -> dict[int, int]:
    """Return how many orders each of the newest campaigns has; 10,001 says more than 10,000.

    Args:
        tallies: what the figures are read from; without them the orders themselves are counted.

    Raises:
        NotAllowed
    """
    require(actor, "query")
    if not tallies:
        return dict(tx.rows(_COUNTS))
    ids = {one.code: one.id for one in list_campaigns(tx, actor)}
    counts = tallies.of_subjects(CAMPAIGN_STATES, list(ids))
    return {ident: min(counts.get(code, 0), COUNT_MOST + 1) for code, ident in ids.items()}


def count_campaign(tx: Tx, actor: Actor, *, one: Campaign, tallies: Tallies | None = None) -> Report:
    """Return a campaign's orders over time, by state and by problem, and its stock.

    Args:
        tallies: as `count_campaigns`.

    Raises:
        NotAllowed
    """
    require(actor, "query")
    told = _tallied(tallies, one) if tallies else _counted(tx, one)
    hourly = bool(told.hours) and told.hours[-1].hour - told.hours[0].hour < _BY_HOUR_MOST
    return Report(
        orders=sum(row.orders for row in told.states), by_state=told.states, problems=told.problems,
        times=tuple(_times(told.hours, get_shop(tx).zone, hourly=hourly)), hourly=hourly, stock=_stock(one, told.sold),
    )  # fmt: skip


def _counted(tx: Tx, one: Campaign) -> _Told:
    pieces = sorted(one.pieces())
    return _Told(
        tuple(tx.rows(_STATES, code=one.code)), tuple(tx.rows(_PROBLEMS, code=one.code)), tx.rows(_HOURS, code=one.code)[::-1],
        dict(tx.rows(_SOLD, code=one.code, skus=pieces)) if pieces else {},
    )  # fmt: skip


def most_first(sums: Mapping[str, int]) -> tuple[Counted, ...]:
    """Return amounts by name, the largest first."""
    return tuple(Counted(name, sums[name]) for name in sorted(sums, key=lambda name: (-sums[name], name)))


def _tallied(tallies: Tallies, one: Campaign) -> _Told:
    hours = tallies.by_unit(CAMPAIGN_HOURS, units=range(-_ANY_HOUR, _ANY_HOUR), subject=one.code)
    told = sorted((_Hour(row.unit, row.amount) for row in hours), key=attrgetter("hour"))
    sold = tallies.of_subject(CAMPAIGN_PIECES, one.code)
    return _Told(
        most_first(tallies.of_subject(CAMPAIGN_STATES, one.code)),
        most_first(tallies.of_subject(CAMPAIGN_PROBLEMS, one.code)), told[-_HOURS_MOST:],
        {sku: sold.get(piece_name(sku), 0) for sku in one.pieces()},
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


def _stock(one: Campaign, sold: dict[str, int]) -> tuple[Stock, ...]:
    pieces = one.pieces()
    used = {sku: -(-int(sold.get(sku, 0)) // MICRO) for sku in pieces}
    return tuple(Stock(sku, most, used[sku], most - used[sku]) for sku, most in sorted(pieces.items()))
