"""Wall: how the desk stands, as figures for a screen that hangs in the shop; nobody's name, number or order is among them."""

from collections import Counter

import sqlalchemy as sa
from msgspec import Struct

from tocsin.alarm.posture import State, read_posture
from tocsin.alarm.record import Incident, open_incidents
from tocsin.alarm.siren_row import list_sirens
from tocsin.core.clock import to_datetime
from tocsin.core.db import Tx
from tocsin.core.period import make_period
from tocsin.core.statement import Statement, among, bind, own
from tocsin.core.tenant import get_shop
from tocsin.orders.table import order_head
from tocsin.tickets.device import Device, list_printers
from tocsin.tickets.print_queue import list_queues
from tocsin.tickets.radar import Counts, count_problems
from tocsin.tickets.shift_state import offered_shifts
from tocsin.tickets.table import print_job
from tocsin.tickets.trial import say_state

TODAY_MOST = 10_001


class Printer(Struct, frozen=True):
    """A printer by the name that the shop gave it, and its state in one word."""

    name: str
    state: str


class Wall(Struct, frozen=True, kw_only=True):
    """How the desk stands, of one shop or all; the alarm is always the whole merchant's.

    Args:
        oldest_us: since when the oldest paper waits, None where none does.
        orders_today: placed since the business day began, without the cancelled ones; 10,001 says more than 10,000.
        sirens: how many are in each state.
        hand_overs: shifts that wait for whoever takes them over.
    """

    shop_name: str
    zone: str
    now_us: int
    waiting: int
    oldest_us: int | None
    counts: Counts
    orders_today: int
    printers: tuple[Printer, ...]
    sirens: dict[str, int]
    posture: State
    incidents: tuple[Incident, ...]
    hand_overs: int

    @property
    def problems(self) -> int:
        """Return how many orders need somebody: the number that stands beside Problems on every page."""
        one = self.counts
        return one.held + one.unprinted + one.waiting + one.changed

    @property
    def sounding(self) -> tuple[Incident, ...]:
        """Return the incidents that ask for noise now."""
        return tuple(one for one in self.incidents if one.sounds(self.now_us))

    @property
    def at(self) -> str:
        """Return the time of day of the figures, in the shop's zone."""
        return f"{to_datetime(self.now_us, self.zone):%H:%M:%S}"


class _Waiting(Struct, frozen=True):
    waiting: int
    oldest_us: int | None


_waiting = (own(print_job), among(print_job.c.state, "queued", "sending"))
_head = sa.and_(order_head.c.merchant_id == print_job.c.merchant_id, order_head.c.id == print_job.c.order_id)
_of_shop = order_head.c.shop_id == bind("shop_id")
_asked = sa.select(
    sa.func.count().label("waiting"), sa.func.min(print_job.c.asked_at_us).label("oldest_us")
).select_from(print_job)
_WAITING = Statement(_asked.where(*_waiting), _Waiting)
_WAITING_OF_SHOP = Statement(_asked.join(order_head, _head).where(*_waiting, _of_shop), _Waiting)
_placed = (
    own(order_head), order_head.c.placed_at_us >= bind("from_us"), order_head.c.placed_at_us < bind("to_us"),
    order_head.c.desk_state != "cancelled",
)  # fmt: skip


def _today(*of_shop: sa.ColumnElement[bool]) -> Statement[tuple[int]]:
    found = sa.select(order_head.c.id).where(*_placed, *of_shop).limit(TODAY_MOST).subquery()
    return Statement(sa.select(sa.func.count()).select_from(found))


_TODAY, _TODAY_OF_SHOP = _today(), _today(_of_shop)


def read_wall(tx: Tx, *, shop_id: int = 0) -> Wall:
    """Return how the desk stands now, by a fixed number of bounded reads.

    Args:
        shop_id: whose figures; 0: those of every shop, by the first one's clock.

    Raises:
        ShopMissing: the merchant has no such shop.
    """
    shop = get_shop(tx, shop_id=shop_id)
    day = make_period("today", now_us=tx.now_us, zone=shop.zone, starts_at_hour=shop.day_starts_at_hour)
    of, bounds = {"shop_id": shop_id} if shop_id else {}, {"from_us": day.from_us, "to_us": day.to_us}
    queue = tx.one(_WAITING_OF_SHOP if shop_id else _WAITING, **of) or _Waiting(0, None)
    offered = [one for one in offered_shifts(tx) if shop_id in (0, one.shop_id)]
    return Wall(
        shop_name=shop.name if shop_id else "", zone=shop.zone, now_us=tx.now_us, waiting=queue.waiting, oldest_us=queue.oldest_us,
        counts=count_problems(tx, shop_id=shop_id), orders_today=int(tx.value(_TODAY_OF_SHOP if shop_id else _TODAY, **of, **bounds)),
        printers=tuple(Printer(one.name, say_state(one.last_status())) for one in _printers(tx, shop_id)),
        sirens=dict(Counter(one.state for one in list_sirens(tx))), posture=read_posture(tx).state, incidents=tuple(open_incidents(tx)),
        hand_overs=len(offered),
    )  # fmt: skip


def _printers(tx: Tx, shop_id: int) -> list[Device]:
    """Return the printers of a shop: those whose queues are not another one's."""
    devices = list_printers(tx)
    if not shop_id:
        return devices
    queues = list_queues(tx)
    theirs = {one.printer_id for one in queues if one.shop_id in (0, shop_id)}
    others = {one.printer_id for one in queues} - theirs
    return [one for one in devices if one.id not in others]
