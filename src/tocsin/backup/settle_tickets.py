"""Settles papers of a restored merchant: what was asked for may be out, and nothing prints by itself."""

import sqlalchemy as sa

from tocsin.access.undo import Act
from tocsin.core.clock import DAY_US, business_day
from tocsin.core.db import Tx
from tocsin.core.statement import Statement, among, bind, own, upsert
from tocsin.core.tenant import list_shops
from tocsin.tickets.bulk_job import end_bulk
from tocsin.tickets.late import record_outcome
from tocsin.tickets.printer import PrintOutcome
from tocsin.tickets.table import auto_print, bulk_job, intercept, print_job, serial_counter, station
from tocsin.tickets.tallying import count_again

REASON = "restored"
_SEND = Statement[None](
    sa.update(print_job).where(own(print_job), among(print_job.c.state, "queued")),
    sets=("state", "started_at_us"),
)
_SENT = Statement[tuple[int]](
    sa.select(print_job.c.id)
    .where(own(print_job), among(print_job.c.state, "sending"))
    .order_by(print_job.c.id)
)
_SLIPS = Statement[None](
    sa.update(intercept).where(own(intercept), among(intercept.c.state, "queued", "sending")),
    sets=("state", "reason", "ended_at_us"),
)
_SCREENS = Statement[tuple[int]](sa.select(auto_print.c.screen_id).where(own(auto_print)))
_NO_SCREENS = Statement[None](sa.delete(auto_print).where(own(auto_print)))
_BULK = Statement[tuple[int]](
    sa.select(bulk_job.c.id).where(own(bulk_job), among(bulk_job.c.state, "waiting", "running"))
)
_LEASES = Statement[None](sa.delete(station).where(own(station)))
_counting = upsert(serial_counter)
_SKIP = Statement[None](
    _counting.on_conflict_do_update(
        index_elements=["merchant_id", "shop_id", "day"],
        set_={"last": serial_counter.c.last + bind("skipped")},
    ),
    sets=("merchant_id", "shop_id", "day", "last"),
)

_BUSIEST = Statement[tuple[int]](
    sa.select(sa.func.coalesce(sa.func.max(serial_counter.c.last), 0)).where(
        own(serial_counter), serial_counter.c.shop_id == bind("shop_id")
    )
)


def settle_tickets(tx: Tx, act: Act, *, skip: int) -> None:
    """Let each paper that was asked for be unknown, and switch off what would ask for others."""
    tx.run(_LEASES)
    count_again(tx)  # what is settled here tells no event
    for (screen_id,) in tx.rows(_SCREENS):
        act.note("auto_print", subject_id=screen_id)
    tx.run(_NO_SCREENS)
    for (job_id,) in tx.rows(_BULK):
        end_bulk(tx, None, job_id=job_id, state="stopped", fault=REASON)
    tx.run(_SEND, state="sending", started_at_us=tx.now_us)
    for (job_id,) in tx.rows(_SENT):
        record_outcome(
            tx, job_id=job_id, outcome=PrintOutcome(result="unknown", reason=REASON, bytes_left=True)
        )
    tx.run(_SLIPS, state="unknown", reason=REASON, ended_at_us=tx.now_us)
    for shop in list_shops(tx):
        skipped = max(skip, 2 * int(tx.value(_BUSIEST, shop_id=shop.id)))
        for at_us in (tx.now_us - DAY_US, tx.now_us, tx.now_us + DAY_US):
            day = business_day(at_us, shop.zone, starts_at_hour=shop.day_starts_at_hour).strftime("%y%m%d")
            tx.run(_SKIP, shop_id=shop.id, day=day, last=skipped, skipped=skipped)
