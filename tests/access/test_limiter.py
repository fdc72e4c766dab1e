"""The limiter: guesses don't outrun it, and nobody locks out who has a known device."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from tests.access.people import ELSEWHERE, HOME, PASSWORD, WRONG, attempt, enter, make_desk, signals_of
from tocsin.access import guess, limiter
from tocsin.access.attempt import sweep_attempts
from tocsin.access.guess import Guess, counters_of, lane_of
from tocsin.access.limiter import Lease, Locked, SignInRefused, lease_attempt, name_guess
from tocsin.access.login import SignedIn
from tocsin.core import clock
from tocsin.core.db import Database

SECOND = clock.SECOND_US


@pytest.fixture(autouse=True)
def true_clock() -> Iterator[None]:
    yield
    clock.shift_clock(0)
    clock.pass_time(0)


def all_at_once(calls: list[Callable[[], Any]]) -> list[Any]:
    """Start the calls together, each in a thread of its own; return what they answered."""
    barrier = Barrier(len(calls))

    def start(call: Callable[[], Any]) -> Any:
        barrier.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(start, calls))


def test_of_200_parallel_guesses_10_are_tested_while_the_owner_signs_in_40_times_of_40(db: Database) -> None:
    desk = make_desk(db)
    device = enter(db, desk.owner).device_token
    guesses = [
        lambda n=n: attempt(db, desk.owner, password=f"{WRONG} {n}", address=f"198.51.{n}.9")
        for n in range(200)
    ]
    owner = [
        lambda: attempt(db, desk.owner, password=PASSWORD, address=HOME, device=device) for _ in range(40)
    ]
    answers = all_at_once(guesses + owner)
    tested = [a for a in answers[:200] if a.code == "wrong"]
    assert 1 <= len(tested) <= 10
    assert all(a.code == "locked" and a.retry_after_seconds > 0 for a in answers[:200] if a not in tested)
    assert sum(isinstance(a, SignedIn) for a in answers[200:]) == 40


def test_only_one_of_many_parallel_leases_of_an_account_is_given(db: Database) -> None:
    def ask(n: int) -> Lease | Locked:
        tried = Guess("password", "somebody", f"203.0.{n}.1", name_digest="d")
        return db.write(0, lambda tx: lease_attempt(tx, tried))

    for _ in range(5):  # first without the account's row, then with it
        answers = all_at_once([lambda n=n: ask(n) for n in range(24)])
        given = [a for a in answers if isinstance(a, Lease)]
        assert len(given) == 1
        assert all(a.busy for a in answers if isinstance(a, Locked))
        db.write(0, lambda tx, lease=given[0]: limiter.record_attempt(tx, lease, right=True))


def test_a_lease_that_nobody_settles_ends_after_30_seconds_and_has_counted(db: Database) -> None:
    tried = Guess("password", "somebody", ELSEWHERE, name_digest="d")

    def ask() -> Lease | Locked:
        return db.write(0, lambda tx: lease_attempt(tx, tried))

    for n in range(3):
        assert isinstance(ask(), Lease)
        assert ask() == Locked(1, busy=True)
        clock.pass_time((n + 1) * 31 * SECOND)
    last = ask()
    assert isinstance(last, Lease)
    db.write(0, lambda tx: limiter.record_attempt(tx, last, right=False))
    assert isinstance(ask(), Lease)


def test_after_five_wrong_ones_the_wait_is_30_seconds_and_doubles_to_an_hour(db: Database) -> None:
    desk = make_desk(db)
    device = enter(db, desk.owner).device_token
    for _ in range(5):
        assert attempt(db, desk.owner, device=device) == SignInRefused("wrong")
    shift, waits = 0, []
    for _ in range(9):
        refused = attempt(db, desk.owner, password=PASSWORD, device=device)
        assert isinstance(refused, SignInRefused) and refused.code == "locked"
        waits.append(refused.retry_after_seconds)
        shift += (refused.retry_after_seconds + 1) * SECOND
        clock.pass_time(shift)
        assert attempt(db, desk.owner, device=device) == SignInRefused("wrong")
    wanted = [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]
    assert all(want - 5 <= got <= want for got, want in zip(waits, wanted, strict=True)), waits
    clock.pass_time(shift + 3601 * SECOND)
    enter(db, desk.owner, device=device)
    assert attempt(db, desk.owner, device=device) == SignInRefused("wrong")


def test_who_is_locked_elsewhere_is_not_locked_at_a_known_device_or_at_another_address(db: Database) -> None:
    desk = make_desk(db)
    device = enter(db, desk.owner).device_token
    codes = [attempt(db, desk.owner).code for _ in range(6)]
    assert codes == ["wrong"] * 5 + ["locked"]
    assert isinstance(attempt(db, desk.owner, password=PASSWORD), SignInRefused)
    enter(db, desk.owner, address=HOME)
    enter(db, desk.owner, address=ELSEWHERE, device=device)


def test_a_device_cookie_of_somebody_else_is_no_known_device(db: Database) -> None:
    desk, other = make_desk(db), make_desk(db, "别家")
    foreign = enter(db, other.owner).device_token
    assert [attempt(db, desk.owner, device=foreign).code for _ in range(6)][-1] == "locked"
    assert [attempt(db, desk.owner, device=f"made up {n}").code for n in range(3)] == ["locked"] * 3


def test_one_address_tries_20_names_in_five_minutes_and_no_more(db: Database) -> None:
    codes = [attempt(db, f"name {n}").code for n in range(23)]
    assert codes == ["wrong"] * 20 + ["locked"] * 3
    desk = make_desk(db)
    assert isinstance(attempt(db, desk.owner, password=PASSWORD, address=ELSEWHERE), SignInRefused)
    enter(db, desk.owner, address=HOME)
    clock.pass_time(301 * SECOND)
    assert attempt(db, "name 30") == SignInRefused("wrong")


def test_a_right_password_gives_the_address_its_count_back(db: Database) -> None:
    desk = make_desk(db)
    for _ in range(25):
        enter(db, desk.owner, address=HOME)


def test_a_fault_while_looking_at_the_secret_frees_the_lane(db: Database) -> None:
    tried = Guess("password", "somebody", ELSEWHERE)

    def break_() -> bool:
        raise RuntimeError("lamp went out")

    with pytest.raises(RuntimeError, match="lamp"):
        limiter.guarded_verify(db, tried, secret_check=break_, on_right=lambda _: 1)
    assert limiter.guarded_verify(db, tried, secret_check=lambda: True, on_right=lambda _: 1) == 1


def test_who_waits_for_a_lane_gives_up_says_so_and_is_on_record(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limiter, "TURN_SECONDS", 0.1)
    tried = Guess("password", "somebody", ELSEWHERE)
    named = db.read(0, lambda tx: name_guess(tx, tried))
    db.write(0, lambda tx: lease_attempt(tx, named))
    refused = SignInRefused("locked", 1)
    assert limiter.guarded_verify(db, tried, secret_check=lambda: True, on_right=lambda _: 1) == refused
    with limiter._turn(lane_of(counters_of(named)).name):
        assert limiter.guarded_verify(db, tried, secret_check=lambda: True, on_right=lambda _: 1) == refused
    assert [s.outcome for s in signals_of(db, 0)] == ["locked", "locked"]


def test_what_rests_is_swept(db: Database) -> None:
    for n in range(2):
        attempt(db, f"name {n}")
    assert db.write(0, sweep_attempts) == 0
    clock.pass_time(91 * clock.DAY_US)
    # Two attempts; each name's account and pair, the address, its network and all of them.
    assert db.write(0, sweep_attempts) == 2 + 4 + 3
    clock.pass_time(500 * clock.DAY_US)
    assert db.write(0, sweep_attempts) == 2, "failures in a row wait for a person, but not for ever"


def test_a_network_tries_100_names_in_five_minutes_and_no_more(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guess, "FREE_PER_NETWORK", 7)
    codes = [attempt(db, f"name {n}", address=f"198.51.100.{n}").code for n in range(9)]
    assert codes == ["wrong"] * 7 + ["locked"] * 2
    assert attempt(db, "name", address="198.51.101.1").code == "wrong"


def test_all_addresses_together_try_1000_and_no_more_while_a_known_device_gets_in(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guess, "FREE_OVERALL", 6)
    desk = make_desk(db)
    device = enter(db, desk.owner).device_token
    codes = [attempt(db, f"name {n}", address=f"198.51.{n}.7").code for n in range(8)]
    assert codes == ["wrong"] * 6 + ["locked"] * 2
    enter(db, desk.owner, device=device)
