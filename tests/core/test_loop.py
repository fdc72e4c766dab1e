"""Loops: a step at once while there is work, woken by events, and again after a fault."""

import threading
import time

import pytest

from tests.house import make_house
from tocsin.core.db import Database
from tocsin.core.errors import DatabaseAway, DatabaseBusy, OutcomeUnknown
from tocsin.core.event import append_event
from tocsin.core.loop import Loop, for_each_merchant, stop_loops


def test_a_loop_works_off_what_waits_and_wakes_at_an_event(db: Database):
    house, waiting, done = make_house(db), [1, 2, 3], threading.Semaphore(0)

    def step() -> int:
        if not waiting:
            return 0
        waiting.pop()
        done.release()
        return 1

    loop = Loop("test", step, idle_seconds=60, by_event=("",))
    loop.start()
    assert all(done.acquire(timeout=5) for _ in range(3))
    time.sleep(0.05)
    waiting.append(4)
    db.write(house.merchant_id, lambda tx: append_event(tx, "test", subject_id=1))
    assert done.acquire(timeout=5)
    began = time.monotonic()
    loop.stop()
    assert time.monotonic() - began < 1


def test_a_loop_wakes_at_its_own_kinds_of_events_alone(db: Database):
    house, steps = make_house(db), threading.Semaphore(0)

    def step() -> int:
        steps.release()
        return 0

    loop = Loop("test", step, idle_seconds=60, by_event=("print.", "order.cancelled"))
    loop.start()
    try:
        assert steps.acquire(timeout=5), "its first step"
        time.sleep(0.1)
        for kind in ("order.produced", "order.moved", "alarm.raised"):
            db.write(house.merchant_id, lambda tx, kind=kind: append_event(tx, kind, subject_id=1))
        assert not steps.acquire(timeout=0.3)
        for kind in ("print.queued", "order.cancelled"):
            db.write(house.merchant_id, lambda tx, kind=kind: append_event(tx, kind, subject_id=1))
            assert steps.acquire(timeout=5), kind
    finally:
        loop.stop()


def test_what_happens_one_by_one_is_dealt_with_some_at_a_time(db: Database):
    house, told = make_house(db), list[int]()
    waiting, steps = set[int](), list[int]()

    def step() -> int:
        found = sorted(waiting)
        waiting.difference_update(found)
        told.extend(found)
        steps.append(len(found))
        return len(found)

    loop = Loop("test", step, idle_seconds=60, by_event=("",))
    loop.start()
    began = time.monotonic()
    for n in range(60):
        waiting.add(n)
        db.write(house.merchant_id, lambda tx: append_event(tx, "test", subject_id=1))
    passed = time.monotonic() - began
    until = time.monotonic() + 10
    while len(told) < 60 and time.monotonic() < until:
        time.sleep(0.01)
    loop.stop()
    assert sorted(told) == list(range(60)), "the last one too"
    assert len(steps) <= passed / 0.05 + 6, (passed, steps)


@pytest.mark.parametrize("fault", [RuntimeError("broken"), DatabaseAway()])
def test_a_step_that_fails_is_taken_again(monkeypatch: pytest.MonkeyPatch, fault: Exception):
    monkeypatch.setattr("tocsin.core.loop._AFTER_FAULT_SECONDS", 0.01)
    taken = threading.Semaphore(0)

    def step() -> int:
        taken.release()
        raise fault

    loop = Loop("test", step, idle_seconds=60)
    loop.start()
    assert all(taken.acquire(timeout=5) for _ in range(3))
    loop.stop()


@pytest.mark.parametrize(
    ("idle_seconds", "waits"), [(1, [1, 1, 1, 1, 1]), (5, [1, 2, 4, 5, 5]), (86_400, [1, 2, 4, 8, 16])]
)
def test_a_fault_that_stays_is_met_less_and_less_often(idle_seconds: float, waits: list[float]):
    found = iter([ValueError(), *(ValueError() for _ in waits), None, ValueError(), ValueError()])
    waited: list[float] = []

    def step() -> int:
        if (fault := next(found, None)) is not None:
            raise fault
        return 0

    class Woken(threading.Event):
        """Is woken as soon as it waits."""

        def wait(self, timeout: float | None = None) -> bool:
            waited.append(timeout or 0)
            if len(waited) == len(waits) + 4:
                loop._stopping.set()
            return True

    loop = Loop("test", step, idle_seconds=idle_seconds)
    loop._wake = Woken()
    loop.start()
    assert loop._thread is not None
    loop._thread.join(10)
    last = [min(idle_seconds, 32)] if idle_seconds > 16 else [waits[-1]]
    assert waited == [*waits, *last, idle_seconds, 1, min(idle_seconds, 2)], (
        "one step that succeeds begins anew"
    )


def test_a_loop_that_never_began_can_be_ended():
    taken: list[int] = []
    loop = Loop("never began", lambda: taken.append(1) or 0, idle_seconds=1)
    loop.stop()
    assert not taken and "never began" not in {thread.name for thread in threading.enumerate()}


def test_loops_end_together_however_long_their_steps_take():
    """None begins another step while the first one is waited for."""
    begun, go_on = threading.Semaphore(0), threading.Event()

    def step() -> int:
        begun.release()
        go_on.wait(20)
        return 1

    loops = [Loop(f"slow {n}", step, idle_seconds=60) for n in range(5)]
    for loop in loops:
        loop.start()
    assert all(begun.acquire(timeout=5) for _ in loops)
    stopping = threading.Thread(target=stop_loops, args=(iter(loops),))
    stopping.start()
    until = time.monotonic() + 5
    while not (told := all(loop._stopping.is_set() for loop in loops)) and time.monotonic() < until:
        time.sleep(0.01)
    go_on.set()
    stopping.join(5)
    assert told, "all, while the step of the first one goes on"
    assert not stopping.is_alive() and not begun.acquire(blocking=False)


def test_a_loop_that_is_ended_just_before_it_rests_does_not_rest(monkeypatch: pytest.MonkeyPatch):
    loop = Loop("test", lambda: 0, idle_seconds=60)
    honest = loop._wake.clear

    def clear() -> None:
        loop.end()  # between its look whether it goes on and this
        honest()

    monkeypatch.setattr(loop._wake, "clear", clear)
    loop.start()
    assert loop._thread is not None
    loop._thread.join(5)
    assert not loop._thread.is_alive()


def test_what_one_merchant_meets_keeps_no_other_waiting(db: Database):
    first, second = make_house(db).merchant_id, make_house(db).merchant_id
    seen: list[int] = []

    def act(merchant_id: int) -> int:
        seen.append(merchant_id)
        if merchant_id == first:
            raise ValueError("his rules")
        return 3

    assert for_each_merchant(db, act, besides=(0,)) == 6 and seen == [0, first, second]


@pytest.mark.parametrize("again", [True, False])
def test_a_step_of_faults_alone_fails_once_all_had_their_turn(db: Database, *, again: bool):
    first, second = make_house(db).merchant_id, make_house(db).merchant_id
    seen: list[int] = []

    def act(merchant_id: int) -> int:
        seen.append(merchant_id)
        if merchant_id == first:
            raise ValueError("his rules")
        return 0

    if again:
        with pytest.raises(ValueError, match="his rules"):
            for_each_merchant(db, act)
    else:
        assert for_each_merchant(db, act, again=False) == 0
    assert seen == [first, second]


@pytest.mark.parametrize("away", [DatabaseAway(), OutcomeUnknown()])
def test_an_outage_is_everybodys(db: Database, away: Exception):
    first, _ = make_house(db).merchant_id, make_house(db).merchant_id
    seen: list[int] = []

    def act(merchant_id: int) -> int:
        seen.append(merchant_id)
        raise away

    with pytest.raises(type(away)):
        for_each_merchant(db, act, again=False)
    assert seen == [first]


def test_a_row_that_is_kept_locked_is_its_merchants_matter(db: Database):
    first, second = make_house(db).merchant_id, make_house(db).merchant_id
    seen: list[int] = []

    def act(merchant_id: int) -> int:
        seen.append(merchant_id)
        if merchant_id == first:
            raise DatabaseBusy
        return 1

    assert for_each_merchant(db, act) == 1 and seen == [first, second]


def test_a_table_that_is_kept_locked_is_everybodys(db: Database):
    first, second, _ = (make_house(db).merchant_id for _ in range(3))
    seen: list[int] = []

    def act(merchant_id: int) -> int:
        seen.append(merchant_id)
        raise DatabaseBusy

    with pytest.raises(DatabaseBusy):
        for_each_merchant(db, act)
    assert seen == [first, second]


@pytest.mark.parametrize("again", [True, False])
def test_an_outage_behind_a_locked_row_is_everybodys(db: Database, *, again: bool):
    _, second, _ = (make_house(db).merchant_id for _ in range(3))
    seen, faults = list[int](), [DatabaseAway(), DatabaseBusy()]

    def act(merchant_id: int) -> int:
        seen.append(merchant_id)
        raise faults.pop()

    with pytest.raises(DatabaseAway):
        for_each_merchant(db, act, again=again)
    assert seen[1:] == [second]
