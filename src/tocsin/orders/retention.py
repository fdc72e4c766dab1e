"""Retention: receivers go some days after their order was last worked on, look-ups when they are old; in small pieces.

An order on legal hold, or with an open hold, is passed by. Amounts, lines and revisions stay.
"""

from functools import partial

import sqlalchemy as sa

from tocsin.core.clock import DAY_US
from tocsin.core.db import Database, Tx
from tocsin.core.forget import destroy_key, overwrite_freed, parties_of, persons_of_order
from tocsin.core.preference import read_preference
from tocsin.core.statement import NOUGHT, Statement, any_of, bind, own
from tocsin.core.tenant import list_shops
from tocsin.orders.erase import forget_receiver
from tocsin.orders.legal import kept_by_law
from tocsin.orders.lookup import Lookup
from tocsin.orders.person import BOX, Person, PrivacyRules, real_parties
from tocsin.orders.table import lookup, lookup_order, lookup_shop, lookup_span, order_head
from tocsin.orders.watch_list import expire_watches

PIECE, LEDGER_DAYS_LEAST = 50, 184
_h = order_head.c
_OLD = Statement[tuple[int, int, int]](
    sa.select(_h.id, _h.placed_at_us, _h.produced_at_us)
    .where(own(order_head), _h.placed_at_us < bind("before"), _h.placed_at_us >= bind("after"), _h.receiver_name != "",
           _h.holds_open == NOUGHT)
    .order_by(_h.placed_at_us, _h.id).limit(bind("limit"))
)  # fmt: skip
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


def erase_old(db: Database, merchant_id: int) -> int:
    """Take the receivers out of orders that nobody has worked on for the days that the merchant chose; return how many."""
    count, after = 0, -(2**63)
    while True:
        erased, following = db.write(merchant_id, partial(_erase_piece, after=after))
        count += erased
        if following is None:
            return count
        after = following


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


def _erase_piece(tx: Tx, *, after: int) -> tuple[int, int | None]:
    """Erase one piece; return how many, and where the next one begins (None: there is none)."""
    days = read_preference(tx, PrivacyRules, box=BOX).keep_days
    before = tx.now_us - days * DAY_US
    rows = tx.rows(_OLD, before=before, after=after, limit=PIECE) if days else []
    kept = kept_by_law(tx, order_ids=[row[0] for row in rows])
    due = [row[0] for row in rows if row[0] not in kept and row[2] < before]
    for order_id in due:
        _forget(tx, order_id)
    # One that stays does not stop those behind it: the next piece begins after this one's last instant.
    return len(due), (rows[-1][1] + (not due) if len(rows) == PIECE else None)


def _forget(tx: Tx, order_id: int) -> None:
    overwrite_freed(tx)
    for person_id in persons_of_order(tx, order_id=order_id):
        found = Person(person_id, tuple(parties_of(tx, person_id=person_id)))
        rows = [row for row in found.parties if row.order_id == order_id]
        forget_receiver(tx, order_id=order_id, rows=rows, parties=real_parties(tx, found))
        if all(row.order_id == order_id or not row.sealed for row in found.parties):
            destroy_key(tx, person_id=person_id)
