"""Many drafts at once: taken in by small transactions, so that a long file never holds the writer."""

from collections.abc import Sequence
from functools import partial

from msgspec import Struct

from tocsin.core.actor import Actor, NotAllowed
from tocsin.core.db import Database, Tx
from tocsin.core.errors import Refusal
from tocsin.orders.importer import BadRow, ParsedOrder, bad_row
from tocsin.orders.intake import Taken, take_in

CHUNK_ORDERS = 20


class RowTaken(Struct, frozen=True):
    """What became of the draft that begins in a row of the source."""

    row: int
    taken: Taken


class BulkTaken(Struct, frozen=True):
    """What became of all drafts: good ones in the store, the others as bad rows."""

    rows: tuple[RowTaken, ...]
    bad: tuple[BadRow, ...]


def take_in_all(db: Database, actor: Actor, orders: Sequence[ParsedOrder]) -> BulkTaken:
    """Take in drafts, so many a transaction; one that is refused keeps no other out.

    Raises:
        NotAllowed: the actor may neither import nor create.
    """
    if not (actor.may("import") or actor.may("amend")):
        raise NotAllowed(right="import")
    rows: list[RowTaken] = []
    bad: list[BadRow] = []
    for place in range(0, len(orders), CHUNK_ORDERS):
        chunk = orders[place : place + CHUNK_ORDERS]
        try:
            rows += db.write(actor.merchant_id, partial(_take, actor=actor, orders=chunk))
        except Refusal:  # one of them: the transaction is gone, each is tried alone
            for order in chunk:
                _take_alone(db, actor, order, rows=rows, bad=bad)
    return BulkTaken(tuple(rows), tuple(bad))


def _take(tx: Tx, *, actor: Actor, orders: Sequence[ParsedOrder]) -> list[RowTaken]:
    return [RowTaken(order.row, take_in(tx, actor, order.draft)) for order in orders]


def _take_alone(
    db: Database, actor: Actor, order: ParsedOrder, *, rows: list[RowTaken], bad: list[BadRow]
) -> None:
    try:
        rows += db.write(actor.merchant_id, partial(_take, actor=actor, orders=[order]))
    except Refusal as refusal:
        bad.append(
            bad_row(refusal, order.row, field=str(refusal.data.get("field", "")), raw=order.draft.external_id)
        )
