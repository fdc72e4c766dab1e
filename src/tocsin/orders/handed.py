"""Which orders a file held: noted while it is written, kept packed, so that each order can tell who took it along."""

import struct
import zlib
from array import array
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import groupby

import sqlalchemy as sa

from tocsin.core.db import Database, Tx
from tocsin.core.statement import Statement, any_of, bind, own, upsert
from tocsin.orders.lookup import NEWEST, Lookup
from tocsin.orders.table import lookup, lookup_span

SPAN_ORDERS = 5_000
_BUCKET_BITS = 48  # ids begin with milliseconds: a bucket is about eighteen hours
_s = lookup_span.c
_ADD = Statement[None](
    upsert(lookup_span).on_conflict_do_nothing(),
    sets=("merchant_id", "bucket", "lookup_id", "low", "high", "count", "hits"),
)
_COLUMNS = tuple(lookup.c[name] for name in Lookup.__struct_fields__)
_FILES = Statement[tuple[int, bytes]](
    sa.select(lookup.c.id, _s.hits)
    .select_from(lookup.join(lookup_span, sa.and_(_s.merchant_id == lookup.c.merchant_id, _s.lookup_id == lookup.c.of_id)))
    .where(own(lookup), lookup.c.of_id > sa.literal_column("0"), lookup.c.id < bind("before"), _s.bucket == bind("bucket"),
           _s.low <= bind("order_id"), _s.high >= bind("order_id"))
    .order_by(lookup.c.id.desc()).limit(bind("limit"))
)  # fmt: skip
_PIECES = Statement[tuple[bytes]](
    sa.select(_s.hits).where(own(lookup_span), _s.lookup_id == bind("lookup_id"))
)
_SIZES = Statement[tuple[int, int]](
    sa.select(_s.lookup_id, sa.func.sum(_s.count)).where(own(lookup_span), any_of(_s.lookup_id, "ids"))
    .group_by(_s.lookup_id)
)  # fmt: skip


class Handed:
    """The orders of a file that is being written, each with its revision; and those that it is written without."""

    def __init__(self, without: frozenset[int] = frozenset()) -> None:
        self.without, self.withheld = without, 0
        self._ids, self._revisions = array("Q"), array("I")

    def add(self, rows: Iterable[tuple[int, int]]) -> None:
        """Note orders by their ids and revisions, and count those that are left out."""
        for order_id, revision in rows:
            if order_id in self.without:
                self.withheld += 1
                continue
            self._ids.append(order_id)
            self._revisions.append(revision)

    def keep(self, db: Database, merchant_id: int, *, lookup_id: int) -> None:
        """Store what was noted as the content of a look-up, in pieces."""
        pairs = sorted(zip(self._ids, self._revisions, strict=True))
        for bucket, group in groupby(pairs, key=lambda pair: pair[0] >> _BUCKET_BITS):
            same = list(group)
            for place in range(0, len(same), SPAN_ORDERS):
                piece = same[place : place + SPAN_ORDERS]
                db.write(merchant_id, partial(_keep, bucket=bucket, lookup_id=lookup_id, piece=piece))


def files_with(tx: Tx, *, order_id: int, before: int = NEWEST) -> Iterator[int]:
    """Yield the look-ups of files that held an order, asked for or fetched, the newest first."""
    while True:
        rows = tx.rows(_FILES, order_id=order_id, bucket=order_id >> _BUCKET_BITS, before=before, limit=50)
        for lookup_id, hits in rows:
            if order_id in {found for found, _ in unpack(hits)}:
                yield lookup_id
        if len(rows) < 50:
            return
        before = rows[-1][0]


def sizes_of(tx: Tx, *, lookup_ids: list[int]) -> dict[int, int]:
    """Return how many orders each file held, of those that are known."""
    return {key: int(count) for key, count in tx.rows(_SIZES, ids=lookup_ids)} if lookup_ids else {}


def held_by_file(tx: Tx, *, lookup_id: int, order_ids: frozenset[int]) -> set[int]:
    """Return those of some orders that the file of a look-up held."""
    pieces = tx.rows(_PIECES, lookup_id=lookup_id) if order_ids else []
    return {order_id for (hits,) in pieces for order_id, _ in unpack(hits)} & order_ids


def unpack(hits: bytes) -> list[tuple[int, int]]:
    """Return the (order id, revision) pairs of a piece."""
    plain = zlib.decompress(hits)
    count = len(plain) // 12
    found = struct.unpack(f">{count}Q{count}I", plain)
    return list(zip(found[:count], found[count:], strict=True))


def _keep(tx: Tx, *, bucket: int, lookup_id: int, piece: list[tuple[int, int]]) -> None:
    ids, revisions = zip(*piece, strict=True)
    packed = struct.pack(f">{len(piece)}Q{len(piece)}I", *ids, *revisions)
    tx.run(
        _ADD, bucket=bucket, lookup_id=lookup_id, low=ids[0], high=ids[-1], count=len(piece),
        hits=zlib.compress(packed, 1),
    )  # fmt: skip
