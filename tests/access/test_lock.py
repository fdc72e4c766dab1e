"""Lock, unlock and change of operators at one desk: what is locked opens nothing, and each goes on with his own."""

import pytest

from tests.access.people import HOME, enter, make_desk
from tests.access.seats import PIN, clerk_at, make_seat, sit_down
from tests.access.test_pin import unlock
from tocsin.access.limiter import SignInRefused
from tocsin.access.lock import NotAtDesk, Unlocked, list_unlockers, lock_session
from tocsin.access.operator import suspend_operator
from tocsin.access.session import find_session, look_session
from tocsin.access.session_rule import SessionRules, change_session_rules
from tocsin.core import clock
from tocsin.core.db import Database


def names(db: Database, merchant_id: int, desk_id: int) -> list[str]:
    return [one.name for one in db.read(merchant_id, lambda tx: list_unlockers(tx, desk_id=desk_id))]


def test_a_locked_session_opens_nothing_and_goes_on_with_another_token(db: Database) -> None:
    desk = make_desk(db)
    seat = make_seat(db, desk)
    clerk = clerk_at(db, desk, seat)
    locked = db.write(desk.merchant_id, lambda tx: lock_session(tx, clerk.actor, token=clerk.token))
    assert look_session(db, clerk.token, desk=seat.token).actor is None, (
        "the token of before is worth nothing"
    )
    seen = look_session(db, locked, address=HOME, desk=seat.token)
    assert (seen.bar, seen.open()) == ("locked", None)
    done = unlock(db, seat, clerk.actor.id)
    assert isinstance(done, Unlocked) and done.actor.session_id == clerk.actor.session_id
    assert find_session(db, done.token, desk=seat.token)
    assert find_session(db, locked, desk=seat.token) is None and find_session(db, done.token) is None


def test_away_from_an_enrolled_desk_nothing_can_be_locked(db: Database) -> None:
    desk = make_desk(db)
    entered = enter(db, desk.owner)
    with pytest.raises(NotAtDesk):
        db.write(desk.merchant_id, lambda tx: lock_session(tx, entered.actor, token=entered.token))
    assert find_session(db, entered.token)


def test_two_change_at_one_desk_and_each_goes_on_with_his_own(db: Database) -> None:
    desk = make_desk(db)
    seat = make_seat(db, desk)
    wang = clerk_at(db, desk, seat)
    li = clerk_at(db, desk, seat, name="li", pin="730529")
    assert names(db, desk.merchant_id, seat.desk.id)[:2] == ["li", "wang"]
    back = sit_down(db, "wang", seat, left=li.token)
    assert back.actor.id == wang.actor.id
    assert find_session(db, li.token, desk=seat.token) is None, "what was open in the browser is locked"
    assert find_session(db, wang.token, desk=seat.token) is None, "his own older one there has ended"
    done = unlock(db, seat, li.actor.id, pin="730529")
    assert isinstance(done, Unlocked) and done.actor.session_id == li.actor.session_id
    assert isinstance(unlock(db, seat, li.actor.id, pin=PIN), SignInRefused)


def test_a_desk_that_nobody_touches_locks_by_itself(db: Database) -> None:
    desk = make_desk(db)
    seat = make_seat(db, desk)
    owner = enter(db, desk.owner).actor
    rules = SessionRules(lock_minutes=5)
    db.write(desk.merchant_id, lambda tx: change_session_rules(tx, owner, rules, revision=0))
    clerk = clerk_at(db, desk, seat)
    elsewhere = enter(db, desk.owner)
    clock.shift_clock(4 * clock.MINUTE_US)
    assert look_session(db, clerk.token, desk=seat.token, quiet=True).bar == "", "a page that asks by itself"
    clock.shift_clock(6 * clock.MINUTE_US + clock.SECOND_US)
    assert look_session(db, clerk.token, desk=seat.token).bar == "locked"
    assert find_session(db, elsewhere.token), "only at enrolled desks"
    done = unlock(db, seat, clerk.actor.id)
    assert isinstance(done, Unlocked) and find_session(db, done.token, desk=seat.token)


def test_who_was_suspended_or_is_past_his_time_goes_on_nowhere(db: Database) -> None:
    desk = make_desk(db)
    seat = make_seat(db, desk)
    owner, clerk = enter(db, desk.owner).actor, clerk_at(db, desk, seat)
    assert "wang" in names(db, desk.merchant_id, seat.desk.id)
    clock.shift_clock(13 * 60 * clock.MINUTE_US)
    assert "wang" not in names(db, desk.merchant_id, seat.desk.id)
    assert isinstance(unlock(db, seat, clerk.actor.id), SignInRefused)
    clock.shift_clock(0)
    db.write(desk.merchant_id, lambda tx: suspend_operator(tx, owner, operator_id=clerk.actor.id))
    assert "wang" not in names(db, desk.merchant_id, seat.desk.id)
    assert isinstance(unlock(db, seat, clerk.actor.id), SignInRefused)
