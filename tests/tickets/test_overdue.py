"""Holds that stand too long: each is told of once, and none is released for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from msgspec.structs import replace

from tests.counter import BASE, Counter, open_counter
from tocsin.alarm.posture import read_posture
from tocsin.alarm.record import open_incidents
from tocsin.core.clock import DAY_US, MINUTE_US, now_us, shift_clock
from tocsin.core.db import Database
from tocsin.core.journal import read_journal
from tocsin.orders.amend import cancel_order
from tocsin.orders.stop import open_hold
from tocsin.tickets.hold import hold_order, release_hold, wake_due
from tocsin.tickets.job import jobs_of_order
from tocsin.tickets.overdue import tell_overdue
from tocsin.tickets.print_queue import get_queue, store_row
from tocsin.tickets.radar import count_problems


@contextmanager
def later(by_us: int) -> Iterator[None]:
    """Let so much time have passed."""
    shift_clock(by_us)
    try:
        yield
    finally:
        shift_clock(0)


def told(counter: Counter, order_id: int) -> int:
    """Return how often an order's timeline says that it is held for too long."""
    entries = counter.ask(read_journal, subject=f"order:{order_id}")
    return [entry.verb for entry in entries].count("tickets.held_long")


def test_each_hold_is_told_of_once_and_stays(db: Database) -> None:
    with open_counter(db) as counter, open_counter(db, code="NJ") as other:
        until = now_us() + 2 * MINUTE_US
        take = iter(counter.take(quantity=n).order_id for n in range(1, 9))
        old, past, wrong, young, gone, freed = (next(take) for _ in range(6))
        for order_id in (old, young, gone):
            counter.do(hold_order, order_id=order_id, reason="等客户")
        counter.do(hold_order, order_id=past, reason="等客户", until_us=until)
        counter.do(open_hold, order_id=wrong, revision=1, kind="check", reason="sum_order")
        hold_id = counter.do(hold_order, order_id=freed, reason="等客户")
        counter.do(cancel_order, order_id=gone, reason="客户取消")
        counter.do(release_hold, hold_id=hold_id, reason="好了")
        assert tell_overdue(db) == 0 and not counter.ask(open_incidents)
        with later(4 * MINUTE_US):
            assert (tell_overdue(db), told(counter, past)) == (1, 1), "past its own time"
        with later(DAY_US + MINUTE_US):
            counter.do(hold_order, order_id=counter.take(quantity=20).order_id, reason="等客户")
            assert [tell_overdue(db) for _ in range(2)] == [3, 0]
            found = counter.ask(open_incidents)
            assert [(one.kind, one.level) for one in found] == [("held_long", "light")]
            assert counter.ask(count_problems).held_long == 4
            assert counter.ask(read_posture).state == "calm" and not other.ask(open_incidents)
        assert [told(counter, one) for one in (old, past, wrong, young, gone, freed)] == [1, 1, 1, 1, 0, 0]
        assert [len(counter.holds(one)) for one in (old, past, wrong, young)] == [1, 1, 1, 1]


def test_what_is_put_off_is_released_and_what_cannot_be_is_told(db: Database) -> None:
    with open_counter(db) as counter:
        orders = [counter.take(quantity=n).order_id for n in (1, 2)]
        for order_id in orders:
            counter.do(
                hold_order, order_id=order_id, reason="下午", kind="later", until_us=now_us() + MINUTE_US
            )
        queue, run = counter.ask(get_queue), partial(db.write, counter.house.merchant_id)
        with later(3 * MINUTE_US):
            run(lambda tx: store_row(tx, replace(queue, takes="shop:GONE")))
            assert (wake_due(db, base_url=BASE), tell_overdue(db)) == (0, 2)
            assert [(counter.kinds(one), told(counter, one)) for one in orders] == [(["later"], 1)] * 2
            run(lambda tx: store_row(tx, queue))
            assert (wake_due(db, base_url=BASE), tell_overdue(db)) == (2, 0)
        assert [len(counter.ask(jobs_of_order, order_id=one)) for one in orders] == [1, 1]
