"""The rows of a download: orders streamed newest first, their lines fetched by the hundred."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import islice
from operator import itemgetter
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.db import STREAM_ROWS, Tx
from tocsin.core.errors import Refusal
from tocsin.core.money import plain_micro, plain_minor
from tocsin.core.party import PARTY_COLUMNS, Party, PartyRow, open_party, party, person
from tocsin.core.statement import Statement, any_of, own
from tocsin.core.vault import SealBroken
from tocsin.orders.draft import Order
from tocsin.orders.handed import Handed
from tocsin.orders.screen import Filter, filter_conditions
from tocsin.orders.store import load_orders
from tocsin.orders.table import order_head, order_line, order_revision

COLUMNS = (
    "number", "external_id", "channel", "placed", "state", "payment", "payment_method", "fulfilment", "campaign",
    "pickup_point", "community", "currency", "payable", "name", "phone", "province", "city", "district", "address", "postcode", "buyer_note",
    "line", "sku", "title", "spec", "quantity", "unit_price", "line_discount", "line_total",
)  # fmt: skip
_NO_LINE = ("",) * 8
_TELL_ROWS = 5_000
_BLOCK_SECONDS = 900  # no zone changes its offset within a quarter of an hour
_micro, _minor = lru_cache(1 << 14)(plain_micro), lru_cache(1 << 14)(plain_minor)
_decode_party = msgspec.json.Decoder(Party).decode
_LineCells = tuple[int, int, str, str, str, str, int, int, int, int | None]


class ColumnUnknown(Refusal):
    """There is no column “{column}” in a download: choose among {columns}"""

    kind, code = "invalid", "column_unknown"


class _Head(Struct, frozen=True):
    id: int
    number: str
    external_id: str
    channel: str
    placed_at_us: int
    desk_state: str
    payment: str
    payment_method: str
    fulfilment: str
    campaign: str
    pickup_point: str
    community: str
    currency: str
    payable_minor: int
    revision: int
    masked: str


class _Real(PartyRow, frozen=True):
    """A party on its own: what a download with real data asks beside the head."""


_h, _r = order_head.c, order_revision.c
_of_revision = sa.and_(_r.merchant_id == _h.merchant_id, _r.order_id == _h.id, _r.revision == _h.revision)
_of_party = sa.and_(
    party.c.merchant_id == _h.merchant_id, party.c.order_id == _h.id, party.c.version == _r.party_version
)
_of_person = sa.and_(person.c.merchant_id == _h.merchant_id, person.c.id == party.c.person_id)
_joined = order_head.join(order_revision, _of_revision).join(party, _of_party)
_MASKED = (
    sa.select(*(_h[name] for name in _Head.__struct_fields__ if name != "masked"), party.c.masked)
    .select_from(_joined).where(own(order_head)).order_by(_h.id.desc())
)  # fmt: skip
_PARTIES = (
    sa.select(*PARTY_COLUMNS)
    .select_from(_joined.join(person, _of_person))
    .where(own(order_head))
    .order_by(_h.id.desc())
)


_l = order_line.c
_LINES = Statement[_LineCells](
    sa.select(
        _l.order_id, _l.position, _l.line_id, _l.sku, _l.title, _l.spec, _l.quantity_micro, _l.unit_price_micro, _l.discount_minor, _l.total_minor
    )
    .select_from(order_head.join(order_line, sa.and_(
        _l.merchant_id == _h.merchant_id, _l.order_id == _h.id, _l.revision == _h.revision
    )))
    .where(own(order_head), any_of(_h.id, "ids"))
)  # fmt: skip
_IDS = sa.select(_h.id).where(own(order_head)).order_by(_h.id.desc())


def check_columns(columns: Sequence[str]) -> tuple[str, ...]:
    """Return the columns that are wanted, each once; none means all.

    Raises:
        ColumnUnknown: there is none of that name.
    """
    for column in columns:
        if column not in COLUMNS:
            raise ColumnUnknown(column=column[:40], columns=", ".join(COLUMNS))
    return tuple(dict.fromkeys(columns)) or COLUMNS


def file_rows(
    tx: Tx, *, wanted: Filter, real: bool, columns: Sequence[str] = COLUMNS, tell: Callable[[int], None] | None = None,
    handed: Handed | None = None,
) -> Iterator[tuple[str, ...]]:  # fmt: skip
    """Yield the cells of a download, a row a line, in an open snapshot; personal text masked unless `real`.

    Args:
        tell: called with the number of orders so far, every few thousand rows.
        handed: notes which orders the file holds, and knows which ones are left out.
    """
    conditions, binds, zone = filter_conditions(tx, wanted)
    heads = tx.stream(Statement(_MASKED.where(*conditions), _Head), **binds)
    parties = tx.stream(Statement(_PARTIES.where(*conditions), _Real), **binds) if real else iter(())
    without = handed.without if handed else frozenset()
    orders, count, told, show, pick = 0, 0, 0, _shower(zone), _picker(columns)
    while chunk := list(islice(heads, STREAM_ROWS)):
        lines = _lines_of(tx, chunk)
        if handed:
            handed.add((head.id, head.revision) for head in chunk)
        for head in chunk:
            to = _receiver(tx, head, next(parties, None))
            if head.id in without:
                continue
            rows = _rows(head, to, sorted(lines[head.id]), show)
            count += len(rows)
            yield from map(pick, rows) if pick else rows
        orders += len(chunk)
        if tell and count - told >= _TELL_ROWS:
            told = count
            tell(orders)
    if tell and count > told:
        tell(orders)


def file_orders(
    tx: Tx, *, wanted: Filter, real: bool, tell: Callable[[int], None] | None = None, handed: Handed | None = None
) -> Iterator[Order]:  # fmt: skip
    """Yield the orders of a download, newest first, in an open snapshot; the receiver masked unless `real`."""
    conditions, binds, _ = filter_conditions(tx, wanted)
    ids = tx.stream(Statement[tuple[int]](_IDS.where(*conditions)), **binds)
    orders = 0
    while chunk := [row[0] for row in islice(ids, STREAM_ROWS)]:
        found = _load(tx, chunk, real=real)
        if handed:
            handed.add((order.id, order.revision) for order in found)
        yield from (order for order in found if not handed or order.id not in handed.without)
        orders += len(chunk)
        if tell:
            tell(orders)


def _load(tx: Tx, order_ids: list[int], *, real: bool) -> list[Order]:
    """Return orders; where one's person was erased, that one with its masked text."""
    try:
        return load_orders(tx, order_ids=order_ids, real=real)
    except SealBroken:
        if len(order_ids) == 1:
            return load_orders(tx, order_ids=order_ids)
        return [order for one in order_ids for order in _load(tx, [one], real=real)]


def _lines_of(tx: Tx, heads: list[_Head]) -> dict[int, list[_LineCells]]:
    lines: dict[int, list[_LineCells]] = defaultdict(list)
    for line in tx.rows(_LINES, ids=[head.id for head in heads]):
        lines[line[0]].append(line)
    return lines


def _picker(columns: Sequence[str]) -> Callable[[tuple[str, ...]], tuple[str, ...]] | None:
    """Return what takes the wanted cells out of a whole row; None where all are wanted as they stand."""
    if tuple(columns) == COLUMNS:
        return None
    places = [COLUMNS.index(column) for column in columns]
    if len(places) == 1:
        return lambda row: (row[places[0]],)
    pick: Any = itemgetter(*places)
    return pick  # type: ignore[no-any-return]


def _receiver(tx: Tx, head: _Head, sealed: PartyRow | None) -> Party:
    """Return the real receiver where it was asked for and the person was not erased."""
    if sealed is None or sealed.wrapped_key is None:
        return _decode_party(head.masked)
    return open_party(tx, sealed)


def _rows(
    head: _Head, to: Party, lines: list[_LineCells], show: Callable[[int], str]
) -> list[tuple[str, ...]]:
    money = head.currency
    cells = (
        head.number, head.external_id, head.channel, show(head.placed_at_us), head.desk_state, head.payment,
        head.payment_method, head.fulfilment, head.campaign, head.pickup_point, head.community, money, _minor(head.payable_minor, money), to.name,
        to.phone, to.province, to.city, to.district, to.address, to.postcode, to.buyer_note,
    )  # fmt: skip
    if not lines:
        return [cells + _NO_LINE]
    return [
        (
            *cells, line_id, sku, title, spec, _micro(quantity), _micro(price), _minor(discount, money),
            "" if total is None else _minor(total, money),
        )
        for _, _, line_id, sku, title, spec, quantity, price, discount, total in lines
    ]  # fmt: skip


def _shower(zone: str) -> Callable[[int], str]:
    """Return what writes instants as local time; one day and hour is worked out once for all that lie beside it."""
    place = ZoneInfo(zone)

    @lru_cache(1 << 10)
    def begin(block: int) -> tuple[str, int]:
        local = datetime.fromtimestamp(block * _BLOCK_SECONDS, place)
        return local.strftime("%Y-%m-%d %H:"), local.minute

    def show(instant_us: int) -> str:
        block, seconds = divmod(instant_us // 1_000_000, _BLOCK_SECONDS)
        hour, minute = begin(block)
        return f"{hour}{minute + seconds // 60:02}:{seconds % 60:02}"

    return show
