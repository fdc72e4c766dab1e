"""The limiter measures with a clock that nobody can set."""

from collections.abc import Iterator

import pytest

from tests.access.people import ELSEWHERE, HOME, PASSWORD, attempt, enter, make_desk
from tocsin.access.limiter import SignInRefused
from tocsin.core import clock
from tocsin.core.db import Database

SECOND = clock.SECOND_US


@pytest.fixture(autouse=True)
def true_clock() -> Iterator[None]:
    yield
    clock.shift_clock(0)
    clock.pass_time(0)


@pytest.mark.parametrize("moved_us", [-3600 * SECOND, 2 * 3600 * SECOND, 3652 * clock.DAY_US])
def test_a_wall_clock_that_is_set_neither_lifts_a_lock_nor_lengthens_it(db: Database, moved_us: int) -> None:
    desk = make_desk(db)
    for _ in range(5):
        attempt(db, desk.owner)
    for n in range(20):
        attempt(db, f"name {n}", address=HOME)
    clock.shift_clock(moved_us)
    for _ in range(3):
        locked = attempt(db, desk.owner, password=PASSWORD)
        assert isinstance(locked, SignInRefused) and locked.code == "locked"
        assert 20 <= locked.retry_after_seconds <= 30
    spent = attempt(db, "name 99", address=HOME)
    assert spent.code == "locked" and 280 <= spent.retry_after_seconds <= 300
    clock.pass_time(31 * SECOND)
    enter(db, desk.owner, address=ELSEWHERE)


@pytest.mark.parametrize("set_back_us", [3600 * SECOND, 3652 * clock.DAY_US])
def test_a_lock_of_a_process_whose_clock_was_ahead_lasts_as_long_as_it_said(
    db: Database, set_back_us: int
) -> None:
    desk = make_desk(db)
    clock.pass_time(set_back_us)
    for _ in range(5):
        attempt(db, desk.owner)
    clock.pass_time(0)  # as a process sees it that begins after the wall clock was set back
    for passed in (0, 10):
        clock.pass_time(passed * SECOND)
        locked = attempt(db, desk.owner, password=PASSWORD)
        assert isinstance(locked, SignInRefused) and locked.code == "locked"
        assert 25 - passed <= locked.retry_after_seconds <= 30 - passed
    clock.pass_time(31 * SECOND)
    enter(db, desk.owner, address=ELSEWHERE)
