"""The rows of a download: orders streamed newest first, their lines fetched by the hundred."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.db import STREAM_ROWS, Tx
from tocsin.core.money import plain_micro, plain_minor
from tocsin.core.party import PARTY_COLUMNS, Party, PartyRow, open_party, party, person
from tocsin.core.statement import Statement, own
from tocsin.orders.draft import Line
from tocsin.orders.screen import Filter, filter_conditions
from tocsin.orders.store import lines_of_heads
from tocsin.orders.table import order_head, order_revision

COLUMNS = (
    "number", "external_id", "channel", "placed", "state", "payment", "payment_method", "fulfilment", "campaign",
    "currency", "payable", "name", "phone", "province", "city", "district", "address", "postcode", "buyer_note",
    "line", "sku", "title", "spec", "quantity", "unit_price", "line_discount", "line_total",
)  # fmt: skip
_NO_LINE = ("",) * 8
_TELL_ROWS = 5_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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
    currency: str
    payable_minor: int
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


def file_rows(
    tx: Tx, *, wanted: Filter, real: bool, tell: Callable[[int], None] | None = None
) -> Iterator[tuple[str, ...]]:
    """Yield the cells of a download, a row a line, in an open snapshot; personal text masked unless `real`.

    Args:
        tell: called with the number of rows so far, every few thousand.
    """
    conditions, binds, zone = filter_conditions(tx, wanted)
    heads = tx.stream(Statement(_MASKED.where(*conditions), _Head), **binds)
    parties = tx.stream(Statement(_PARTIES.where(*conditions), _Real), **binds) if real else iter(())
    count, told, show = 0, 0, _shower(zone)
    while chunk := list(islice(heads, STREAM_ROWS)):
        lines = lines_of_heads(tx, order_ids=[head.id for head in chunk])
        for head in chunk:
            to = _receiver(tx, head, next(parties, None))
            for row in _rows(head, to, lines[head.id], show):
                count += 1
                yield row
        if tell and count - told >= _TELL_ROWS:
            told = count
            tell(count)


def _receiver(tx: Tx, head: _Head, sealed: PartyRow | None) -> Party:
    """Return the real receiver where it was asked for and the person was not erased."""
    if sealed is None or sealed.wrapped_key is None:
        return msgspec.json.decode(head.masked, type=Party)
    return open_party(tx, sealed)


def _rows(head: _Head, to: Party, lines: list[Line], show: Callable[[int], str]) -> Iterator[tuple[str, ...]]:
    money = head.currency
    cells = (
        head.number, head.external_id, head.channel, show(head.placed_at_us), head.desk_state, head.payment,
        head.payment_method, head.fulfilment, head.campaign, money, plain_minor(head.payable_minor, money), to.name,
        to.phone, to.province, to.city, to.district, to.address, to.postcode, to.buyer_note,
    )  # fmt: skip
    if not lines:
        yield cells + _NO_LINE
    for line in lines:
        total = "" if line.total_minor is None else plain_minor(line.total_minor, money)
        yield (
            *cells, line.line_id, line.sku, line.title, line.spec, plain_micro(line.quantity_micro),
            plain_micro(line.unit_price_micro), plain_minor(line.discount_minor, money), total,
        )  # fmt: skip


def _shower(zone: str) -> Callable[[int], str]:
    place = ZoneInfo(zone)

    def show(instant_us: int) -> str:
        local = (_EPOCH + timedelta(microseconds=instant_us)).astimezone(place)
        return local.replace(tzinfo=None, microsecond=0).isoformat(" ")

    return show
