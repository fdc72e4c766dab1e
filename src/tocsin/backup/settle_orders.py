"""Settles orders of a restored merchant: numbers skip ahead, held ones wait for a person, webhooks are paused."""

import sqlalchemy as sa

from tocsin.access.undo import Act
from tocsin.core.clock import DAY_US, business_day
from tocsin.core.db import Tx
from tocsin.core.queue import Queue
from tocsin.core.statement import Statement, among, bind, own, upsert
from tocsin.core.tenant import Shop, list_shops
from tocsin.orders.compaction import ask_compaction
from tocsin.orders.erase import TASK as ERASE
from tocsin.orders.outbound import all_endpoints, put_state
from tocsin.orders.outbound_table import outbound_sequence
from tocsin.orders.table import compaction, download, erasure, hold, number_counter, order_editor

SEQUENCE_SKIPPED = 1_000
_counting = upsert(number_counter)
_SKIP = Statement[None](
    _counting.on_conflict_do_update(
        index_elements=["merchant_id", "shop_id", "day"],
        set_={"last": number_counter.c.last + bind("skipped")},
    ),
    sets=("merchant_id", "shop_id", "day", "last"),
)
_BUSIEST = Statement[tuple[int]](
    sa.select(sa.func.coalesce(sa.func.max(number_counter.c.last), 0)).where(
        own(number_counter), number_counter.c.shop_id == bind("shop_id")
    )
)
_LATER = Statement[None](
    sa.update(hold).where(own(hold), hold.c.closed_at_us.is_(None), hold.c.kind == "later"),
    sets=("until_us",),
)
_SEQUENCES = Statement[None](
    sa.update(outbound_sequence)
    .where(own(outbound_sequence))
    .values(last=outbound_sequence.c.last + SEQUENCE_SKIPPED)
)
_EDITORS = Statement[None](sa.delete(order_editor).where(own(order_editor)))
_BROKEN_OFF = Statement[None](
    sa.update(download).where(own(download), among(download.c.status, "waiting", "running")),
    sets=("status", "fault", "done_at_us"),
)
_LEFT_BEHIND = Statement[None](
    sa.update(download).where(own(download), download.c.status == "complete"), sets=("status", "path")
)
_COMPACTED = Statement[None](
    sa.update(compaction).where(own(compaction), compaction.c.state != "done"), sets=("state", "done_at_us")
)
_ERASING = Statement[tuple[int]](
    sa.select(erasure.c.id).where(own(erasure), erasure.c.state == "sweeping").order_by(erasure.c.id)
)


def settle_orders(tx: Tx, act: Act, *, skip: int, queue: Queue) -> int:
    """Settle what would happen by itself; return how many numbers were skipped at most."""
    skipped = [_skip_numbers(tx, shop, skip=skip) for shop in list_shops(tx)]
    tx.run(_LATER, until_us=None)
    tx.run(_EDITORS)
    tx.run(_BROKEN_OFF, status="failed", fault="restored", done_at_us=tx.now_us)
    tx.run(_LEFT_BEHIND, status="expired", path="")
    _pause_webhooks(tx, act)
    tx.run(_COMPACTED, state="done", done_at_us=tx.now_us)
    erasing = tx.rows(_ERASING)
    for (erasure_id,) in erasing:
        queue.defer(tx, ERASE, payload={"erasure": str(erasure_id)}, lock="erase")
    if erasing:
        ask_compaction(tx, queue)
    return max(skipped, default=0)


def _skip_numbers(tx: Tx, shop: Shop, *, skip: int) -> int:
    """Skip more numbers than can have been given since: of each day on which a number may be given now."""
    skipped = max(skip, 2 * int(tx.value(_BUSIEST, shop_id=shop.id)))
    for at_us in (tx.now_us - DAY_US, tx.now_us, tx.now_us + DAY_US):
        day = business_day(at_us, shop.zone, starts_at_hour=shop.day_starts_at_hour).strftime("%Y%m%d")
        tx.run(_SKIP, shop_id=shop.id, day=day, last=skipped, skipped=skipped)
    return skipped


def _pause_webhooks(tx: Tx, act: Act) -> None:
    """What waits is sent once a person switches its endpoint on; a receiver takes what is newer than all that it had."""
    tx.run(_SEQUENCES)
    for endpoint in all_endpoints(tx):
        if endpoint.state == "active":
            put_state(tx, endpoint_id=endpoint.id, state="paused", problem="restored")
            act.note("webhook", subject_id=endpoint.id, subject=endpoint.name)
