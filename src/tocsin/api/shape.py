"""Shapes of answers: ids as strings, amounts as decimal strings, instants in ISO 8601."""

from operator import attrgetter
from typing import Any

import msgspec
from msgspec import Struct, structs

from tocsin.core.clock import to_utc
from tocsin.core.money import plain_micro, plain_minor
from tocsin.core.party import Party
from tocsin.orders.amend import Change
from tocsin.orders.draft import Line, Order
from tocsin.orders.listing import HeadRow, Page
from tocsin.orders.stop import Hold
from tocsin.orders.store import RevisionEntry
from tocsin.orders.wire import LineIn, ReceiverIn, TotalsIn
from tocsin.tickets.rule import Finding, text


class RowOut(Struct, frozen=True, kw_only=True):
    """One order in a list; the receiver is masked."""

    id: str
    number: str
    revision: int
    channel: str
    external_id: str
    desk_state: str
    payment: str
    payment_method: str
    fulfilment: str
    campaign: str
    pickup_point: str
    community: str
    currency: str
    payable: str
    placed_at: str
    produced_at: str
    receiver_name: str
    receiver_phone: str
    summary: str
    holds_open: int
    checked: str


class PageOut(Struct, frozen=True):
    """A page of a list; give `next` back as `after`, it is empty at the end."""

    orders: tuple[RowOut, ...]
    next: str
    lookup_id: str


class OrderOut(Struct, frozen=True, kw_only=True):
    """One revision of an order; the receiver is masked."""

    id: str
    number: str
    revision: int
    head_revision: int
    shop: str
    channel: str
    external_id: str
    external_status: str
    status_known: bool
    currency: str
    placed_at: str
    paid_at: str
    payment: str
    payment_method: str
    fulfilment: str
    desk_state: str
    delivery: str
    campaign: str
    merchant_note: str
    carrier: str
    waybill: str
    pickup_point: str
    community: str
    group_no: str
    group_state: str
    receiver: ReceiverIn
    lines: tuple[LineIn, ...]
    totals: TotalsIn
    computed_goods: str
    computed_payable: str
    payable: str
    content_hash: str
    produced_at: str


class RevisionOut(Struct, frozen=True, kw_only=True):
    """Who made a revision, when and why."""

    revision: int
    reason: str
    actor_kind: str
    actor_name: str
    at: str
    content_hash: str


class FindingOut(Struct, frozen=True, kw_only=True):
    """One thing that is wrong with an order; `level` E stops, W asks, I informs."""

    code: str
    level: str
    field: str
    text: str


class HoldOut(Struct, frozen=True, kw_only=True):
    """One reason why an order must not be printed; open while `closed_at` is empty."""

    id: str
    revision: int
    kind: str
    reason: str
    findings: tuple[FindingOut, ...]
    job_id: str
    copy: str
    since: str
    by: str
    until: str
    closed_at: str
    closed_by: str
    closed_reason: str


# What goes out as it is, fetched at once: a page has fifty rows.
_ROW = tuple(name for name in RowOut.__struct_fields__ if name in HeadRow.__struct_fields__ and name != "id")
_of_row = attrgetter(*_ROW)
_ORDER = tuple(
    name for name in OrderOut.__struct_fields__
    if name in Order.__struct_fields__ and name not in {"id", "receiver", "lines", "totals"}
)  # fmt: skip
_of_order = attrgetter(*_ORDER)


def row_out(row: HeadRow) -> RowOut:
    """Return a list row as JSON carries it."""
    return RowOut(
        **dict(zip(_ROW, _of_row(row), strict=True)), id=str(row.id), payable=plain_minor(row.payable_minor, row.currency),
        placed_at=iso(row.placed_at_us), produced_at=iso(row.produced_at_us),
    )  # fmt: skip


def page_out(page: Page) -> PageOut:
    """Return a page as JSON carries it."""
    return PageOut(tuple(row_out(row) for row in page.rows), page.next, str(page.lookup_id))


def order_out(order: Order) -> OrderOut:
    """Return an order as JSON carries it."""
    return OrderOut(
        **dict(zip(_ORDER, _of_order(order), strict=True)), id=str(order.id), placed_at=iso(order.placed_at_us),
        paid_at=iso(order.paid_at_us), receiver=receiver_out(order.receiver),
        lines=tuple(line_out(line, order.currency) for line in order.lines), totals=totals_out(order),
        computed_goods=plain_minor(order.computed_goods_minor, order.currency),
        computed_payable=plain_minor(order.computed_payable_minor, order.currency),
        payable=plain_minor(order.payable_minor, order.currency), produced_at=iso(order.produced_at_us),
    )  # fmt: skip


def receiver_out(receiver: Party) -> ReceiverIn:
    """Return a receiver as JSON carries it, masked or real as it was given."""
    return ReceiverIn(**structs.asdict(receiver))


def line_out(line: Line, currency: str) -> LineIn:
    """Return a line as JSON carries it."""
    return LineIn(
        title=line.title, line_id=line.line_id, sku=line.sku, spec=line.spec, unit=line.unit,
        quantity=plain_micro(line.quantity_micro), unit_price=plain_micro(line.unit_price_micro),
        discount=plain_minor(line.discount_minor, currency),
        total=None if line.total_minor is None else plain_minor(line.total_minor, currency), gift=line.gift,
    )  # fmt: skip


def totals_out(order: Order) -> TotalsIn:
    """Return an order's declared amounts as JSON carries them."""
    texts: dict[str, Any] = {
        name.removesuffix("_minor"): None if minor is None else plain_minor(minor, order.currency)
        for name, minor in structs.asdict(order.totals).items()
    }
    return TotalsIn(**texts)


def revision_out(entry: RevisionEntry) -> RevisionOut:
    """Return a line of an order's history."""
    return RevisionOut(
        revision=entry.revision, reason=entry.reason, actor_kind=entry.actor_kind, actor_name=entry.actor_name,
        at=iso(entry.at_us), content_hash=entry.content_hash,
    )  # fmt: skip


def finding_out(finding: Finding) -> FindingOut:
    """Return a finding with its message in English."""
    return FindingOut(code=finding.code, level=finding.level, field=finding.field, text=text(finding))


def hold_out(hold: Hold) -> HoldOut:
    """Return a hold with its findings."""
    found = msgspec.json.decode(hold.findings, type=tuple[Finding, ...])
    return HoldOut(
        id=str(hold.id), revision=hold.revision, kind=hold.kind, reason=hold.reason,
        findings=tuple(finding_out(finding) for finding in found), job_id=str(hold.job_id or ""), copy=hold.copy,
        since=iso(hold.since_us), by=hold.by_name, until=iso(hold.until_us), closed_at=iso(hold.closed_at_us),
        closed_by=hold.closed_by, closed_reason=hold.closed_reason,
    )  # fmt: skip


def change_out(change: Change) -> dict[str, str]:
    """Return one difference; text of the receiver is masked."""
    return {"field": change.field, "before": change.before, "after": change.after}


def iso(instant_us: int | None) -> str:
    """Return an instant in UTC, empty where there is none."""
    return "" if instant_us is None else to_utc(instant_us).isoformat()
