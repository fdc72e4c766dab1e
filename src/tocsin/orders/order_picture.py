"""Pictures of orders: how many came by hour or day and campaign, and what the check found on them."""

import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.ident import id_at
from tocsin.core.period import Period, unit_of
from tocsin.core.statement import Statement, bind, own
from tocsin.core.tally import Tallies
from tocsin.orders.campaign_report import Counted, most_first
from tocsin.orders.order_tally import ORDERS, PROBLEMS, VOID
from tocsin.orders.table import order_finding, order_head

NAMED_MOST = 4
ROWS_MOST = 100_000
_h, _f = order_head.c, order_finding.c


class Series(Struct, frozen=True):
    """One campaign's orders in each slot; `others` stands for all campaigns that are not named."""

    name: str
    orders: tuple[int, ...]
    others: bool = False


class OrderPicture(Struct, frozen=True):
    """Orders by slot and campaign, the busiest campaigns first; the cancelled ones apart. `cut`: the oldest are missing."""

    series: tuple[Series, ...]
    totals: tuple[int, ...]
    cancelled: tuple[int, ...]
    cut: bool = False

    @property
    def orders(self) -> int:
        """Return how many there are, without the cancelled ones."""
        return sum(self.totals)


class _Row(Struct, frozen=True):
    unit: int
    campaign: str
    cancelled: int
    orders: int


_void = sa.case((_h.desk_state == "cancelled", 1), else_=0)
_placed = (own(order_head), _h.placed_at_us >= bind("from_us"), _h.placed_at_us < bind("to_us"))


def _orders(*conditions: sa.ColumnElement[bool]) -> Statement[_Row]:
    return Statement(
        sa.select(
            unit_of(_h.placed_at_us).label("unit"), _h.campaign, _void.label("cancelled"), sa.func.count().label("orders")
        )
        .where(*_placed, *conditions).group_by(sa.text("1"), sa.text("2"), sa.text("3"))
        .order_by(sa.text("1 DESC")).limit(ROWS_MOST),
        _Row,
    )  # fmt: skip


def _codes(found: sa.FromClause, *conditions: sa.ColumnElement[bool]) -> Statement[Counted]:
    return Statement(
        sa.select(_f.code.label("name"), sa.func.count(sa.distinct(_f.order_id)).label("orders")).select_from(found)
        .where(own(order_finding), _f.order_id >= bind("from_id"), _f.order_id < bind("to_id"), *conditions)
        .group_by(_f.code).order_by(sa.text("2 DESC"), _f.code),
        Counted,
    )  # fmt: skip


_of_shop = _h.shop_id == bind("shop_id")
_ORDERS, _ORDERS_OF_SHOP = _orders(), _orders(_of_shop)
_CODES = _codes(order_finding)
_CODES_OF_SHOP = _codes(
    order_finding.join(order_head, sa.and_(_h.merchant_id == _f.merchant_id, _h.id == _f.order_id)), _of_shop
)


def picture_orders(
    tx: Tx, actor: Actor, *, period: Period, shop_id: int = 0, tallies: Tallies | None = None
) -> OrderPicture:
    """Return the orders that were placed in a period, by slot and campaign; of one shop, or of all.

    Args:
        tallies: what the figures are read from; without them the orders themselves are counted.

    Raises:
        NotAllowed
    """
    require(actor, "query")
    rows = _tallied(tallies, period, shop_id) if tallies else _counted(tx, period, shop_id)
    cancelled, by_name = [0] * len(period.slots), dict[str, list[int]]()
    for row in rows:
        counted = cancelled if row.cancelled else by_name.setdefault(row.campaign, [0] * len(period.slots))
        counted[period.slot_of(row.unit)] += row.orders
    totals = tuple(map(sum, zip(*by_name.values(), strict=True))) or (0,) * len(period.slots)
    return OrderPicture(_series(by_name), totals, tuple(cancelled), cut=len(rows) == ROWS_MOST)


def picture_problems(
    tx: Tx, actor: Actor, *, period: Period, shop_id: int = 0, tallies: Tallies | None = None
) -> list[Counted]:
    """Return on how many orders that were issued in a period each check found something, as it stands now.

    Args:
        tallies: as `picture_orders`.

    Raises:
        NotAllowed
    """
    require(actor, "query")
    if tallies:
        return [*most_first(tallies.sums(PROBLEMS, hours=period.hours, shop_id=shop_id))]
    bounds = {"from_id": id_at(period.from_us), "to_id": id_at(period.to_us)}
    return tx.rows(_CODES_OF_SHOP, shop_id=shop_id, **bounds) if shop_id else tx.rows(_CODES, **bounds)


def _counted(tx: Tx, period: Period, shop_id: int) -> list[_Row]:
    bounds = {"from_us": period.from_us, "to_us": period.to_us, "unit_us": period.unit_us}
    return tx.rows(_ORDERS_OF_SHOP, shop_id=shop_id, **bounds) if shop_id else tx.rows(_ORDERS, **bounds)


def _tallied(tallies: Tallies, period: Period, shop_id: int) -> list[_Row]:
    return [
        _Row(one.unit, one.name, cancelled, one.amount)
        for cancelled, dimension in enumerate((ORDERS, VOID))
        for one in tallies.by_unit(dimension, units=period.hours, shop_id=shop_id)
    ]


def _series(by_name: dict[str, list[int]]) -> tuple[Series, ...]:
    """Return the busiest campaigns, all the others as one, and last what is of none."""
    named = sorted((name for name in by_name if name), key=lambda name: (-sum(by_name[name]), name))
    most = NAMED_MOST if len(named) > NAMED_MOST + 1 else len(named)
    found = [Series(name, tuple(by_name[name])) for name in named[:most]]
    if rest := [by_name[name] for name in named[most:]]:
        found.append(Series("", tuple(map(sum, zip(*rest, strict=True))), others=True))
    if "" in by_name:
        found.append(Series("", tuple(by_name[""])))
    return tuple(found)
