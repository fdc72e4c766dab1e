"""What a shift hands over, counted: holds, papers, numbers, cash to be collected; each by one aggregate over an index.

What happened is found by ranges of ids, which begin with the time; a paper may have been asked for up to three days before.
"""

import sqlalchemy as sa
from msgspec import Struct

from tocsin.alarm.posture import read_posture
from tocsin.alarm.record import open_incidents
from tocsin.core.clock import DAY_US
from tocsin.core.db import Tx
from tocsin.core.ident import id_at
from tocsin.core.journal import journal
from tocsin.core.statement import NOUGHT, Statement, among, bind, bounded_sum, own
from tocsin.orders.table import hold, order_head
from tocsin.tickets.table import hand_over, print_job

LISTED = 200
_ASKED_BEFORE_US = 3 * DAY_US


class Kind(Struct, frozen=True):
    """How many orders have an open hold of a kind."""

    kind: str
    count: int


class HeldOrder(Struct, frozen=True):
    """An order that is handed over held: by what, and since when."""

    number: str
    kind: str
    since_us: int


class OpenPaper(Struct, frozen=True):
    """A paper whose outcome nobody knows, or that still waits."""

    serial: str
    number: str
    state: str
    asked_at_us: int


class Span(Struct, frozen=True):
    """How many there were in the shift, and the first and the last one by name."""

    count: int = 0
    first: str = ""
    last: str = ""


class Cash(Struct, frozen=True):
    """What is to be collected for orders of cash on delivery: those printed, or handed to their receivers, in the shift."""

    basis: str
    currency: str
    count: int
    minor: int


class OpenIncident(Struct, frozen=True):
    """An incident that is handed over open."""

    id: str
    kind: str
    level: str
    raised_at_us: int
    acknowledged_by: str


class Figures(Struct, frozen=True, kw_only=True):
    """What a shift hands over; lists hold the first 200."""

    holds: tuple[Kind, ...] = ()
    held: tuple[HeldOrder, ...] = ()
    unknown: int = 0
    queued: int = 0
    papers: tuple[OpenPaper, ...] = ()
    printed: Span = Span()
    issued: Span = Span()
    amended: int = 0
    handed_over: int = 0
    cash: tuple[Cash, ...] = ()
    incidents: tuple[OpenIncident, ...] = ()
    posture: str = "calm"

    def held_count(self) -> int:
        """Return how many orders are held, once for each kind."""
        return sum(one.count for one in self.holds)


class _Ends(Struct, frozen=True):
    count: int
    first_id: int | None
    last_id: int | None


_of_hold = sa.and_(order_head.c.merchant_id == hold.c.merchant_id, order_head.c.id == hold.c.order_id)
_of_job = sa.and_(
    order_head.c.merchant_id == print_job.c.merchant_id, order_head.c.id == print_job.c.order_id
)
_of_handed = sa.and_(
    order_head.c.merchant_id == hand_over.c.merchant_id, order_head.c.id == hand_over.c.order_id
)
_here = order_head.c.shop_id == bind("of_shop")
_open = (own(hold), hold.c.closed_at_us.is_(None), _here)
_HOLDS = Statement(
    sa.select(hold.c.kind, sa.func.count(sa.distinct(hold.c.order_id)).label("count"))
    .select_from(hold.join(order_head, _of_hold)).where(*_open).group_by(hold.c.kind).order_by(hold.c.kind),
    Kind,
)  # fmt: skip
_HELD = Statement(
    sa.select(order_head.c.number, hold.c.kind, hold.c.since_us)
    .select_from(hold.join(order_head, _of_hold)).where(*_open).order_by(hold.c.kind, hold.c.order_id.desc()).limit(LISTED),
    HeldOrder,
)  # fmt: skip


def _in_state(*states: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (own(print_job), among(print_job.c.state, *states), _here)


_jobs = print_job.join(order_head, _of_job)
_COUNT_OPEN = Statement[tuple[str, int]](
    sa.select(print_job.c.state, sa.func.count()).select_from(_jobs)
    .where(*_in_state("unknown", "queued", "sending")).group_by(print_job.c.state)
)  # fmt: skip
_OPEN_PAPERS = Statement(
    sa.select(print_job.c.serial, order_head.c.number, print_job.c.state, print_job.c.asked_at_us).select_from(_jobs)
    .where(*_in_state("unknown", "queued", "sending")).order_by(print_job.c.id).limit(LISTED),
    OpenPaper,
)  # fmt: skip
_printed = (
    own(print_job), print_job.c.id >= bind("asked_from"), print_job.c.id < bind("until_id"), print_job.c.state == "printed",
    print_job.c.ended_at_us >= bind("from_us"), print_job.c.ended_at_us < bind("until_us"),
)  # fmt: skip
_PRINTED = Statement(
    sa.select(
        sa.func.count().label("count"), sa.func.min(print_job.c.id).label("first_id"), sa.func.max(print_job.c.id).label("last_id")
    ).select_from(_jobs).where(*_printed, _here),
    _Ends,
)  # fmt: skip
_SERIAL = Statement[tuple[str]](
    sa.select(print_job.c.serial).where(own(print_job), print_job.c.id == bind("id"))
)
_ISSUED = Statement(
    sa.select(
        sa.func.count().label("count"), sa.func.min(order_head.c.id).label("first_id"), sa.func.max(order_head.c.id).label("last_id")
    ).where(own(order_head), order_head.c.id >= bind("from_id"), order_head.c.id < bind("until_id"), _here),
    _Ends,
)  # fmt: skip
_NUMBER = Statement[tuple[str]](
    sa.select(order_head.c.number).where(own(order_head), order_head.c.id == bind("id"))
)
# A new order's entry tells its number, an amended one's its revision.
_is_amended = sa.and_(journal.c.verb == "orders.produce", journal.c.data.like('{"revision"%'))
_about = sa.cast(
    sa.case((_is_amended, sa.func.substr(journal.c.subject, len("order:") + 1)), else_="0"), sa.BigInteger
)
_AMENDED = Statement[tuple[int]](
    sa.select(sa.func.count()).select_from(
        journal.join(order_head, sa.and_(order_head.c.merchant_id == journal.c.merchant_id, order_head.c.id == _about))
    ).where(own(journal), journal.c.id >= bind("from_id"), journal.c.id < bind("until_id"), _is_amended, _here)
)  # fmt: skip
_handed = (own(hand_over), hand_over.c.id >= bind("from_id"), hand_over.c.id < bind("until_id"))
_HANDED = Statement[tuple[int]](
    sa.select(sa.func.count()).select_from(hand_over.join(order_head, _of_handed)).where(*_handed, _here)
)
_due = bounded_sum(order_head.c.payable_minor - sa.func.coalesce(order_head.c.paid_minor, NOUGHT))


def _cash(of: sa.Table, *chosen: sa.ColumnElement[bool]) -> Statement[tuple[str, int, int]]:
    orders = sa.select(of.c.merchant_id, of.c.order_id).where(*chosen).distinct().subquery()
    same = sa.and_(order_head.c.merchant_id == orders.c.merchant_id, order_head.c.id == orders.c.order_id)
    return Statement(
        sa.select(order_head.c.currency, sa.func.count(), _due)
        .select_from(orders.join(order_head, same))
        .where(
            own(order_head), _here, order_head.c.payment_method == "cod", among(order_head.c.payment, "unpaid", "authorised"),
            order_head.c.desk_state != "cancelled",
        ).group_by(order_head.c.currency).order_by(order_head.c.currency)
    )  # fmt: skip


_CASH_PRINTED, _CASH_HANDED = _cash(print_job, *_printed), _cash(hand_over, *_handed)


def count_shift(tx: Tx, *, shop_id: int, from_us: int, until_us: int) -> Figures:
    """Return what a shop's shift hands over, as it stands now, and what happened since it began."""
    ids = {"from_id": id_at(from_us), "until_id": id_at(until_us + 1_000), "of_shop": shop_id}
    times = {
        "asked_from": id_at(from_us - _ASKED_BEFORE_US), "until_id": ids["until_id"], "from_us": from_us,
        "until_us": until_us + 1, "of_shop": shop_id,
    }  # fmt: skip
    waiting = {state: int(count) for state, count in tx.rows(_COUNT_OPEN, of_shop=shop_id)}
    return Figures(
        holds=tuple(tx.rows(_HOLDS, of_shop=shop_id)), held=tuple(tx.rows(_HELD, of_shop=shop_id)),
        unknown=waiting.get("unknown", 0), queued=waiting.get("queued", 0) + waiting.get("sending", 0),
        papers=tuple(tx.rows(_OPEN_PAPERS, of_shop=shop_id)),
        printed=_span(tx, _PRINTED, _SERIAL, **times), issued=_span(tx, _ISSUED, _NUMBER, **ids),
        amended=int(tx.value(_AMENDED, **ids) or 0), handed_over=int(tx.value(_HANDED, **ids) or 0),
        cash=_collect(tx, ids=ids, times=times), incidents=_incidents(tx), posture=read_posture(tx).state,
    )  # fmt: skip


def _span(
    tx: Tx, counted: Statement[_Ends], named: Statement[tuple[str]], **bounds: int
) -> Span:  # fmt: skip
    found = tx.one(counted, **bounds)
    if found is None or found.first_id is None or found.last_id is None:
        return Span()
    return Span(
        found.count,
        str(tx.value(named, id=found.first_id) or ""),
        str(tx.value(named, id=found.last_id) or ""),
    )


def _collect(tx: Tx, *, ids: dict[str, int], times: dict[str, int]) -> tuple[Cash, ...]:
    printed = [Cash("printed", *row) for row in tx.rows(_CASH_PRINTED, **times)]
    return (*printed, *(Cash("handed", *row) for row in tx.rows(_CASH_HANDED, **ids)))


def _incidents(tx: Tx) -> tuple[OpenIncident, ...]:
    return tuple(
        OpenIncident(str(one.id), one.kind, one.level, one.raised_at_us, one.acknowledged_name)
        for one in open_incidents(tx)
    )
