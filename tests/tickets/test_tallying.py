"""Tallies are what a count over the rows gives, whatever happened to the orders, on both databases."""

import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.counter import open_counter
from tests.telling import assert_none
from tests.tickets.tallied import count_all, differences, wrong_tallies
from tests.tickets.walked import Walk
from tocsin.core import event
from tocsin.core.clock import DAY_US, MINUTE_US, now_us, shift_clock
from tocsin.core.db import Database, Tx
from tocsin.core.preference import change_preference
from tocsin.core.tally import Tallies
from tocsin.orders.person import PrivacyRules
from tocsin.orders.retention import erase_old
from tocsin.tickets import tallying
from tocsin.tickets.tallying import Counting, Tallier, count_again, read_tallies, tally_all


@pytest.fixture
def walk(db: Database) -> Iterator[Walk]:
    """A walk that has begun, with tallies from the first step on."""
    with open_counter(db) as counter:
        count_all(counter.house)
        yield Walk(counter, seed=11)


def test_tallies_are_what_a_count_over_the_rows_gives_whatever_happened(walk: Walk) -> None:
    house = walk.counter.house
    for turn in range(6):
        for _ in range(25):
            walk.step()
        shift_clock(7 * MINUTE_US * turn)
        assert_none(differences(house, live=True), "what is not counted yet is there all the same")
        if turn % 2:
            count_all(house)
            assert_none(differences(house))
    assert walk.done > 80 and len(walk.jobs) > 5, (walk.done, walk.jobs)
    order_id = walk.take(price=39.9, placed_at_us=now_us(), cancelled=False, campaign="")
    assert walk.counter.print(order_id).job_ids, "its paper waits when its receiver goes"
    count_all(house)
    shift_clock(400 * DAY_US)
    walk.counter.do(change_preference, value=PrivacyRules(keep_days=30), box="privacy", revision=0)
    assert erase_old(house.db, house.merchant_id) > 0
    shift_clock(0)
    count_all(house)
    assert_none(differences(house), "figures outlive persons")
    house.db.write(house.merchant_id, count_again)
    assert not isinstance(house.db.read(house.merchant_id, read_tallies), Tallies)
    count_all(house)
    assert_none(differences(house), "counted anew they are the same")


@pytest.mark.parametrize("gone", ["order.produced", "order.cancelled", "check.found", "print."])
def test_an_event_that_is_left_out_is_seen(walk: Walk, monkeypatch: pytest.MonkeyPatch, gone: str) -> None:
    _leave_out(monkeypatch, gone)
    assert any(_is_wrong_after_a_step(walk) for _ in range(120)), "nobody misses it"


def _is_wrong_after_a_step(walk: Walk) -> bool:
    walk.step()
    count_all(walk.counter.house)
    return bool(wrong_tallies(walk.counter.house))


def _leave_out(monkeypatch: pytest.MonkeyPatch, gone: str) -> None:
    """Have no module tell of a kind of event."""
    true = event.append_event

    def append(tx: Tx, kind: str, **told: Any) -> None:
        if not kind.startswith(gone):
            true(tx, kind, **told)

    for name, module in [*sys.modules.items()]:
        if name.startswith("tocsin.") and getattr(module, "append_event", None) is true:
            monkeypatch.setattr(module, "append_event", append)


def test_what_was_there_before_the_tallies_is_counted_in_pieces(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it is, the page counts the rows and says how far it is; what happens meanwhile is counted too."""
    monkeypatch.setattr(tallying, "PIECE", 2)
    with open_counter(db) as counter:
        walk, house = Walk(counter, seed=3), counter.house
        for _ in range(40):
            walk.step()
        assert house.db.read(house.merchant_id, read_tallies) is None
        steps = 0
        while not isinstance(told := house.db.read(house.merchant_id, read_tallies), Tallies):
            assert told is None or isinstance(told, Counting)
            house.db.write(house.merchant_id, tallying.tally_some)
            walk.step()
            steps += 1
        assert steps > 4
        assert_none(differences(house, live=True))
        tally_all(house.db)
        assert_none(differences(house))
        monkeypatch.setattr(tallying, "VERSION", 2)
        assert house.db.read(house.merchant_id, read_tallies) is None, "of another version none is read"
        tally_all(house.db)
        assert_none(differences(house))


def test_who_lags_says_up_to_when_it_is_counted(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tallying, "PENDING_MOST", 3)
    for _ in range(12):
        walk.take()
    told = walk.counter.ask(read_tallies)
    assert isinstance(told, Tallies) and told.counted_to_us > 0
    count_all(walk.counter.house)
    told = walk.counter.ask(read_tallies)
    assert isinstance(told, Tallies) and told.counted_to_us == 0


def test_two_servers_count_each_order_once(db: Database) -> None:
    """They begin with what was there, at once, and go on while orders come."""
    with open_counter(db) as counter:
        walk, over = Walk(counter, seed=5), threading.Event()
        for _ in range(40):
            walk.take()
        faults: list[BaseException] = []

        def serve() -> None:
            tallier = Tallier(db)
            try:
                while not over.wait(0.01):
                    tallier.step()
            except BaseException as fault:
                faults.append(fault)

        servers = [threading.Thread(target=serve) for _ in range(2)]
        for one in servers:
            one.start()
        for _ in range(30):
            walk.step()
        over.set()
        for one in servers:
            one.join()
        tally_all(db)
        assert not faults
        assert_none(differences(counter.house))
