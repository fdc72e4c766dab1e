"""Box 13, store: the current order, every past revision, and (in `lookup`) every look-up.

Nothing enters by another door than `produce`. Reading takes two statements: head, revision and
party in one, the lines in the other.
"""

from collections import defaultdict
from collections.abc import Sequence

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.party import (
    PARTY_COLUMNS,
    PartyRow,
    StoredParty,
    masked_party,
    open_party,
    party,
    person,
    receiver_of,
)
from tocsin.core.statement import Statement, any_of, bind, own
from tocsin.core.tenant import shop
from tocsin.core.text import strip_control
from tocsin.orders.draft import GroupState, Line, Order, Totals
from tocsin.orders.table import order_head, order_line, order_number, order_revision


class OrderMissing(Refusal):
    """There is no order {order}: look for it by number, phone, name or SKU"""

    kind, code = "missing", "order_missing"


class Body(Struct, frozen=True, kw_only=True):
    """What a revision holds beside its lines and its party."""

    currency: str
    delivery: str
    campaign: str
    payment_method: str
    carrier: str
    waybill: str
    totals: Totals
    stripped: tuple[str, ...] = ()
    pickup_point: str = ""
    community: str = ""
    group_no: str = ""
    group_state: GroupState = ""


_decode_body = msgspec.json.Decoder(Body).decode


class _Whole(Struct, frozen=True):
    id: int
    shop_id: int
    number: str
    head_revision: int
    channel: str
    external_id: str
    external_status: str
    status_known: int
    desk_state: str
    payment: str
    fulfilment: str
    paid_minor: int | None
    placed_at_us: int | None
    paid_at_us: int | None
    holds_open: int
    shop: str
    revision: int
    body: str
    content_hash: str
    computed_goods_minor: int
    computed_payable_minor: int
    at_us: int
    order_id: int
    version: int
    person_id: int
    sealed: bytes
    masked: str
    digest: str
    receiver_digest: str
    wrapped_key: bytes | None


class RevisionEntry(Struct, frozen=True):
    """Who made a revision, when and why."""

    revision: int
    reason: str
    actor_kind: str
    actor_name: str
    at_us: int
    content_hash: str
    computed_payable_minor: int


class _LineRow(Struct, frozen=True):
    order_id: int
    line_id: str
    sku: str
    title: str
    spec: str
    unit: str
    quantity_micro: int
    unit_price_micro: int
    discount_minor: int
    total_minor: int | None
    gift: int


_h, _r = order_head.c, order_revision.c
_COLUMNS = (
    _h.id, _h.shop_id, _h.number, _h.revision.label("head_revision"), _h.channel, _h.external_id,
    _h.external_status, _h.status_known, _h.desk_state, _h.payment, _h.fulfilment, _h.paid_minor, _h.placed_at_us, _h.paid_at_us, _h.holds_open,
    shop.c.code.label("shop"), _r.revision, _r.body, _r.content_hash, _r.computed_goods_minor,
    _r.computed_payable_minor, _r.at_us, *PARTY_COLUMNS,
)  # fmt: skip


def _joined(revision: sa.ColumnElement[bool]) -> sa.Select[tuple[object, ...]]:
    return (
        sa.select(*_COLUMNS)
        .select_from(order_head)
        .join(shop, sa.and_(shop.c.merchant_id == _h.merchant_id, shop.c.id == _h.shop_id))
        .join(order_revision, sa.and_(_r.merchant_id == _h.merchant_id, _r.order_id == _h.id, revision))
        .join(
            party,
            sa.and_(
                party.c.merchant_id == _h.merchant_id,
                party.c.order_id == _h.id,
                party.c.version == _r.party_version,
            ),
        )
        .join(person, sa.and_(person.c.merchant_id == _h.merchant_id, person.c.id == party.c.person_id))
        .where(own(order_head))
    )


_HEAD = Statement(_joined(_r.revision == _h.revision).where(_h.id == bind("id")), _Whole)
_OF_NUMBER = Statement(
    _joined(_r.revision == _h.revision).where(
        _h.id == sa.select(order_number.c.order_id)
        .where(own(order_number), order_number.c.number == bind("number", str)).scalar_subquery()
    ),
    _Whole,
)  # fmt: skip
_PAST = Statement(_joined(_r.revision == bind("revision")).where(_h.id == bind("id")), _Whole)
_HEADS = Statement(_joined(_r.revision == _h.revision).where(any_of(_h.id, "ids")), _Whole)
_LINES = Statement(
    sa.select(*(order_line.c[name] for name in _LineRow.__struct_fields__))
    .where(own(order_line), order_line.c.order_id == bind("id"), order_line.c.revision == bind("revision"))
    .order_by(order_line.c.position),
    _LineRow,
)  # fmt: skip
_LINES_OF_HEADS = Statement(
    sa.select(*(order_line.c[name] for name in _LineRow.__struct_fields__))
    .select_from(order_head)
    .join(
        order_line,
        sa.and_(
            order_line.c.merchant_id == _h.merchant_id, order_line.c.order_id == _h.id, order_line.c.revision == _h.revision
        ),
    )
    .where(own(order_head), any_of(_h.id, "ids"))
    .order_by(order_line.c.position),
    _LineRow,
)  # fmt: skip
_ID_OF_NUMBER = Statement[tuple[int]](
    sa.select(order_number.c.order_id).where(own(order_number), order_number.c.number == bind("number", str))
)
_ID_OF_HEAD = Statement[tuple[int]](sa.select(_h.id).where(own(order_head), _h.id == bind("id")))
_HISTORY = Statement(
    sa.select(*(_r[name] for name in RevisionEntry.__struct_fields__))
    .where(own(order_revision), _r.order_id == bind("id")).order_by(_r.revision.desc()),
    RevisionEntry,
)  # fmt: skip


def find_order_id(tx: Tx, *, number: str) -> int:
    """Return the id of an order by its number, or by its id written out.

    Raises:
        OrderMissing: the merchant has no such order.
    """
    plain = strip_control(number).strip()
    found = tx.value(_ID_OF_NUMBER, number=plain)
    if found is None and plain.isascii() and plain.isdecimal() and int(plain) < 1 << 63:
        found = tx.value(_ID_OF_HEAD, id=int(plain))
    if found is None:
        raise OrderMissing(order=plain[:40])
    return int(found)


def load_numbered(tx: Tx, *, number: str, revision: int = 0) -> Order:
    """Return an order by its number, or by its id written out, as `load_order` does; masked.

    Raises:
        OrderMissing: no such order or revision of this merchant.
    """
    row = None if revision else tx.one(_OF_NUMBER, number=strip_control(number).strip())
    if row is None:
        return load_order(tx, order_id=find_order_id(tx, number=number), revision=revision)
    return _with_lines(tx, row, real=False)


def load_order(tx: Tx, *, order_id: int, revision: int = 0, real: bool = False) -> Order:
    """Return an order at its head or at a past revision; the receiver is masked unless `real`, blank once erased.

    Raises:
        OrderMissing: no such order or revision of this merchant.
    """
    row = tx.one(_PAST, id=order_id, revision=revision) if revision else tx.one(_HEAD, id=order_id)
    if row is None:
        raise OrderMissing(order=str(order_id))
    return _with_lines(tx, row, real=real)


def _with_lines(tx: Tx, row: _Whole, *, real: bool) -> Order:
    lines = tx.rows(_LINES, id=row.id, revision=row.revision)
    return _order(tx, row, tuple(_line(line) for line in lines), real=real)


def load_orders(tx: Tx, *, order_ids: Sequence[int], real: bool = False) -> list[Order]:
    """Return the heads of many orders in the order asked, in two statements."""
    lines = lines_of_heads(tx, order_ids=order_ids)
    rows = {row.id: row for row in tx.rows(_HEADS, ids=list(order_ids))}
    return [_order(tx, rows[i], tuple(lines[i]), real=real) for i in order_ids if i in rows]


def lines_of_heads(tx: Tx, *, order_ids: Sequence[int]) -> dict[int, list[Line]]:
    """Return the lines of many orders' heads by order id; an order without lines has an empty list."""
    lines: dict[int, list[Line]] = defaultdict(list)
    for line in tx.rows(_LINES_OF_HEADS, ids=list(order_ids)):
        lines[line.order_id].append(_line(line))
    return lines


def list_revisions(tx: Tx, *, order_id: int) -> list[RevisionEntry]:
    """Return all revisions of an order, the newest first."""
    return tx.rows(_HISTORY, id=order_id)


def _line(row: _LineRow) -> Line:
    return Line(
        line_id=row.line_id, sku=row.sku, title=row.title, spec=row.spec, unit=row.unit,
        quantity_micro=row.quantity_micro, unit_price_micro=row.unit_price_micro, discount_minor=row.discount_minor,
        total_minor=row.total_minor, gift=bool(row.gift),
    )  # fmt: skip


def _stored(tx: Tx, row: _Whole, *, real: bool) -> StoredParty:
    found = PartyRow(
        row.order_id, row.version, row.person_id, row.sealed, row.masked, row.digest, row.receiver_digest, row.wrapped_key
    )  # fmt: skip
    erased = not found.sealed or found.wrapped_key is None  # nothing is left but the blank
    return open_party(tx, found) if real and not erased else masked_party(found)


def _order(tx: Tx, row: _Whole, lines: tuple[Line, ...], *, real: bool) -> Order:
    body, stored = _decode_body(row.body), _stored(tx, row, real=real)
    totals = msgspec.structs.replace(body.totals, paid_minor=row.paid_minor)
    payable = body.totals.payable_minor
    return Order(
        id=row.id, number=row.number, revision=row.revision, merchant_id=tx.merchant_id, shop_id=row.shop_id,
        shop=row.shop, channel=row.channel, external_id=row.external_id, external_status=row.external_status,
        status_known=bool(row.status_known), currency=body.currency, placed_at_us=row.placed_at_us,
        paid_at_us=row.paid_at_us, payment=row.payment, payment_method=body.payment_method,  # type: ignore[arg-type]
        fulfilment=row.fulfilment, desk_state=row.desk_state, delivery=body.delivery,  # type: ignore[arg-type]
        campaign=body.campaign, merchant_note=stored.merchant_note, carrier=body.carrier, waybill=body.waybill,
        receiver=receiver_of(stored), masked=not real, lines=lines, totals=totals,
        computed_goods_minor=row.computed_goods_minor, computed_payable_minor=row.computed_payable_minor,
        payable_minor=row.computed_payable_minor if payable is None else payable, content_hash=row.content_hash,
        produced_at_us=row.at_us, head_revision=row.head_revision, stripped=body.stripped,
        pickup_point=body.pickup_point, community=body.community, group_no=body.group_no, group_state=body.group_state,
    )  # fmt: skip
