"""News of one axis that came before its order: kept until the order is here, 30 days at most."""

import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.clock import DAY_US
from tocsin.core.db import Tx
from tocsin.core.statement import Statement, bind, old_rows, own, upsert
from tocsin.core.sweep import sweep_old
from tocsin.orders.axis import AxisNews, Said, join_said, keep_said, kept_said
from tocsin.orders.table import order_source, waiting_news

KEPT_US = 30 * DAY_US
Place = tuple[str, int, str]
"""Channel, shop and number of an order at its source."""


class Waiting(Struct, frozen=True):
    """News whose order has come meanwhile."""

    channel: str
    shop_id: int
    external_id: str
    news: str


_w = waiting_news.c
_here = sa.and_(
    own(waiting_news), _w.channel == bind("b_channel", str), _w.shop_id == bind("b_shop"),
    _w.external_id == bind("b_external", str),
)  # fmt: skip
_GET = Statement[tuple[str]](sa.select(_w.news).where(_here))
_GET_LOCKED = Statement[tuple[str]](sa.select(_w.news).where(_here).with_for_update())
_DROP = Statement[None](sa.delete(waiting_news).where(_here))
_adding = upsert(waiting_news)
_OPEN = Statement[None](
    _adding.on_conflict_do_nothing(),
    sets=("merchant_id", "channel", "shop_id", "external_id", "news", "at_us"),
)
_MOVE = Statement[None](sa.update(waiting_news).where(_here), sets=("news",))
_SWEPT_TO, _SWEEP = old_rows(_w.at_us, own(waiting_news))
_COME = Statement(
    sa.select(_w.channel, _w.shop_id, _w.external_id, _w.news)
    .join(
        order_source,
        sa.and_(
            order_source.c.merchant_id == _w.merchant_id, order_source.c.channel == _w.channel,
            order_source.c.shop_id == _w.shop_id, order_source.c.external_id == _w.external_id,
        ),
    )
    .where(own(waiting_news)).order_by(_w.at_us).limit(bind("limit")),
    Waiting,
)  # fmt: skip


def keep_waiting(tx: Tx, news: AxisNews, *, shop_id: int) -> None:
    """Keep news until its order comes."""
    place = {"b_channel": news.channel, "b_shop": shop_id, "b_external": news.external_id}
    tx.run(
        _OPEN, channel=news.channel, shop_id=shop_id, external_id=news.external_id, news="", at_us=tx.now_us
    )
    before = tx.value(_GET_LOCKED, **place) or ""
    tx.run(_MOVE, **place, news=keep_said(join_said(kept_said(before), news.said())))


def take_waiting(tx: Tx, place: Place) -> Said:
    """Return the news that waited for an order, and let it wait no more."""
    keys = dict(zip(("b_channel", "b_shop", "b_external"), place, strict=True))
    found = tx.value(_GET, **keys)
    if found is None:
        return {}
    tx.run(_DROP, **keys)
    return kept_said(found)


def list_come(tx: Tx, *, limit: int = 50) -> list[Waiting]:
    """Return news whose order came in a transaction that could not see them yet."""
    return tx.rows(_COME, limit=limit)


def expire_waiting(tx: Tx) -> int:
    """Forget some of the news whose order has not come in 30 days; return how many."""
    return sweep_old(tx, _SWEPT_TO, _SWEEP, before=tx.now_us - KEPT_US)
