"""What the state machine knows of its orders by itself, and what it reads past the desk's own guards."""

from collections import Counter
from dataclasses import dataclass, field

import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.db import Tx
from tocsin.core.statement import Statement, own
from tocsin.orders.draft import Draft
from tocsin.orders.table import hold, order_head
from tocsin.tickets.job import JOB_LIFE_US, ON_PAPER
from tocsin.tickets.table import print_job, verdict


class Shown(Struct, frozen=True):
    """A job as its row says."""

    id: int
    queue_id: int
    printer_id: int
    order_id: int
    revision: int
    copy: str
    state: str
    reason: str
    verdict_id: int
    asked_at_us: int
    settled_by: str


class Kept(Struct, frozen=True):
    """A hold as its row says."""

    id: int
    order_id: int
    kind: str
    job_id: int | None
    until_us: int | None
    closed_at_us: int | None
    closed_by: str


class Judged(Struct, frozen=True):
    """A verdict as its row says."""

    id: int
    order_id: int
    revision: int
    job_id: int | None
    passed: int


class Facts(Struct, frozen=True):
    """All rows of a house that papers hang on."""

    now_us: int
    jobs: dict[int, Shown]
    holds: list[Kept]
    states: dict[int, str]

    def open(self, order_id: int) -> list[Kept]:
        """Return an order's open holds."""
        return [hold for hold in self.holds if hold.order_id == order_id and hold.closed_at_us is None]

    def waited_too_long(self, job: Shown) -> bool:
        """Tell whether nobody has looked at a job for longer than it lives."""
        closed = [hold.closed_at_us or 0 for hold in self.holds if hold.order_id == job.order_id]
        return self.now_us - max([job.asked_at_us, *closed]) > JOB_LIFE_US

    def marks(self, job: Shown) -> tuple[int, int]:
        """Return the reprint number and the revision amended from that a job's paper must bear now."""
        out = [j for j in self.jobs.values() if j.order_id == job.order_id and j.state in ON_PAPER]
        same = [j for j in out if (j.revision, j.copy) == (job.revision, job.copy)]
        return len(same), max((j.revision for j in out if j.revision < job.revision), default=0)


@dataclass
class Known:
    """An order as the machine made it: what may be printed of it follows from this alone."""

    id: int
    draft: Draft
    goods_minor: int
    payment: str
    wrong: bool = False
    warned: bool = False
    revision: int = 1
    acknowledged: int = 0
    cancelled: bool = False
    approved: Counter[tuple[int, str]] = field(default_factory=Counter)
    sent: Counter[tuple[int, str]] = field(default_factory=Counter)

    def is_void(self) -> bool:
        """Tell whether nothing of it may become paper any more."""
        return self.cancelled or self.payment == "refunded"

    def may_print(self) -> bool:
        """Tell whether it is right, but for holds that stand beside it."""
        right = self.payment == "paid" and not self.wrong
        return right and not self.cancelled and (not self.warned or self.acknowledged == self.revision)


def _all_of(table: sa.Table, shape: type[Struct]) -> Statement[Struct]:
    columns = [table.c[name] for name in shape.__struct_fields__]
    return Statement(sa.select(*columns).where(own(table)).order_by(table.c.id), shape)


_JOBS, _HOLDS, _VERDICTS = _all_of(print_job, Shown), _all_of(hold, Kept), _all_of(verdict, Judged)
_STATES = Statement[tuple[int, str]](
    sa.select(order_head.c.id, order_head.c.desk_state).where(own(order_head))
)


def read_facts(tx: Tx) -> Facts:
    """Return all that stands."""
    jobs = {job.id: job for job in tx.rows(_JOBS)}  # type: ignore[attr-defined]
    return Facts(tx.now_us, jobs, tx.rows(_HOLDS), dict(tx.rows(_STATES)))  # type: ignore[arg-type]


def read_verdicts(tx: Tx) -> dict[int, Judged]:
    """Return all verdicts by their id."""
    return {found.id: found for found in tx.rows(_VERDICTS)}  # type: ignore[attr-defined]


def unseen(facts: Facts, orders: dict[int, Known]) -> list[str]:
    """Return approved papers that neither came out nor are to be seen anywhere by a person."""
    return [
        f"job {job.id} of revision {job.revision} is {job.state} ({job.reason})"
        for job in facts.jobs.values()
        if not _is_seen(job, facts, orders[job.order_id])
    ]


def _is_seen(job: Shown, facts: Facts, order: Known) -> bool:
    held = [hold for hold in facts.holds if hold.job_id == job.id]
    match job.state:
        case "queued" | "sending" | "printed":
            return True
        case "unknown":
            return any(hold.kind == "unknown" and hold.closed_at_us is None for hold in held)
    told = any(hold.kind == "failed" and hold.closed_by in ("", "owner") for hold in held)
    if told or (job.state == "cancelled" and job.settled_by):
        return True
    later = [
        j for j in facts.jobs.values() if j.order_id == job.order_id and j.id > job.id and j.copy == job.copy
    ]
    return order.is_void() or (job.state == "failed" and job.revision < order.revision) or bool(later)
