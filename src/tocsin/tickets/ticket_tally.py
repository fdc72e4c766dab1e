"""What an order and its papers add to the tallies: how each paper ended, and how long the first ones took."""

from collections.abc import Iterator, Sequence

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.db import Tx
from tocsin.core.ident import made_at_us
from tocsin.core.statement import Statement, among, any_of, own
from tocsin.core.tally import DAILY, DAY_HOURS, HOUR_US, Entry
from tocsin.orders.order_tally import OrderFacts, order_entries, order_facts
from tocsin.tickets.table import print_job

PAPERS, WAITS = "papers", "waits"
ENDED = ("printed", "unknown", "failed", "expired", "cancelled")
"""Papers that still wait are few, and are counted where they lie; which printer they are for may change."""
# Waits are counted this finely: below so many seconds, in units of so many.
FINE = ((120, 1), (3_600, 15), (86_400, 300), (2_592_000, 3_600))
LONGEST = FINE[-1][0]
_NO_WAIT = -1
_j = print_job.c


class Paper(Struct, frozen=True, array_like=True):
    """What is counted of a paper; `seconds` is how long a first paper took, in units of `FINE`, -1 of others."""

    hour: int
    printer_id: int
    state: str
    seconds: int


class Facts(Struct, frozen=True, array_like=True):
    """What is counted of an order and its papers."""

    order: OrderFacts
    papers: tuple[Paper, ...]


class _Row(Struct, frozen=True):
    id: int
    order_id: int
    printer_id: int
    state: str
    reprint_no: int
    replaces: int
    amended_from: int
    ended_at_us: int | None

    def paper(self) -> Paper:
        again = self.reprint_no or self.replaces or self.amended_from
        first = self.state == "printed" and not again
        return Paper(
            made_at_us(self.id) // HOUR_US, self.printer_id, self.state, _seconds(self) if first else _NO_WAIT
        )


_PAPERS = Statement(
    sa.select(*(_j[name] for name in _Row.__struct_fields__))
    .where(own(print_job), any_of(_j.order_id, "ids"), among(_j.state, *ENDED))
    .order_by(_j.order_id, _j.id),
    _Row,
)  # fmt: skip


def read_facts(tx: Tx, order_ids: Sequence[int]) -> dict[int, bytes]:
    """Return what is to be counted of some orders as they are now, packed; what is no order is left out."""
    papers = dict[int, list[Paper]]()
    for row in tx.rows(_PAPERS, ids=order_ids):
        papers.setdefault(row.order_id, []).append(row.paper())
    found = order_facts(tx, order_ids=order_ids)
    return {
        order_id: msgspec.msgpack.encode(Facts(facts, tuple(papers.get(order_id, ()))))
        for order_id, facts in found.items()
    }


def entries_of(order_id: int, packed: bytes) -> Iterator[tuple[Entry, int]]:
    """Yield what an order and its papers add, and to what; of nothing, nothing."""
    if not packed:
        return
    facts = msgspec.msgpack.decode(packed, type=Facts)
    yield from order_entries(order_id, facts.order)
    for paper in facts.papers:
        named = f"{paper.printer_id}:{paper.state}"
        for ending, unit in (("", paper.hour), (DAILY, paper.hour // DAY_HOURS)):
            yield Entry(PAPERS + ending, unit, named, facts.order.shop_id), 1
            if paper.seconds != _NO_WAIT:
                yield Entry(WAITS + ending, unit, str(paper.seconds), facts.order.shop_id), 1


def _seconds(row: _Row) -> int:
    if row.ended_at_us is None:
        return LONGEST
    waited = max(0, (row.ended_at_us - made_at_us(row.order_id)) // 1_000_000)
    return next((waited // unit * unit for below, unit in FINE if waited < below), LONGEST)
