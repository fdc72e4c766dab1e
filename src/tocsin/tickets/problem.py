"""Problem orders as a list: what was found on them, who has acknowledged it, how many of each kind."""

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.db import Tx
from tocsin.core.statement import NOUGHT, Statement, among, any_of, own
from tocsin.orders.stop import HOLD_KINDS
from tocsin.orders.table import acknowledgement, hold, order_finding, order_head
from tocsin.tickets.check_choice import asks_two
from tocsin.tickets.rule import Finding
from tocsin.tickets.two_persons import Signature, marks_of, signatures_of, signed_orders

COUNT_MOST = 10_000


class Found(Struct, frozen=True):
    """A finding on the present revision of an order, and who has acknowledged it; of one that asks for `two`, the first."""

    order_id: int
    revision: int
    finding: Finding
    acknowledged_by: str
    two: bool = False
    first: Signature | None = None


class Counted(Struct, frozen=True):
    """How many held orders have a kind of hold, or a finding's code."""

    name: str
    count: int


class _Row(Struct, frozen=True):
    order_id: int
    revision: int
    code: str
    level: str
    data: str
    shop_id: int
    acknowledged_by: str | None

    def waits(self) -> bool:
        """Tell whether it asks for an acknowledgement that nobody has given."""
        return self.level == "W" and not self.acknowledged_by

    def finding(self) -> Finding:
        """Return what was found."""
        return msgspec.json.decode(self.data, type=Finding)


_same_acknowledgement = sa.and_(
    acknowledgement.c.merchant_id == order_finding.c.merchant_id,
    acknowledgement.c.order_id == order_finding.c.order_id,
    acknowledgement.c.revision == order_finding.c.revision,
    acknowledgement.c.code == order_finding.c.code,
)
_same_order = sa.and_(
    order_finding.c.merchant_id == order_head.c.merchant_id, order_finding.c.order_id == order_head.c.id
)
_FOUND = Statement(
    sa.select(
        order_finding.c.order_id, order_finding.c.revision, order_finding.c.code, order_finding.c.level, order_finding.c.data,
        order_head.c.shop_id, acknowledgement.c.actor_name.label("acknowledged_by"),
    ).select_from(order_finding).join(order_head, _same_order).outerjoin(acknowledgement, _same_acknowledgement)
    .where(own(order_finding), any_of(order_finding.c.order_id, "ids"))
    .order_by(order_finding.c.order_id, order_finding.c.position),
    _Row,
)  # fmt: skip


def _of_kind(kind: str) -> sa.SelectBase:
    of_it = own(hold), hold.c.closed_at_us.is_(None), among(hold.c.kind, kind)
    some = sa.select(hold.c.order_id).distinct().where(*of_it).limit(COUNT_MOST + 1).subquery()
    return sa.select(
        sa.literal_column(f"'{kind}'").label("name"), sa.func.count().label("count")
    ).select_from(some)


_KINDS = Statement(sa.union_all(*(_of_kind(kind) for kind in sorted(HOLD_KINDS))), Counted)
_held = (
    sa.select(order_head.c.id).where(own(order_head), order_head.c.holds_open > NOUGHT)
    .order_by(order_head.c.id.desc()).limit(COUNT_MOST + 1).subquery()
)  # fmt: skip
_CODES = Statement(
    sa.select(order_finding.c.code.label("name"), sa.func.count(sa.distinct(order_finding.c.order_id)).label("count"))
    .select_from(_held.join(order_finding, order_finding.c.order_id == _held.c.id)).where(own(order_finding))
    .group_by(order_finding.c.code).order_by(order_finding.c.code),
    Counted,
)  # fmt: skip


def findings_of(tx: Tx, *, order_ids: list[int]) -> dict[int, list[Found]]:
    """Return what the last check found on each of some orders, gravest first."""
    rows = tx.rows(_FOUND, ids=order_ids)
    asked = {
        shop_id: asks_two(tx, shop_id=shop_id) for shop_id in {row.shop_id for row in rows if row.waits()}
    }
    two = [row for row in rows if row.waits() and row.code in asked[row.shop_id]]
    firsts = _firsts(tx, two) if two else {}
    found: dict[int, list[Found]] = {order_id: [] for order_id in order_ids}
    for row in rows:
        found[row.order_id].append(Found(
            row.order_id, row.revision, row.finding(), row.acknowledged_by or "",
            two=row.waits() and row.code in asked[row.shop_id], first=firsts.get((row.order_id, row.code)),
        ))  # fmt: skip
    return found


def signed_once(tx: Tx) -> list[Found]:
    """Return what waits for the second of two persons."""
    order_ids = signed_orders(tx)
    found = findings_of(tx, order_ids=order_ids) if order_ids else {}
    return [one for each in found.values() for one in each if one.first]


def _firsts(tx: Tx, two: list[_Row]) -> dict[tuple[int, str], Signature]:
    """Return who has signed first what waits for two persons, by order and code."""
    findings: dict[tuple[int, int], list[Finding]] = {}
    for row in two:
        findings.setdefault((row.order_id, row.revision), []).append(row.finding())
    signed = signatures_of(tx, order_ids=list({row.order_id for row in two}))
    return {
        (order_id, code): signed[order_id, revision, code, mark]
        for (order_id, revision), each in findings.items()
        for code, mark in marks_of(each).items()
        if (order_id, revision, code, mark) in signed
    }


def count_kinds(tx: Tx) -> list[Counted]:
    """Return how many orders have an open hold of each kind that there is; 10,001 says more than 10,000."""
    return [one for one in tx.rows(_KINDS) if one.count]


def count_codes(tx: Tx) -> list[Counted]:
    """Return how many of the held orders have each finding: of the newest 10,001, where more are held."""
    return tx.rows(_CODES)
