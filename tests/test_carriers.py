"""Carriers: short requests share a commit on one thread, and nobody waits for another merchant's."""

import threading
import time
from collections.abc import Iterator, Sequence

import pytest

from tests.asking_line import Line, kept, open_line, short
from tests.proofs.running import wait_until
from tocsin import turns
from tocsin.core.gather import Outcome, step_aside


@pytest.fixture
def line() -> Iterator[Line]:
    with open_line() as made:
        yield made


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
    with kept(line, short()) as long:
        for one in [line.ask(f"helped {n}", short(2)) for n in range(3)]:
            one.result(5)
        assert not long.done()


def test_who_waits_behind_a_long_one_of_his_own_merchant_is_helped_later(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "_STUCK_TIMES", 4)
    line.let_go()
    with kept(line, short()) as long:
        line.ask("own", short()).result(5)
        assert not long.done()


def test_one_carrier_is_kept_free_of_each_merchant(monkeypatch: pytest.MonkeyPatch) -> None:
    """His changes wait for each other: with all carriers in them a rush would keep everybody else."""
    monkeypatch.setattr(turns, "_STUCK_TIMES", 10**6)
    with open_line(carriers=3) as line:
        with kept(line, short(1, "a")) as first, kept(line, short(1, "b")) as second:
            third = line.ask("third", short(1, "c"))
            for n in range(5):
                line.ask(f"other {n}", short(2)).result(5)
            assert not (third.done() or first.done() or second.done()), "two of three carry it"
        third.result(5)
        # An answer is told before it is let go.
        assert wait_until(lambda: not line.turns._carried, seconds=5), (
            "what is carried no more is not counted"
        )


def test_whose_changes_are_made_is_carried_again_while_another_s_are_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(turns, "_STUCK_TIMES", 10**6)
    monkeypatch.setattr(turns, "_GATHER_SECONDS", 10.0)
    held, waits, carried = threading.Event(), threading.Semaphore(0), threading.Semaphore(0)
    both_rush, both_others = threading.Barrier(3), threading.Barrier(2)

    def commit(scope: str, changes: Sequence[int]) -> list[Outcome]:
        if scope == "rush":
            waits.release()
            assert held.wait(10)
        return [Outcome(change) for change in changes]

    def begin(scope: str, meets: threading.Barrier | None) -> int:
        carried.release()
        if meets is not None:
            meets.wait(10)
        return int(step_aside(commit, scope, 1))

    with open_line(carriers=3) as line:
        with kept(line, short(3)):
            rush = [line.submit(begin, "rush", both_rush, who=short(1)) for _ in range(2)]
            assert all(
                carried.acquire(timeout=5) for _ in range(2)
            )  # or a carrier might take one of the others before
            others = [line.submit(begin, "other", both_others, who=short(2)) for _ in range(2)]
            both_rush.wait(10)  # each of two carriers has one of the rush, and takes one of the others to it
            for one in others:
                one.result(5)
            assert all(waits.acquire(timeout=5) for _ in range(2))
        line.submit(begin, "other", None, who=short(2)).result(5)
        assert not any(one.done() for one in rush)
        held.set()


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
