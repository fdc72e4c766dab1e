"""Pictures of tickets: how long an order waits for its first paper, and what became of the papers of each printer."""

from bisect import bisect_right
from itertools import accumulate

import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.ident import EPOCH_MS, id_at
from tocsin.core.period import Period
from tocsin.core.statement import Statement, any_of, bind, own
from tocsin.core.tally import Tallies
from tocsin.orders.table import order_head
from tocsin.tickets.table import print_job
from tocsin.tickets.ticket_tally import FINE, LONGEST, PAPERS, WAITS

_j, _h = print_job.c, order_head.c
# Where the bars of the picture begin, in seconds.
STEPS = (0, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400)
PERCENTS = (50, 90, 99)
WAITING = ["queued", "sending"]
STATES = [*WAITING, "printed", "unknown", "failed", "expired", "cancelled"]


class Waits(Struct, frozen=True):
    """How long first papers took: how many in each step, and within how many seconds 50, 90 and 99 in a hundred came out."""

    tickets: int
    steps: tuple[int, ...]
    within: tuple[int, ...]


class Papers(Struct, frozen=True):
    """How many papers of a printer are in a state."""

    printer_id: int
    state: str
    papers: int


class _Row(Struct, frozen=True):
    seconds: int
    tickets: int


def _whole(value: sa.ColumnElement[int], unit: int) -> sa.ColumnElement[int]:
    return value // sa.literal_column(str(unit), sa.BigInteger)


_made_ms = _j.order_id.bitwise_rshift(sa.literal_column("22", sa.BigInteger)) + sa.literal_column(
    str(EPOCH_MS), sa.BigInteger
)
_seconds = _whole(_whole(_j.ended_at_us, 1_000) - _made_ms, 1_000)
_fine = sa.case(
    (_seconds < 0, 0),
    *((_seconds < below, _whole(_seconds, unit) * unit) for below, unit in FINE),
    else_=LONGEST,
)
_asked = (own(print_job), _j.id >= bind("from_id"), _j.id < bind("to_id"))
_heads = print_job.join(order_head, sa.and_(_h.merchant_id == _j.merchant_id, _h.id == _j.order_id))
_of_shop = _h.shop_id == bind("shop_id")
_first = (_j.state == "printed", _j.reprint_no == 0, _j.replaces == 0, _j.amended_from == 0)


def _waits(of: sa.FromClause, *conditions: sa.ColumnElement[bool]) -> Statement[_Row]:
    return Statement(
        sa.select(_fine.label("seconds"), sa.func.count().label("tickets")).select_from(of)
        .where(*_asked, *_first, *conditions).group_by(sa.text("1")).order_by(sa.text("1")),
        _Row,
    )  # fmt: skip


def _papers(of: sa.FromClause, *conditions: sa.ColumnElement[bool]) -> Statement[Papers]:
    return Statement(
        sa.select(_j.printer_id, _j.state, sa.func.count().label("papers")).select_from(of)
        .where(*_asked, any_of(_j.state, "states"), *conditions).group_by(_j.printer_id, _j.state),
        Papers,
    )  # fmt: skip


_WAITS, _WAITS_OF_SHOP = _waits(print_job), _waits(_heads, _of_shop)
_PAPERS, _PAPERS_OF_SHOP = _papers(print_job), _papers(_heads, _of_shop)


def picture_waits(
    tx: Tx, actor: Actor, *, period: Period, shop_id: int = 0, tallies: Tallies | None = None
) -> Waits:
    """Return how long it took from an order to its first papers, of those that were asked for in a period and came out.

    Args:
        tallies: what the figures are read from; without them the papers themselves are counted.

    Raises:
        NotAllowed
    """
    require(actor, "query")
    bounds = _bounds(period)
    if tallies:
        sums = {int(name): n for name, n in tallies.sums(WAITS, hours=period.hours, shop_id=shop_id).items()}
        rows = [_Row(seconds, sums[seconds]) for seconds in sorted(sums)]
    else:
        rows = tx.rows(_WAITS_OF_SHOP, shop_id=shop_id, **bounds) if shop_id else tx.rows(_WAITS, **bounds)
    steps = [0] * len(STEPS)
    for row in rows:
        steps[bisect_right(STEPS, row.seconds) - 1] += row.tickets
    return Waits(sum(steps), tuple(steps), tuple(_within(rows, percent) for percent in PERCENTS))


def picture_papers(
    tx: Tx, actor: Actor, *, period: Period, shop_id: int = 0, tallies: Tallies | None = None
) -> list[Papers]:
    """Return what became of the papers that were asked for in a period, by printer and state.

    Args:
        tallies: as `picture_waits`; papers that wait are counted where they lie.

    Raises:
        NotAllowed
    """
    require(actor, "query")
    more = {"states": WAITING if tallies else STATES, **_bounds(period)}
    rows = tx.rows(_PAPERS_OF_SHOP, shop_id=shop_id, **more) if shop_id else tx.rows(_PAPERS, **more)
    return rows + _ended(tallies.sums(PAPERS, hours=period.hours, shop_id=shop_id)) if tallies else rows


def _ended(sums: dict[str, int]) -> list[Papers]:
    named = ((name.split(":"), papers) for name, papers in sums.items())
    return [Papers(int(printer_id), state, papers) for (printer_id, state), papers in named]


def _bounds(period: Period) -> dict[str, int]:
    return {"from_id": id_at(period.from_us), "to_id": id_at(period.to_us)}


def _within(rows: list[_Row], percent: int) -> int:
    """Return within how many seconds so many in a hundred came: the end of the unit that the nearest rank is in."""
    total = sum(row.tickets for row in rows)
    rank = -(-total * percent // 100)
    for row, reached in zip(rows, accumulate(row.tickets for row in rows), strict=True):
        if reached >= rank:
            return row.seconds + next((unit for below, unit in FINE if row.seconds < below), 0)
    return 0
