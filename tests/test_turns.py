"""Turns: merchants one after the other, within one those who ask, and a bound on who waits."""

import threading
import time
from collections.abc import Iterator
from functools import partial

import pytest

from tests.asking_line import Line, kept, of, open_line, short
from tests.proofs.running import wait_until
from tocsin import turns, waiting
from tocsin.waiting import Caller, TooBusy


@pytest.fixture
def line() -> Iterator[Line]:
    with open_line() as made:
        yield made


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


def test_one_thread_is_kept_free_of_each_merchant_s_long_work() -> None:
    with open_line(threads=3) as line:
        line.let_go()
        with kept(line, of(1, "a")), kept(line, of(1, "b")):
            third = line.ask("third", of(1, "c"))
            for n in range(3):
                line.ask(f"other {n}", of(2, "key")).result(5)
            assert not third.done(), "two of three carry it"
        third.result(5)
    assert line.order[-1] == "third"


def test_who_is_helped_leaves_a_thread_to_others_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rush whose changes all wait for one lock: it holds its carriers, and then the threads that help."""
    monkeypatch.setattr(turns, "_STUCK_TIMES", 2)
    monkeypatch.setattr(turns, "_HELP_SECONDS", 0.001)
    held, waits = threading.Event(), threading.Semaphore(0)

    def stay() -> None:
        waits.release()
        assert held.wait(30)

    with open_line(threads=3, carriers=3) as line:
        line.let_go()
        rush = [line.submit(stay, who=short()) for _ in range(9)]
        for _ in range(4):  # two carriers, and two threads that help
            assert waits.acquire(timeout=5)
        looked = line.turns._stuck
        assert wait_until(lambda: line.turns._stuck > looked + 5, seconds=5), (
            "help is asked for again and again"
        )
        line.ask("other", of(2, "key")).result(5)
        assert not waits.acquire(blocking=False) and not any(one.done() for one in rush)
        held.set()
        for one in rush:
            one.result(5)


def test_whose_turn_it_was_not_is_carried_by_a_thread_that_waits_already() -> None:
    with open_line(threads=3) as line:
        line.let_go()
        with kept(line, of(1, "a")) as first:
            with kept(line, of(1, "b")):
                third = line.ask("third", of(1, "c"))
            third.result(5)
            assert not first.done()
