"""Holds and THE guard: what must not be printed now, with typed reasons.

A hold is a row, not a status. Every path that leads to paper asks `open_holds`.
"""

from datetime import UTC, datetime
from typing import Literal

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.actor import Actor
from tocsin.core.clock import from_datetime
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.event import append_event
from tocsin.core.ident import new_id
from tocsin.core.journal import write_journal
from tocsin.core.statement import NOUGHT, Statement, any_of, bind, insert_into, own
from tocsin.orders.archive import wake_order
from tocsin.orders.table import conflict_draft, hold, order_head

HoldKind = Literal["check", "acknowledge", "later", "unknown", "failed", "conflict", "refund", "manual"]
HOLD_KINDS: tuple[HoldKind, ...] = (
    "check",
    "acknowledge",
    "later",
    "unknown",
    "failed",
    "conflict",
    "refund",
    "manual",
)


_UNTIL_MOST_US = from_datetime(datetime(2200, 1, 1, tzinfo=UTC))


class HoldMissing(Refusal):
    """That hold is closed already, or never was: look at the order again"""

    kind, code = "missing", "hold_missing"


class HoldTimeWrong(Refusal):
    """No order waits until then: choose a time before the year 2200"""

    kind, code = "invalid", "hold_time_wrong"


class Held(Refusal):
    """Order {number} is held ({kinds}): release or revise it first"""

    kind, code = "refused", "held"


class Hold(Struct, frozen=True):
    """One reason why an order must not be printed; open while `closed_at_us` is None."""

    id: int
    order_id: int
    revision: int
    kind: str
    reason: str
    findings: str
    job_id: int | None
    copy: str
    since_us: int
    by_id: int
    by_name: str
    until_us: int | None
    closed_at_us: int | None
    closed_by: str
    closed_reason: str


_COLUMNS = tuple(hold.c[name] for name in Hold.__struct_fields__)
_open = hold.c.closed_at_us.is_(None)
_ADD = insert_into(hold)
_OPEN = Statement(
    sa.select(*_COLUMNS).where(own(hold), _open, hold.c.order_id == bind("order_id")).order_by(hold.c.id),
    Hold,
)
_OPEN_OF_MANY = Statement(
    sa.select(*_COLUMNS).where(own(hold), _open, any_of(hold.c.order_id, "ids")).order_by(hold.c.id), Hold
)
_ALL = Statement(
    sa.select(*_COLUMNS)
    .where(own(hold), hold.c.order_id == bind("order_id"))
    .order_by(hold.c.id.desc())
    .limit(100),
    Hold,
)
_ONE_OPEN = Statement(sa.select(*_COLUMNS).where(own(hold), _open, hold.c.id == bind("id")), Hold)
_PAGE = Statement(
    sa.select(*_COLUMNS).where(own(hold), _open, hold.c.order_id < bind("before"))
    .order_by(hold.c.order_id.desc(), hold.c.id).limit(bind("limit")),
    Hold,
)  # fmt: skip
_DUE = Statement(
    sa.select(*_COLUMNS)
    .where(own(hold), _open, hold.c.kind == "later", hold.c.until_us <= bind("now_us"))
    .limit(200),
    Hold,
)
_CLOSE = Statement[None](
    sa.update(hold).where(own(hold), _open, hold.c.id == bind("b_id")),
    sets=("closed_at_us", "closed_by", "closed_reason"),
)
_COUNT_HEAD = Statement[tuple[str]](
    sa.update(order_head).where(own(order_head), order_head.c.id == bind("b_id"))
    .values(holds_open=order_head.c.holds_open + sa.bindparam("more", type_=sa.BigInteger))
    .returning(order_head.c.desk_state)
)  # fmt: skip
_DROP_DRAFT = Statement[None](
    sa.delete(conflict_draft).where(own(conflict_draft), conflict_draft.c.order_id == bind("b_order"))
)
_COUNT_OPEN = Statement[tuple[int]](
    sa.select(sa.func.count()).select_from(
        sa.select(order_head.c.id)
        .where(own(order_head), order_head.c.holds_open > NOUGHT)
        .limit(10_001)
        .subquery()
    )
)


def open_holds(tx: Tx, *, order_id: int) -> list[Hold]:
    """Return the open holds of an order: THE guard that every path to paper asks."""
    return tx.rows(_OPEN, order_id=order_id)


def open_holds_of(tx: Tx, *, order_ids: list[int]) -> list[Hold]:
    """Return the open holds of many orders, in one statement."""
    return tx.rows(_OPEN_OF_MANY, ids=order_ids)


def list_holds(tx: Tx, *, order_id: int) -> list[Hold]:
    """Return all holds of an order, open and closed, the newest first."""
    return tx.rows(_ALL, order_id=order_id)


def page_holds(tx: Tx, *, before: int = 2**63 - 1, limit: int = 50) -> list[Hold]:
    """Return about `limit` open holds, the newest order first; the last order comes with all of its own."""
    found = tx.rows(_PAGE, before=before, limit=limit)
    if len(found) < limit:
        return found
    last = found[-1].order_id
    return [row for row in found if row.order_id != last] + open_holds(tx, order_id=last)


def due_holds(tx: Tx) -> list[Hold]:
    """Return `later` holds whose time has come."""
    return tx.rows(_DUE, now_us=tx.now_us)


def get_hold(tx: Tx, *, hold_id: int) -> Hold:
    """Return an open hold.

    Raises:
        HoldMissing: it is closed, or never was.
    """
    found = tx.one(_ONE_OPEN, id=hold_id)
    if found is None:
        raise HoldMissing
    return found


def count_held(tx: Tx) -> int:
    """Return how many orders are held; 10,001 says more than 10,000."""
    return int(tx.value(_COUNT_OPEN))


def open_hold(
    tx: Tx, actor: Actor, *, order_id: int, revision: int, kind: HoldKind, reason: str, findings: object = (),
    job_id: int | None = None, copy: str = "", until_us: int | None = None,
) -> int:  # fmt: skip
    """Open a hold on a revision of an order; return its id.

    Raises:
        HoldTimeWrong: `until_us` is before 1970 or beyond 2200.
    """
    if until_us is not None and not 0 < until_us < _UNTIL_MOST_US:
        raise HoldTimeWrong
    hold_id = new_id()
    tx.add(
        _ADD, id=hold_id, order_id=order_id, revision=revision, kind=kind, reason=reason,
        findings=msgspec.json.encode(findings).decode(), job_id=job_id, copy=copy, since_us=tx.now_us, by_id=actor.id,
        by_name=actor.name, until_us=until_us, closed_at_us=None, closed_by="", closed_reason="", told_at_us=None,
    )  # fmt: skip
    if tx.value(_COUNT_HEAD, b_id=order_id, more=1) == "archived":
        wake_order(tx, order_id=order_id)
    append_event(tx, "order.held", subject_id=order_id, data={"hold": str(hold_id), "kind": kind})
    write_journal(
        tx, actor, verb="orders.hold", subject=f"order:{order_id}", data={"hold": str(hold_id), "kind": kind}
    )  # fmt: skip
    return hold_id


def close_hold(tx: Tx, actor: Actor, found: Hold, *, reason: str) -> bool:
    """Close a hold; False when somebody else has closed it meanwhile."""
    if not tx.run(_CLOSE, b_id=found.id, closed_at_us=tx.now_us, closed_by=actor.name, closed_reason=reason):
        return False
    tx.add(_COUNT_HEAD, b_id=found.order_id, more=-1)
    if found.kind == "conflict":  # what the source brought is kept no longer than it is asked about
        tx.add(_DROP_DRAFT, b_order=found.order_id)
    append_event(
        tx, "order.released", subject_id=found.order_id, data={"hold": str(found.id), "kind": found.kind}
    )
    write_journal(
        tx, actor, verb="orders.release", subject=f"order:{found.order_id}",
        data={"hold": str(found.id), "kind": found.kind},
    )  # fmt: skip
    return True
