"""Retention: receivers go some days after their order was last worked on, look-ups when they are old; in small pieces.

An order on legal hold, or with an open hold, is passed by. Amounts, lines and revisions stay. What waits for a person
(a sheet that was not committed, a row in quarantine) goes after 30 days.
"""

from collections.abc import Callable
from functools import partial

import sqlalchemy as sa

from tocsin.core.clock import DAY_US
from tocsin.core.db import Database, Tx
from tocsin.core.forget import destroy_key, overwrite_freed, parties_of, persons_of_order
from tocsin.core.ident import id_at
from tocsin.core.loop import Loop, for_each_merchant
from tocsin.core.party import party
from tocsin.core.preference import read_preference
from tocsin.core.queue import queue_for
from tocsin.core.statement import NOUGHT, Statement, any_of, bind, own
from tocsin.core.tenant import list_shops
from tocsin.orders.compaction import ask_compaction
from tocsin.orders.erase import forget_receiver
from tocsin.orders.kept_files import purge_finished
from tocsin.orders.lookup import Lookup
from tocsin.orders.person import BOX, LEDGER_DAYS_LEAST, Person, PrivacyRules, real_parties
from tocsin.orders.table import (
    import_batch,
    legal_hold,
    lookup,
    lookup_order,
    lookup_shop,
    lookup_span,
    order_head,
    quarantine,
)
from tocsin.orders.watch_list import expire_watches

PIECE, WAITING_DAYS, COUNT_MOST = 50, 30, 10_000
_h = order_head.c
_kept_by_law = sa.exists().where(legal_hold.c.merchant_id == _h.merchant_id, legal_hold.c.order_id == _h.id)
_has_text = sa.exists().where(
    party.c.merchant_id == _h.merchant_id, party.c.order_id == _h.id, sa.func.length(party.c.sealed) > NOUGHT
)  # fmt: skip
_due = sa.and_(
    own(order_head), _h.placed_at_us < bind("before"), _h.produced_at_us < bind("before"), _h.holds_open == NOUGHT,
    ~_kept_by_law, _has_text,
)  # fmt: skip
_OLD = Statement[tuple[int]](
    sa.select(_h.id).where(_due).order_by(_h.placed_at_us, _h.id).limit(bind("limit"))
)
_STILL = Statement[tuple[int]](sa.select(_h.id).where(_due, any_of(_h.id, "ids")).order_by(_h.id))
_COUNT = Statement[tuple[int]](
    sa.select(sa.func.count()).select_from(
        sa.select(_h.id).where(_due).order_by(_h.placed_at_us).limit(bind("limit")).subquery()
    )
)
_OLDEST = Statement(
    sa.select(*(lookup.c[name] for name in Lookup.__struct_fields__))
    .where(own(lookup)).order_by(lookup.c.id).limit(bind("limit")),
    Lookup,
)  # fmt: skip
_DROP_LOOKUPS = Statement[None](sa.delete(lookup).where(own(lookup), any_of(lookup.c.id, "ids")))
_DROP_SHOPS = Statement[None](
    sa.delete(lookup_shop).where(
        own(lookup_shop), lookup_shop.c.shop_id == bind("shop_id"), any_of(lookup_shop.c.lookup_id, "ids")
    )
)
_DROP_SPANS = Statement[None](
    sa.delete(lookup_span).where(own(lookup_span), any_of(lookup_span.c.lookup_id, "ids"))
)
_DROP_INDEX = Statement[None](
    sa.delete(lookup_order).where(
        own(lookup_order), lookup_order.c.order_id == bind("order_id"), lookup_order.c.lookup_id == bind("lookup_id")
    )
)  # fmt: skip
_EMPTY_ROWS = Statement[None](
    sa.update(quarantine)
    .where(own(quarantine), quarantine.c.id < bind("b_before_id"), quarantine.c.at_us < bind("b_before"),
           sa.func.length(quarantine.c.sealed_raw) > NOUGHT)
    .values(sealed_raw=bind("nothing", bytes), data="{}", status="dropped")
)  # fmt: skip
_EMPTY_FILES = Statement[None](
    sa.update(import_batch)
    .where(own(import_batch), import_batch.c.id < bind("b_before_id"), import_batch.c.at_us < bind("b_before"),
           import_batch.c.status != "committed", import_batch.c.sealed_file.is_not(None))
    .values(sealed_file=sa.null())
)  # fmt: skip


def retention_loops(db: Database) -> list[Loop]:
    """Return the daily loops of what goes by time, for every merchant."""

    def each(run: Callable[[int], int]) -> Callable[[], int]:
        return lambda: for_each_merchant(db, run)

    steps: dict[str, Callable[[], int]] = {
        "retention": each(lambda merchant_id: erase_old(db, merchant_id)),
        "waiting rows": each(lambda merchant_id: db.write(merchant_id, purge_waiting)),
        "old look-ups": each(lambda merchant_id: db.write(merchant_id, purge_ledger)),
        "finished files": purge_finished,
    }
    return [Loop(name, step, idle_seconds=DAY_US / 1e6) for name, step in steps.items()]


def erase_old(db: Database, merchant_id: int) -> int:
    """Take the receivers out of orders that nobody has worked on for the days that the merchant chose; return how many."""
    count, last = 0, list[int]()
    while (ids := db.read(merchant_id, _find_old)) and ids != last:
        erased, last = db.write(merchant_id, partial(_erase_piece, ids=ids)), ids
        count += erased
    if count:
        db.write(merchant_id, lambda tx: ask_compaction(tx, queue_for(db)))
    return count


def foresee_retention(tx: Tx, *, keep_days: int) -> int:
    """Return how many orders would lose their receiver today by a rule; 10,001 says more than 10,000."""
    if keep_days <= 0:
        return 0
    return int(tx.value(_COUNT, before=tx.now_us - keep_days * DAY_US, limit=COUNT_MOST + 1))


def purge_waiting(tx: Tx) -> int:
    """Take the text out of what has waited for a person for 30 days; return of how many."""
    overwrite_freed(tx)
    before = tx.now_us - WAITING_DAYS * DAY_US
    old = {"b_before": before, "b_before_id": id_at(before)}
    return tx.run(_EMPTY_ROWS, **old, nothing=b"") + tx.run(_EMPTY_FILES, **old)


def purge_ledger(tx: Tx) -> int:
    """Delete a piece of the look-ups older than the merchant keeps, at least six months; return how many.

    What is watched no longer goes with them.
    """
    expire_watches(tx)
    before = tx.now_us - ledger_days(tx) * DAY_US
    old = [row for row in tx.rows(_OLDEST, limit=PIECE) if row.at_us < before]
    if old:
        pairs = {(order_id, row.id) for row in old for order_id, _ in row.pairs()}
        tx.many(
            _DROP_INDEX, [{"order_id": order_id, "lookup_id": lookup_id} for order_id, lookup_id in pairs]
        )
        ids = [row.id for row in old]
        for shop in list_shops(tx):
            tx.run(_DROP_SHOPS, shop_id=shop.id, ids=ids)
        tx.run(_DROP_SPANS, ids=ids)
        tx.run(_DROP_LOOKUPS, ids=ids)
    return len(old)


def ledger_days(tx: Tx) -> int:
    """Return how many days look-ups are kept."""
    return max(LEDGER_DAYS_LEAST, read_preference(tx, PrivacyRules, box=BOX).ledger_days)


def _before(tx: Tx) -> int | None:
    days = read_preference(tx, PrivacyRules, box=BOX).keep_days
    return tx.now_us - days * DAY_US if days > 0 else None


def _find_old(tx: Tx) -> list[int]:
    before = _before(tx)
    return [] if before is None else [row[0] for row in tx.rows(_OLD, before=before, limit=PIECE)]


def _erase_piece(tx: Tx, *, ids: list[int]) -> int:
    before = _before(tx)
    due = [] if before is None else [row[0] for row in tx.rows(_STILL, before=before, ids=ids)]
    for order_id in due:
        _forget(tx, order_id)
    return len(due)


def _forget(tx: Tx, order_id: int) -> None:
    overwrite_freed(tx)
    for person_id in persons_of_order(tx, order_id=order_id):
        found = Person(person_id, tuple(parties_of(tx, person_id=person_id)))
        rows = [row for row in found.parties if row.order_id == order_id]
        forget_receiver(tx, order_id=order_id, rows=rows, parties=real_parties(tx, found))
        if all(row.order_id == order_id or not row.sealed for row in found.parties):
            destroy_key(tx, person_id=person_id)
