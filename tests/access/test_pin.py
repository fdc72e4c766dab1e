"""PINs: five tries, one desk, one operator; and none that everybody tries first."""

from collections.abc import Iterator

import pytest

from tests.access.people import HOME, enter, make_desk, signals_of
from tests.access.seats import PIN, Seat, clerk_at, make_seat, notices_of, sit_down
from tests.access.test_limiter import all_at_once
from tocsin.access.limiter import SignInRefused
from tocsin.access.lock import NotAtDesk, Unlocked, lock_session
from tocsin.access.pin import (
    PinTrivial,
    PinWrong,
    drop_pin,
    pin_failures,
    require_sound_pin,
    set_pin,
    unlock_with_pin,
)
from tocsin.access.session import find_session
from tocsin.access.step_up import ProofNeeded
from tocsin.core import clock
from tocsin.core.db import Database

WRONG = SignInRefused("wrong")


@pytest.fixture(autouse=True)
def true_clock() -> Iterator[None]:
    yield
    clock.pass_time(0)


def unlock(db: Database, seat: Seat, operator_id: int, *, pin: str = PIN) -> Unlocked | SignInRefused:
    """Try to go on at a desk."""
    return unlock_with_pin(
        db, operator_id=operator_id, desk=seat.desk, desk_token=seat.token, given=pin, address=HOME
    )


@pytest.mark.parametrize(
    "given", ["123456", "654321", "111111", "121212", "123123", "112233", "112211", "000001", "456789", "901234", "123321"]
)  # fmt: skip
def test_what_everybody_tries_first_is_refused(given: str) -> None:
    with pytest.raises(PinTrivial):
        require_sound_pin(given)


@pytest.mark.parametrize("given", ["", "12345", "1234567", "29041a", "２９０４１７", "29 417"])
def test_six_digits_and_nothing_else(given: str) -> None:
    with pytest.raises(PinWrong):
        require_sound_pin(given)


def test_of_all_pins_few_are_refused() -> None:
    def sound(given: str) -> bool:
        try:
            require_sound_pin(given)
        except PinTrivial:
            return False
        return True

    every = range(0, 1_000_000, 97)
    assert sum(sound(f"{n:06}") for n in every) / len(every) > 0.9


def test_it_is_set_by_the_operator_himself_at_the_desk_after_a_fresh_proof(db: Database) -> None:
    desk = make_desk(db)
    seat = make_seat(db, desk)
    clerk = clerk_at(db, desk, seat, pin="")
    elsewhere = enter(db, "wang")
    with pytest.raises(NotAtDesk):
        set_pin(db, elsewhere.actor, given=PIN)
    with pytest.raises(PinTrivial):
        set_pin(db, clerk.actor, given="123456")
    set_pin(db, clerk.actor, given=PIN)
    assert find_session(db, elsewhere.token) is None, "a credential changed: the others end"
    assert find_session(db, clerk.token, desk=seat.token)
    assert notices_of(db, clerk.actor) == ["pin"]
    clock.shift_clock(11 * clock.MINUTE_US)
    with pytest.raises(ProofNeeded):
        set_pin(db, clerk.actor, given="730529")


def test_five_wrong_ones_spend_it_and_a_full_sign_in_there_renews_it(db: Database) -> None:
    desk = make_desk(db)
    seat = make_seat(db, desk)
    clerk = clerk_at(db, desk, seat)
    who = clerk.actor.id
    db.write(desk.merchant_id, lambda tx: lock_session(tx, clerk.actor, token=clerk.token))
    assert [unlock(db, seat, who, pin=f"73052{n}") for n in range(5)] == [WRONG] * 5
    for wait in (0, 2 * clock.MINUTE_US, 60 * clock.MINUTE_US):
        clock.shift_clock(wait)
        assert isinstance(unlock(db, seat, who), SignInRefused), (
            f"the right one opens nothing after {wait} µs"
        )
    clock.shift_clock(0)
    assert db.read(desk.merchant_id, lambda tx: pin_failures(tx, operator_id=who, desk_id=seat.desk.id)) == 5
    told = [s for s in signals_of(db, desk.merchant_id) if s.method == "pin" and s.operator_id == who]
    assert len(told) == 8 and {s.kind for s in told} == {"credential_wrong"}
    assert {s.device for s in told} == {str(seat.desk.id)}, "an incident of that desk, no attack from outside"
    again = sit_down(db, "wang", seat)
    locked = db.write(desk.merchant_id, lambda tx: lock_session(tx, again.actor, token=again.token))
    done = unlock(db, seat, who)
    assert isinstance(done, Unlocked) and find_session(db, done.token, desk=seat.token)
    right = [s.kind for s in signals_of(db, desk.merchant_id) if s.method == "pin"][-1]
    assert right == "credential_right", "what was mistyped just before closes"
    assert find_session(db, locked, desk=seat.token) is None


def test_of_parallel_guesses_at_most_five_are_looked_at(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tocsin.access import pin

    desk = make_desk(db)
    seat = make_seat(db, desk)
    clerk = clerk_at(db, desk, seat)
    db.write(desk.merchant_id, lambda tx: lock_session(tx, clerk.actor, token=clerk.token))
    looked, real = [], pin.verify_password

    def look(given: str, hashed: str) -> bool:
        looked.append(hashed != pin.DECOY_HASH)
        return real(given, hashed)

    monkeypatch.setattr(pin, "verify_password", look)
    answers = all_at_once([
        lambda n=n: unlock(db, seat, clerk.actor.id, pin=f"{730000 + n}") for n in range(20)
    ])  # fmt: skip
    assert all(isinstance(one, SignInRefused) for one in answers)
    assert 1 <= sum(looked) <= 5


def test_it_is_of_one_desk_and_of_one_operator(db: Database) -> None:
    desk, other = make_desk(db), make_desk(db, "别家")
    seat, second = make_seat(db, desk), make_seat(db, desk, name="Till 3")
    wang = clerk_at(db, desk, seat)
    li = clerk_at(db, desk, seat, name="li", pin="730529")
    sit_down(db, "wang", second)
    for where, who, pin in (
        (second, wang.actor.id, PIN), (seat, li.actor.id, PIN), (seat, 7, PIN),
    ):  # fmt: skip
        assert unlock(db, where, who, pin=pin) == WRONG, (
            "a PIN of another desk, of another operator, of nobody"
        )
    foreign = make_seat(db, other)
    assert unlock(db, foreign, wang.actor.id) == WRONG
    assert isinstance(unlock(db, seat, wang.actor.id), Unlocked)
    db.write(desk.merchant_id, lambda tx: drop_pin(tx, wang.actor))
    assert unlock(db, seat, wang.actor.id) == WRONG
    assert notices_of(db, wang.actor) == ["pin", "pin_removed"]


def test_a_pin_locks_no_password_and_a_password_no_pin(db: Database) -> None:
    desk = make_desk(db)
    seat = make_seat(db, desk)
    clerk = clerk_at(db, desk, seat)
    for n in range(6):
        unlock(db, seat, clerk.actor.id, pin=f"73052{n}")
    assert enter(db, "wang", device=clerk.device_token)
