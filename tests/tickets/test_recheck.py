"""Checked again: a hold goes or comes once time or a setting has changed, and nothing is written in vain."""

import pytest
import sqlalchemy as sa

from tests.counter import Counter, open_counter
from tocsin.core.clock import MINUTE_US, now_us, shift_clock, to_datetime
from tocsin.core.db import Database
from tocsin.core.preference import change_preference
from tocsin.core.statement import Statement, own
from tocsin.orders.stop import open_hold
from tocsin.tickets.check import check_order
from tocsin.tickets.check_choice import BOX, CheckPreference
from tocsin.tickets.loops import ticket_loops
from tocsin.tickets.queue_setup import pause_queue
from tocsin.tickets.recheck import _orders, recheck
from tocsin.tickets.table import verdict

_VERDICTS = Statement[tuple[int]](sa.select(sa.func.count()).select_from(verdict).where(own(verdict)))


def _verdicts(counter: Counter) -> int:
    return counter.db.read(counter.house.merchant_id, lambda tx: tx.value(_VERDICTS))


def choose(counter: Counter, chosen: CheckPreference, *, revision: int) -> None:
    counter.do(lambda tx, actor: change_preference(tx, actor, chosen, box=BOX, revision=revision))


def test_a_hold_goes_once_its_reason_has_and_comes_where_time_has_brought_one(db: Database) -> None:
    with open_counter(db) as counter:
        held = counter.take(quantity=50).order_id
        end = f"虚拟号至 {to_datetime(now_us() + 2 * MINUTE_US, 'Asia/Shanghai'):%Y-%m-%d %H:%M}"
        waits = counter.take(merchant_note=end).order_id
        idle = counter.take(quantity=3, merchant_note=end).order_id
        counter.do(pause_queue, queue_id=counter.printer().id, paused=True)
        assert counter.print(waits).result == "queued"
        choose(counter, CheckPreference(large_quantity_micro=10_000_000), revision=0)
        counter.do(check_order, order_id=held)
        assert counter.kinds(held) == ["acknowledge"]
        before = _verdicts(counter)
        assert recheck(db) == 0 and _verdicts(counter) == before
        choose(counter, CheckPreference(large_quantity_micro=0), revision=1)
        shift_clock(5 * MINUTE_US)
        try:
            assert recheck(db, is_closing=lambda: True) == 0, "a desk that ends waits for nothing"
            again = next(one for one in ticket_loops(db, base_url=str) if one._name == "check again")
            assert _verdicts(counter) == before and again._step() == 0
        finally:
            shift_clock(0)
        assert (
            counter.kinds(held) == []
            and counter.kinds(waits) == ["acknowledge"]
            and counter.kinds(idle) == []
        )
        assert _verdicts(counter) == before + 2


def test_each_order_is_looked_at_once_what_is_held_first(db: Database) -> None:
    with open_counter(db) as counter:
        counter.do(pause_queue, queue_id=counter.printer().id, paused=True)
        waits, both, idle, held = (counter.take(quantity=n).order_id for n in (2, 3, 4, 50))
        for order_id in (both, waits):
            assert counter.print(order_id, copies=("merchant", "kitchen")).result == "queued"
        choose(counter, CheckPreference(large_quantity_micro=2_500_000), revision=0)
        for order_id in (both, held):
            counter.do(check_order, order_id=order_id)
            assert counter.kinds(order_id) == ["acknowledge"]
        counter.do(open_hold, order_id=held, revision=1, kind="check", reason="x")
        assert list(_orders(db, counter.house.merchant_id)) == [both, held, waits]
        assert counter.kinds(idle) == []


def test_whoever_asks_meanwhile_goes_between(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look is followed by four times as long a rest, of a twentieth of a second at most."""
    rests = list[float]()
    with open_counter(db) as counter:
        choose(counter, CheckPreference(large_quantity_micro=10_000_000), revision=0)
        for order_id in [counter.take(quantity=50).order_id for _ in range(3)]:
            counter.do(check_order, order_id=order_id)
            assert counter.kinds(order_id)
        monkeypatch.setattr("tocsin.core.loop.time.sleep", rests.append)
        assert recheck(db) == 0
    assert len(rests) == 3 and all(0 < rest <= 0.05 for rest in rests)
