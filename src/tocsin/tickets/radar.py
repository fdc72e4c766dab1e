"""Problem view (漏单雷达): what should be paper and is not, what nobody knows, and what lies about as wrong paper.

All is counted by one statement, each part bounded; a list is read only where it is looked at.
"""

from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.clock import DAY_US, MINUTE_US
from tocsin.core.db import Tx
from tocsin.core.ident import id_at
from tocsin.core.statement import NOUGHT, Statement, among, bind, own
from tocsin.orders.table import NO_PAPER, hold, order_head, order_revision
from tocsin.tickets.table import print_job, printer

# After how long something is a problem; what is older than the window is not looked for any more.
UNPRINTED_US, WAITING_US, HELD_US, WINDOW_US = 60 * MINUTE_US, 15 * MINUTE_US, DAY_US, 7 * DAY_US
MOST, SHOWN = 1_001, 100
KINDS = ("unprinted", "waiting", "unknown", "held_long", "after_print", "changed")


class Counts(Struct, frozen=True):
    """How many of each kind, at most 1,001; `held` orders, and those problems whose orders are not held."""

    held: int
    unprinted: int
    waiting: int
    changed: int
    unknown: int
    held_long: int
    after_print: int


class Late(Struct, frozen=True):
    """An order, since when it is so, and the paper that it is about, if any."""

    order_id: int
    number: str
    since_us: int
    job_id: int | None = None
    printer_id: int | None = None
    serial: str = ""
    reason: str = ""


_job_of = sa.and_(
    print_job.c.merchant_id == order_head.c.merchant_id, print_job.c.order_id == order_head.c.id
)
_on_its_way = sa.exists().where(
    _job_of,
    print_job.c.revision == order_head.c.revision,
    among(print_job.c.state, "queued", "sending", "unknown"),
)
_earlier_paper = sa.exists().where(
    _job_of, print_job.c.revision < order_head.c.revision, among(print_job.c.state, "printed", "unknown")
)
# A shop without a printer misses no paper; one that has just got its first misses none of before. One bound, not two:
# a planner takes a single one for the range that it walks.
_first_printer = sa.func.coalesce(sa.func.min(printer.c.id), sa.literal_column(str(2**63 - 1)))
_oldest = (
    sa.select(sa.case((_first_printer > bind("oldest"), _first_printer), else_=bind("oldest")))
    .where(own(printer), printer.c.removed == NOUGHT).scalar_subquery()
)  # fmt: skip
_unpapered = sa.and_(
    own(order_head), among(order_head.c.desk_state, "produced"), *NO_PAPER, order_head.c.id >= _oldest, ~among(order_head.c.payment, "refunded", "closed"), ~_on_its_way
)  # fmt: skip
# Wrong paper that lies about is a problem at once, an order without paper after a while.
_changed = sa.and_(_unpapered, order_head.c.revision > sa.literal_column("1"), _earlier_paper)
_unprinted = sa.and_(_unpapered, order_head.c.produced_at_us < bind("unprinted_us"), ~_earlier_paper)
_head_of_job = sa.and_(
    order_head.c.merchant_id == print_job.c.merchant_id, order_head.c.id == print_job.c.order_id
)
_waiting = sa.and_(
    own(print_job), among(print_job.c.state, "queued"), print_job.c.asked_at_us < bind("waiting_us"), order_head.c.holds_open <= NOUGHT
)  # fmt: skip
_unknown = sa.and_(own(print_job), among(print_job.c.state, "unknown"))
_living = order_head.alias("living")
_head_of_hold = sa.and_(order_head.c.merchant_id == hold.c.merchant_id, order_head.c.id == hold.c.order_id)
_of_living = sa.exists().where(
    _living.c.merchant_id == hold.c.merchant_id,
    _living.c.id == hold.c.order_id,
    _living.c.desk_state != "cancelled",
)
HELD_LONG = sa.and_(
    own(hold), hold.c.closed_at_us.is_(None), _of_living,
    sa.or_(sa.and_(hold.c.until_us.is_(None), hold.c.since_us < bind("held_us")), hold.c.until_us < bind("now_us")),
)  # fmt: skip
_failed = sa.and_(own(hold), hold.c.closed_at_us.is_(None), among(hold.c.kind, "failed"))
_after_print = sa.and_(own(hold), hold.c.closed_at_us.is_(None), among(hold.c.kind, "refund"))


def _counted(asked: sa.Select[tuple[int]], name: str) -> sa.Label[int]:
    return sa.select(sa.func.count()).select_from(asked.limit(MOST).subquery()).scalar_subquery().label(name)


_heads = sa.select(order_head.c.id)
_jobs = sa.select(print_job.c.id)


def _badge_parts(*of_shop: sa.ColumnElement[bool]) -> tuple[sa.Label[int], ...]:
    """Count orders that need somebody, each once: held ones, and those that nothing holds, late or wrong on paper."""
    return (
        _counted(_heads.where(own(order_head), order_head.c.holds_open > NOUGHT, *of_shop), "held"),
        _counted(_heads.where(_unprinted, *of_shop), "unprinted"),
        _counted(_jobs.join(order_head, _head_of_job).where(_waiting, *of_shop), "waiting"),
        _counted(_heads.where(_changed, *of_shop), "changed"),
    )


_BADGE = Statement[tuple[int, int, int, int]](sa.select(*_badge_parts()))
_COUNTS = Statement(
    sa.select(
        *_badge_parts(),
        _counted(_jobs.where(_unknown), "unknown"),
        _counted(sa.select(hold.c.id).where(HELD_LONG), "held_long"),
        _counted(sa.select(hold.c.id).where(_after_print), "after_print"),
    ),
    Counts,
)
_of_shop = order_head.c.shop_id == bind("shop_id")
_holds = sa.select(hold.c.id).join(order_head, _head_of_hold)
_COUNTS_OF_SHOP = Statement(
    sa.select(
        *_badge_parts(_of_shop),
        _counted(_jobs.join(order_head, _head_of_job).where(_unknown, _of_shop), "unknown"),
        _counted(_holds.where(HELD_LONG, _of_shop), "held_long"),
        _counted(_holds.where(_after_print, _of_shop), "after_print"),
    ),
    Counts,
)
_no_job: tuple[sa.Label[Any], ...] = (
    sa.null().label("job_id"),
    sa.null().label("printer_id"),
    sa.literal_column("''").label("serial"),
    sa.literal_column("''").label("reason"),
)
_of_head = (
    order_head.c.id.label("order_id"),
    order_head.c.number,
    order_head.c.produced_at_us.label("since_us"),
    *_no_job,
)
# Since when the paper that lies about is of an earlier revision: since the present one is.
_amended_at = (
    sa.select(order_revision.c.at_us)
    .where(
        own(order_revision), order_revision.c.order_id == order_head.c.id,
        order_revision.c.revision == order_head.c.revision,
    )
    .scalar_subquery().label("since_us")
)  # fmt: skip
_of_changed = (_of_head[0], _of_head[1], _amended_at, *_no_job)
_of_job = (
    order_head.c.id.label("order_id"), order_head.c.number, print_job.c.asked_at_us.label("since_us"), print_job.c.id.label("job_id"),
    print_job.c.printer_id, print_job.c.serial, print_job.c.reason,
)  # fmt: skip
_of_hold: tuple[Any, ...] = (
    order_head.c.id.label("order_id"), order_head.c.number, hold.c.since_us, hold.c.job_id, sa.null().label("printer_id"),
    sa.literal_column("''").label("serial"), hold.c.kind.label("reason"),
)  # fmt: skip
_by_hold = sa.select(*_of_hold).join(order_head, _head_of_hold)
_by_job = sa.select(*_of_job).join(order_head, _head_of_job)
_LISTS = {
    "unprinted": Statement(
        sa.select(*_of_head).where(_unprinted).order_by(order_head.c.id).limit(SHOWN), Late
    ),
    "changed": Statement(
        sa.select(*_of_changed).where(_changed).order_by(order_head.c.id).limit(SHOWN), Late
    ),
    "waiting": Statement(_by_job.where(_waiting).order_by(print_job.c.id).limit(SHOWN), Late),
    "unknown": Statement(_by_job.where(_unknown).order_by(print_job.c.id).limit(SHOWN), Late),
    "held_long": Statement(_by_hold.where(HELD_LONG).order_by(hold.c.order_id, hold.c.id).limit(SHOWN), Late),
    "failed": Statement(_by_hold.where(_failed).order_by(hold.c.order_id.desc()).limit(SHOWN), Late),
    "after_print": Statement(
        _by_hold.where(_after_print).order_by(hold.c.order_id.desc()).limit(SHOWN), Late
    ),
}


def count_problems(tx: Tx, *, shop_id: int = 0) -> Counts:
    """Return how many problems of each kind there are now, of one shop or of all."""
    bounds = _bounds(tx, "oldest", "unprinted_us", "waiting_us", "held_us", "now_us")
    found = tx.one(_COUNTS_OF_SHOP, shop_id=shop_id, **bounds) if shop_id else tx.one(_COUNTS, **bounds)
    return found or Counts(0, 0, 0, 0, 0, 0, 0)


def count_badge(tx: Tx) -> tuple[int, int]:
    """Return how many orders are held, and how many need somebody: what stands on every page."""
    held, *others = tx.one(_BADGE, **_bounds(tx, "oldest", "unprinted_us", "waiting_us")) or (0,)
    return held, held + sum(others)


def list_problems(tx: Tx, *, kind: str) -> list[Late]:
    """Return problems of a kind, at most 100, the oldest first (after paper, and `failed`: the newest first)."""
    named = {
        "unprinted": ("oldest", "unprinted_us"), "changed": ("oldest",), "waiting": ("waiting_us",),
        "held_long": ("held_us", "now_us"),
    }  # fmt: skip
    return tx.rows(_LISTS[kind], **_bounds(tx, *named.get(kind, ())))


def _bounds(tx: Tx, *names: str) -> dict[str, int]:
    every = {
        "oldest": id_at(tx.now_us - WINDOW_US), "now_us": tx.now_us, "unprinted_us": tx.now_us - UNPRINTED_US,
        "waiting_us": tx.now_us - WAITING_US, "held_us": tx.now_us - HELD_US,
    }  # fmt: skip
    return {name: every[name] for name in names}
