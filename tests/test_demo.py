"""The demo merchant shows everything that can be tried: each check, hold, paper and campaign, over thirty days."""

from collections import Counter
from functools import partial

import sqlalchemy as sa

from tocsin.access.table import attempt
from tocsin.alarm.incident import alarm_now
from tocsin.alarm.table import incident
from tocsin.core import clock
from tocsin.core.clock import DAY_US, MINUTE_US, to_datetime
from tocsin.core.db import Database, Tx
from tocsin.core.statement import Statement, own
from tocsin.demo.create import create_demo
from tocsin.demo.rhythm import ZONE
from tocsin.demo.wrong import EXCEPTIONS, WRONG
from tocsin.orders.campaign import KINDS, campaign
from tocsin.orders.stop import HOLD_KINDS
from tocsin.orders.table import hold, lookup, order_finding, order_head, quarantine, screen
from tocsin.tickets.intercept import intercept
from tocsin.tickets.radar import Counts, count_problems
from tocsin.tickets.rule import loaded_checks
from tocsin.tickets.shift_table import shift_signed
from tocsin.tickets.table import print_job

_HOUR_US = 60 * MINUTE_US


def test_the_demo_shows_each_thing_once(db: Database):
    # Early in the shop's morning, half a day ago was yesterday.
    clock.shift_clock(20 * _HOUR_US + DAY_US - clock.now_us() % DAY_US)
    assert to_datetime(clock.now_us(), ZONE).hour == 4
    merchant_id = create_demo(db, password="x" * 12, days=30, a_day=2)
    told = partial(_told, db, merchant_id)
    codes = set(loaded_checks())
    assert told(order_finding.c.code).keys() >= codes - {"changed"}
    assert codes == WRONG.keys() | EXCEPTIONS.keys(), "each check has its wrong order, or says why not"
    assert told(hold.c.kind, hold.c.closed_at_us.is_(None)).keys() == set(HOLD_KINDS), "each waits for you"
    assert told(print_job.c.state).keys() == {"printed", "failed", "unknown", "cancelled", "queued"}
    assert told(campaign.c.kind).keys() == set(KINDS)
    assert told(order_head.c.campaign).keys() >= set(told(campaign.c.code)) - {""}
    assert told(order_head.c.desk_state).keys() == {"produced", "printed", "cancelled"}
    assert told(intercept.c.state).keys() >= {"queued"}
    assert set(told(attempt.c.outcome)) == {"right", "wrong"}
    assert len(told(attempt.c.at_us)) > 100
    assert len(told(incident.c.id, incident.c.cleared_at_us.is_not(None))) >= 3
    now = db.read(merchant_id, alarm_now)
    assert (now.posture.state, now.open_incidents) == ("calm", 0), "nothing rings as you begin"
    assert len(told(shift_signed.c.id)) > 28
    assert told(quarantine.c.status).keys() == {"open"}
    assert told(screen.c.id)
    assert told(lookup.c.kind)
    marks = db.read(merchant_id, _marks)
    assert all(marks), "a reprint, a replacement, an amended ticket"
    days = {to_datetime(at_us, ZONE).date() for at_us in told(order_head.c.produced_at_us)}
    assert len(days) >= 28
    assert max(told(order_head.c.placed_at_us)) <= clock.now_us()
    problems: Counts = db.read(merchant_id, count_problems)
    assert len(WRONG) <= problems.held <= len(WRONG) + 24, (
        "what waits is each thing once, not what went wrong in a month"
    )
    assert problems.held_long == 0


def _told(
    db: Database, merchant_id: int, column: sa.Column[object], *where: sa.ColumnElement[bool]
) -> Counter[object]:
    rows = Statement[tuple[object]](sa.select(column).where(own(column.table), *where))
    return Counter(row[0] for row in db.read(merchant_id, lambda tx: tx.rows(rows)))


def _marks(tx: Tx) -> tuple[int, ...]:
    job = print_job.c
    sums = (sa.func.count().filter(each > 0) for each in (job.reprint_no, job.replaces, job.amended_from))
    return tuple(tx.rows(Statement[tuple[int, ...]](sa.select(*sums).where(own(print_job))))[0])
