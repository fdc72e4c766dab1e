"""Turns: merchants one after the other, within one those who ask, and a bound on who waits."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any

import pytest

from tocsin import turns, waiting
from tocsin.core.gather import Outcome, step_aside
from tocsin.turns import Turns
from tocsin.waiting import Caller, TooBusy, caller


class Line:
    """One thread that is held until all have asked, and the order in which they were carried."""

    def __init__(self, carriers: int = 1) -> None:
        self.turns, self.order = Turns(1, carriers=carriers), list[str]()
        self._loop = asyncio.new_event_loop()
        self._runs = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._runs.start()
        self._held, self._taken = threading.Event(), threading.Event()
        self._first = self.submit(self._hold)
        assert self._taken.wait(5)

    def _hold(self) -> None:
        self._taken.set()
        assert self._held.wait(10)

    def ask(self, name: str, who: Caller) -> "Future[Any]":
        return self.submit(self.order.append, name, who=who)

    def submit(self, work: Callable[..., Any], *args: Any, who: Caller | None = None) -> "Future[Any]":
        """Have it carried for the loop; whoever asks is in the line, or has been refused, when this returns."""
        begun: Future[Any] = Future()

        async def ask() -> Any:
            caller.set(who)
            try:
                future = self.turns.submit(work, *args)
            finally:
                begun.set_result(None)
            return await future

        asked = asyncio.run_coroutine_threadsafe(ask(), self._loop)
        begun.result(5)
        return asked

    def let_go(self, *asked: "Future[Any]") -> list[str]:
        self._held.set()
        for one in (self._first, *asked):
            one.result(5)
        return self.order

    def end(self) -> None:
        """End the threads and the loop."""
        self._held.set()
        self.turns.shutdown()
        asyncio.run_coroutine_threadsafe(asyncio.sleep(0.01), self._loop).result(
            5
        )  # each hears what became of it
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._runs.join(5)
        self._loop.close()


@pytest.fixture
def line() -> Iterator[Line]:
    waiting._known.clear()
    made = Line()
    yield made
    made.end()
    waiting._known.clear()


def of(merchant_id: int, credential: str, *, begun: bool = False) -> Caller:
    made = Caller(credential, "10.0.0.1")
    made.is_of(merchant_id)
    made.begun = begun
    return made


def test_merchants_take_turns(line: Line) -> None:
    rush = [line.ask(f"a{n}", of(1, "key a")) for n in range(50)]
    other = [line.ask(f"b{n}", of(2, "key b")) for n in range(2)]
    assert line.let_go(*rush, *other)[:5] == ["a0", "b0", "a1", "b1", "a2"]


def test_a_clerk_goes_between_the_orders_of_his_own_shop_s_program(line: Line) -> None:
    rush = [line.ask(f"a{n}", of(1, "key")) for n in range(50)]
    clerk = [line.ask(f"clerk{n}", of(1, "session")) for n in range(2)]
    assert line.let_go(*rush, *clerk)[:5] == ["a0", "clerk0", "a1", "clerk1", "a2"]


def test_who_has_begun_is_carried_on_first(line: Line) -> None:
    rush = [line.ask(f"a{n}", of(1, "key")) for n in range(5)]
    again = line.ask("second step", of(1, "key", begun=True))
    assert line.let_go(*rush, again)[0] == "second step"


def test_many_that_nobody_knows_are_one_among_the_merchants(line: Line) -> None:
    strangers = [line.ask(f"s{n}", Caller("", f"10.0.{n // 250}.{n % 250}")) for n in range(500)]
    known = line.ask("known", of(7, "key"))
    assert line.let_go(*strangers, known).index("known") <= 1


def test_whose_a_credential_is_is_known_the_next_time_and_forgotten_at_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waiting._known.clear()
    monkeypatch.setattr(waiting, "_KNOWN_MOST", 3)
    first = Caller("Bearer x", "")
    assert first.group == 0
    first.is_of(9)
    assert Caller("Bearer x", "").group == 9 and Caller("Bearer y", "").group == 0
    assert Caller("", "Bearer x").group == 0, "an address is no credential"
    for n in range(5):
        Caller(f"other {n}", "").is_of(n)
    assert len(waiting._known) == 3 and Caller("Bearer x", "").group == 0


def test_too_many_of_one_are_told_so_and_others_are_not(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "WAITING_MOST_OF_ONE", 5)
    monkeypatch.setattr(waiting, "WAITING_MOST", 8)
    rush = [line.ask(f"a{n}", of(1, "key")) for n in range(5)]
    with pytest.raises(TooBusy):
        line.ask("one more", of(1, "key")).result(5)
    begun = line.ask("begun", of(1, "key", begun=True))
    others = [line.ask(f"b{n}", of(2, "key b")) for n in range(2)]
    assert line.turns.waiting() == 8
    third = line.ask("c", of(3, "key c"))
    with pytest.raises(TooBusy):
        rush.pop().result(5)
    assert line.turns.waiting() == 8
    assert len(line.let_go(*rush, begun, *others, third)) == 8 and line.turns.waiting() == 0


def test_nobody_keeps_others_of_his_line_out_by_sending_many(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "WAITING_MOST_OF_ONE", 6)
    monkeypatch.setattr(waiting, "WAITING_MOST", 8)
    flood = [line.ask(f"f{n}", Caller(f"Bearer guess {n}", "10.0.0.9")) for n in range(6)]
    right = line.ask("the right operator", Caller("", "10.0.0.2"))
    with pytest.raises(TooBusy):
        flood[-1].result(5)
    with pytest.raises(TooBusy):
        line.ask("one more of the flood", Caller("Bearer another", "10.0.0.9")).result(5)
    rush = [line.ask(f"a{n}", of(1, "key")) for n in range(2)]
    other = line.ask("b", of(2, "key b"))
    with pytest.raises(TooBusy):
        flood[-2].result(5)
    carried = line.let_go(right, *rush, other)
    assert carried.index("the right operator") < 4 and line.turns.waiting() == 0


def test_where_each_has_one_waiting_the_newest_is_told_so_and_the_threads_live(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "WAITING_MOST_OF_ONE", 5)
    each = [line.ask(f"s{n}", Caller("", f"10.0.0.{n}")) for n in range(5)]
    with pytest.raises(TooBusy):
        line.ask("newest", Caller("", "10.0.0.9")).result(5)
    assert len(line.let_go(*each)) == 5 and line.turns.waiting() == 0
    line.ask("after", Caller("", "10.0.0.9")).result(5)


def test_one_that_stops_an_iteration_is_told_so_and_so_are_those_told_with_it(line: Line) -> None:
    line.let_go()
    ended, fine = line.submit(partial(next, iter(())), who=short()), line.ask("fine", short())
    with pytest.raises(RuntimeError, match="StopIteration"):
        ended.result(5)
    fine.result(5)


def test_a_call_that_ends_more_than_itself_ends_no_thread(line: Line) -> None:
    def leave() -> None:
        raise SystemExit(3)

    left = line.submit(leave)
    line.let_go()
    with pytest.raises(RuntimeError, match="SystemExit"):
        left.result(5)
    assert line.submit(lambda: 7).result(5) == 7


def test_who_has_waited_for_too_long_is_told_so_and_not_carried(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "WAIT_SECONDS_MOST", 0.0)
    late = line.ask("late", of(1, "key"))
    monkeypatch.setattr(turns, "WAIT_SECONDS_MOST", 60.0)
    time.sleep(0.01)
    fresh = line.ask("fresh", of(1, "key"))
    assert line.let_go(fresh) == ["fresh"]
    with pytest.raises(TooBusy):
        late.result(5)


def test_a_fault_is_its_caller_s_and_an_end_refuses_who_waits(line: Line) -> None:
    def fail() -> None:
        raise ValueError("own")

    failed = line.submit(fail)
    line.let_go()
    with pytest.raises(ValueError, match="own"):
        failed.result(5)
    other = Line()
    left = other.ask("left", of(1, "key"))
    other.turns.shutdown()
    with pytest.raises(TooBusy):
        left.result(5)
    other.let_go()
    with pytest.raises(RuntimeError):
        other.ask("after", of(1, "key")).result(5)
    other.end()


def short(merchant_id: int = 1, credential: str = "key") -> Caller:
    made = of(merchant_id, credential)
    made.is_short = lambda: True
    return made


def test_short_ones_share_a_commit_on_one_thread(line: Line) -> None:
    groups, held, threads = list[list[int]](), threading.Event(), set[int]()

    def commit(_: int, changes: Sequence[int]) -> list[Outcome]:
        groups.append(list(changes))
        threads.add(threading.get_ident())
        assert held.wait(10)
        return [Outcome(change * 2) for change in changes]

    def work(n: int) -> int:
        return int(step_aside(commit, 0, n)) + 1

    first = line.submit(work, 0, who=short())
    while not groups:
        time.sleep(0.001)
    others = [line.submit(work, n, who=short(n % 3)) for n in range(1, 9)]
    held.set()
    assert [one.result(5) for one in (first, *others)] == [2 * n + 1 for n in range(9)]
    assert groups[0] == [0] and sum(map(len, groups)) == 9 and len(threads) == 1
    assert len(groups) < 9, "each was committed by itself"


def test_who_waits_behind_a_short_one_that_turned_out_long_is_helped(line: Line) -> None:
    line.let_go()
    held, taken = threading.Event(), threading.Event()

    def stay() -> None:
        taken.set()
        assert held.wait(10)

    long = line.submit(stay, who=short())
    assert taken.wait(5)
    helped = [line.ask(f"helped {n}", short(2)) for n in range(3)]
    try:
        for one in helped:
            one.result(5)
        assert not long.done()
    finally:
        held.set()
    long.result(5)


def test_who_waits_behind_a_long_one_of_his_own_merchant_is_helped_later(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "_STUCK_TIMES", 4)
    line.let_go()
    held, taken = threading.Event(), threading.Event()

    def stay() -> None:
        taken.set()
        assert held.wait(10)

    long = line.submit(stay, who=short())
    assert taken.wait(5)
    try:
        line.ask("own", short()).result(5)
        assert not long.done()
    finally:
        held.set()
    long.result(5)


def test_one_carrier_is_kept_free_of_each_merchant(monkeypatch: pytest.MonkeyPatch) -> None:
    """His changes wait for each other: with all carriers in them a rush would keep everybody else."""
    monkeypatch.setattr(turns, "_STUCK_TIMES", 10**6)
    line, held, taken = Line(carriers=3), threading.Event(), threading.Semaphore(0)

    def stay() -> None:
        taken.release()
        assert held.wait(10)

    try:
        rush = [line.submit(stay, who=short(1, f"key {n}")) for n in range(6)]
        assert taken.acquire(timeout=5) and taken.acquire(timeout=5)
        assert not taken.acquire(timeout=0.2), "two of three carry it"
        for n in range(5):
            line.ask(f"other {n}", short(2)).result(5)
        assert not taken.acquire(timeout=0.05) and not any(one.done() for one in rush)
        held.set()
        for one in rush:
            one.result(5)
        line.ask("after", short(1)).result(5)
        assert not line.turns._carried, "nothing is counted that is carried no more"
    finally:
        held.set()
        line.end()


def test_one_that_ends_at_once_waits_for_nobody_s_commit(line: Line) -> None:
    committing, held = threading.Event(), threading.Event()

    def commit(_: int, changes: Sequence[int]) -> list[Outcome]:
        committing.set()
        assert held.wait(10)
        return [Outcome(change) for change in changes]

    carrier, taken = threading.Event(), threading.Event()

    def begin() -> int:
        taken.set()
        assert carrier.wait(10)
        return int(step_aside(commit, 0, 7))

    first = line.submit(begin, who=short())
    assert taken.wait(5)
    quick = line.ask("quick", short(2))
    carrier.set()
    assert committing.wait(5)
    quick.result(5)
    assert not first.done()
    held.set()
    assert first.result(5) == 7
