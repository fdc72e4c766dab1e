"""Problem orders as a list: what was found on them, who has acknowledged it, how many of each kind."""

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.db import Tx
from tocsin.core.statement import NOUGHT, Statement, any_of, own
from tocsin.orders.table import acknowledgement, hold, order_finding, order_head
from tocsin.tickets.rule import Finding


class Found(Struct, frozen=True):
    """A finding on the present revision of an order, and who has acknowledged it."""

    order_id: int
    revision: int
    finding: Finding
    acknowledged_by: str


class Counted(Struct, frozen=True):
    """How many held orders have a kind of hold, or a finding's code."""

    name: str
    count: int


class _Row(Struct, frozen=True):
    order_id: int
    revision: int
    data: str
    acknowledged_by: str | None


_same_acknowledgement = sa.and_(
    acknowledgement.c.merchant_id == order_finding.c.merchant_id,
    acknowledgement.c.order_id == order_finding.c.order_id,
    acknowledgement.c.revision == order_finding.c.revision,
    acknowledgement.c.code == order_finding.c.code,
)
_FOUND = Statement(
    sa.select(
        order_finding.c.order_id, order_finding.c.revision, order_finding.c.data,
        acknowledgement.c.actor_name.label("acknowledged_by"),
    ).select_from(order_finding).outerjoin(acknowledgement, _same_acknowledgement)
    .where(own(order_finding), any_of(order_finding.c.order_id, "ids"))
    .order_by(order_finding.c.order_id, order_finding.c.position),
    _Row,
)  # fmt: skip
_KINDS = Statement(
    sa.select(hold.c.kind.label("name"), sa.func.count(sa.distinct(hold.c.order_id)).label("count"))
    .where(own(hold), hold.c.closed_at_us.is_(None)).group_by(hold.c.kind).order_by(hold.c.kind),
    Counted,
)  # fmt: skip
_same_order = sa.and_(
    order_finding.c.merchant_id == order_head.c.merchant_id, order_finding.c.order_id == order_head.c.id
)
_CODES = Statement(
    sa.select(order_finding.c.code.label("name"), sa.func.count(sa.distinct(order_finding.c.order_id)).label("count"))
    .select_from(order_head).join(order_finding, _same_order)
    .where(own(order_head), order_head.c.holds_open > NOUGHT)
    .group_by(order_finding.c.code).order_by(order_finding.c.code),
    Counted,
)  # fmt: skip


def findings_of(tx: Tx, *, order_ids: list[int]) -> dict[int, list[Found]]:
    """Return what the last check found on each of some orders, gravest first."""
    found: dict[int, list[Found]] = {order_id: [] for order_id in order_ids}
    for row in tx.rows(_FOUND, ids=order_ids):
        finding = msgspec.json.decode(row.data, type=Finding)
        found[row.order_id].append(Found(row.order_id, row.revision, finding, row.acknowledged_by or ""))
    return found


def count_kinds(tx: Tx) -> list[Counted]:
    """Return how many orders have an open hold of each kind."""
    return tx.rows(_KINDS)


def count_codes(tx: Tx) -> list[Counted]:
    """Return how many held orders have each finding."""
    return tx.rows(_CODES)
