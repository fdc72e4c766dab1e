"""The limiter keeps kinds of credentials apart, and switches passwords off after a hundred failures in a row."""

from collections.abc import Iterator

import pytest

from tests.access.people import ELSEWHERE, HOME, PASSWORD, attempt, enter, make_desk
from tocsin.access import guess, limiter
from tocsin.access.guess import Guess
from tocsin.access.limiter import SignInRefused
from tocsin.core import clock
from tocsin.core.db import Database

SECOND = clock.SECOND_US


@pytest.fixture(autouse=True)
def true_clock() -> Iterator[None]:
    yield
    clock.shift_clock(0)
    clock.pass_time(0)


def try_key(db: Database, name: str, *, right: bool, method: str = "passkey") -> int | SignInRefused:
    tried = Guess(method, name, ELSEWHERE)
    return limiter.guarded_verify(db, tried, secret_check=lambda: right, on_right=lambda _: 1)


def test_passwords_that_fail_lock_no_passkey_and_no_reader(db: Database) -> None:
    desk = make_desk(db)
    for n in range(20):
        attempt(db, f"name {n}")
    for _ in range(6):
        attempt(db, desk.owner, address=HOME)
    assert attempt(db, desk.owner).code == "locked"
    assert [try_key(db, desk.owner, right=True, method=m) for m in ("passkey", "reader", "pin")] == [1] * 3
    codes = [try_key(db, desk.owner, right=False) for _ in range(6)]
    assert codes == [SignInRefused("wrong")] * 5 + [SignInRefused("locked", 30)]
    assert try_key(db, desk.owner, right=True, method="reader") == 1


def fail_in_a_row(db: Database, name: str, failures: int) -> list[SignInRefused]:
    """Fail from a new address each hour or so, as patient as can be; return the answers."""
    answers = []
    for n in range(failures):
        clock.pass_time((n + 1) * 3700 * SECOND)
        tried = Guess("password", name, f"203.0.{n}.1")
        found = limiter.guarded_verify(db, tried, secret_check=lambda: False, on_right=lambda _: 1)
        assert isinstance(found, SignInRefused)
        answers.append(found)
    return answers


def test_after_100_failures_in_a_row_unknown_devices_have_no_password_until_somebody_resets_it(
    db: Database,
) -> None:
    desk = make_desk(db)
    device = enter(db, desk.owner).device_token
    for name in (desk.owner, "nobody"):
        answers = fail_in_a_row(db, name, 103)
        assert [a.code for a in answers] == ["wrong"] * 100 + ["locked"] * 3
        assert all(a.needs_reset for a in answers[100:]) and not answers[0].needs_reset
    clock.pass_time(300 * clock.DAY_US)
    refused = attempt(db, desk.owner, password=PASSWORD, address=HOME)
    assert isinstance(refused, SignInRefused) and refused.needs_reset, "time alone resets nothing"
    enter(db, desk.owner, device=device)
    enter(db, desk.owner, address=HOME)


def test_a_passkey_and_a_lifted_lock_reset_the_failures_in_a_row(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guess, "FREE_IN_A_ROW", 4)
    desk = make_desk(db)

    def needs_reset() -> bool:
        refused = attempt(db, desk.owner, address=HOME)
        assert isinstance(refused, SignInRefused)
        return refused.needs_reset

    fail_in_a_row(db, desk.owner, 4)
    assert needs_reset()
    assert try_key(db, desk.owner, right=True) == 1
    assert not needs_reset()
    fail_in_a_row(db, desk.owner, 4)
    assert needs_reset()
    db.write(0, lambda tx: limiter.note_right(tx, Guess("passkey", desk.owner, HOME)))
    assert not needs_reset()
    fail_in_a_row(db, desk.owner, 6)
    assert needs_reset()
    assert db.write(0, lambda tx: limiter.unlock_account(tx, name_key=desk.owner)) > 2
    enter(db, desk.owner, address=HOME)
