"""Lock everything: one act, one list, and each thing of it taken back by itself."""

import pytest

from tests.access.people import (
    HOME,
    PASSWORD,
    attempt,
    enter,
    enter_as,
    make_desk,
    make_operator,
    signals_of,
)
from tests.access.seats import notices_of
from tocsin.access.api_key import create_api_key, find_api_key, revoke_api_key
from tocsin.access.limiter import SignInRefused
from tocsin.access.lock_all import (
    AccountLocked,
    list_locked,
    lock_everything,
    lock_own_account,
    undo_lock,
)
from tocsin.access.login import SignedIn
from tocsin.access.operator import restore_operator, suspend_operator
from tocsin.access.session import find_session
from tocsin.access.step_up import ProofNeeded
from tocsin.access.undo import Done, UndoMissing
from tocsin.alarm.posture import PostureWrong, read_posture
from tocsin.core import clock
from tocsin.core.actor import Actor, NotAllowed
from tocsin.core.db import Database

WRONG = SignInRefused("wrong")


def lock(db: Database, actor: Actor, reason: str = "somebody is in") -> int:
    return db.write(actor.merchant_id, lambda tx: lock_everything(tx, actor, reason=reason))


def done(db: Database, actor: Actor) -> list[Done]:
    return db.read(actor.merchant_id, lambda tx: list_locked(tx, actor))


def undo(db: Database, actor: Actor, item: Done) -> None:
    db.write(actor.merchant_id, lambda tx: undo_lock(tx, actor, item_id=item.id, reason="false alarm"))


def make_key(db: Database, owner: Actor, name: str = "wms") -> str:
    return db.write(
        owner.merchant_id, lambda tx: create_api_key(tx, owner, name=name, scopes=frozenset({"query"}))
    )


def test_everything_is_locked_at_once_and_taken_back_one_by_one(db: Database) -> None:
    desk, other = make_desk(db), make_desk(db, "别家")
    foreign = enter(db, other.owner)
    make_operator(db, desk, "clerk", name="wang")
    clerk, second, here = enter(db, "wang"), enter(db, desk.owner), enter(db, desk.owner)
    owner = here.actor
    key, dead = make_key(db, owner), make_key(db, owner, "old")
    gone = find_api_key(db, dead, address=HOME)
    assert isinstance(gone, Actor)
    db.write(desk.merchant_id, lambda tx: revoke_api_key(tx, owner, key_id=gone.id))
    assert lock(db, owner) == 4
    assert read_state(db, owner) == "lockdown"
    assert (
        find_session(db, here.token)
        and not find_session(db, clerk.token)
        and not find_session(db, second.token)
    )
    assert find_session(db, foreign.token), "another merchant's"
    assert find_api_key(db, key, address=HOME) == WRONG
    told = signals_of(db, desk.merchant_id)[-1]
    assert (told.kind, told.method, told.subject[:8]) == ("revoked_used", "api_key", "api_key:")
    items = done(db, owner)
    assert [one.kind for one in items] == ["posture", "session", "session", "api_key"]
    for item in items:
        assert item.undone_at_us is None
        undo(db, owner, item)
        with pytest.raises(UndoMissing):
            undo(db, owner, item)
    assert read_state(db, owner) == "calm"
    assert find_session(db, clerk.token) and find_session(db, second.token)
    assert isinstance(find_api_key(db, key, address=HOME), Actor)
    assert find_api_key(db, dead, address=HOME) == WRONG, "what was revoked before stays so"
    assert all(one.undone_at_us for one in done(db, owner))


def read_state(db: Database, actor: Actor) -> str:
    return db.read(actor.merchant_id, read_posture).state


def test_locked_again_it_does_what_is_left_and_the_list_keeps_what_still_stands(db: Database) -> None:
    desk = make_desk(db)
    make_operator(db, desk, "clerk", name="wang")
    first, owner = enter(db, "wang"), enter(db, desk.owner).actor
    assert lock(db, owner) == 2
    second = enter(db, "wang")
    assert lock(db, owner) == 1
    (item,) = [one for one in done(db, owner) if one.kind == "session"][1:]
    undo(db, owner, item)
    assert find_session(db, second.token) and find_session(db, first.token) is None
    assert [one.kind for one in done(db, owner)] == ["posture", "session", "session"]


def test_a_session_that_was_ended_for_another_reason_is_not_brought_back(db: Database) -> None:
    desk = make_desk(db)
    clerk = make_operator(db, desk, "clerk", name="wang")
    entered, owner = enter(db, "wang"), enter(db, desk.owner).actor
    lock(db, owner)
    db.write(desk.merchant_id, lambda tx: suspend_operator(tx, owner, operator_id=clerk))
    undo(db, owner, next(one for one in done(db, owner) if one.kind == "session"))
    assert find_session(db, entered.token) is None, "its operator is switched off"


@pytest.mark.parametrize("role", ["manager", "clerk", "checker", "auditor"])
def test_it_is_the_owners_alone(db: Database, role: str) -> None:
    desk = make_desk(db)
    actor, owner = enter_as(db, desk, role), enter(db, desk.owner).actor
    with pytest.raises(NotAllowed):
        lock(db, actor)
    lock(db, owner)
    for verb in (
        lambda: done(db, actor),
        lambda: undo(db, actor, done(db, owner)[0]),
    ):
        with pytest.raises(NotAllowed):
            verb()


def test_it_needs_a_fresh_proof_and_a_reason(db: Database) -> None:
    desk = make_desk(db)
    entered, owner = enter(db, desk.owner), enter(db, desk.owner).actor
    with pytest.raises(PostureWrong):
        lock(db, owner, " ")
    assert find_session(db, entered.token), "nothing of it was done"
    clock.shift_clock(11 * clock.MINUTE_US)
    for verb in (
        lambda: lock(db, owner),
        lambda: db.write(desk.merchant_id, lambda tx: lock_own_account(tx, owner)),
    ):
        with pytest.raises(ProofNeeded):
            verb()


def test_in_lockdown_sessions_are_short_and_the_owners_that_locked_goes_on(db: Database) -> None:
    desk = make_desk(db)
    here = enter(db, desk.owner)
    lock(db, here.actor)
    clock.shift_clock(29 * clock.MINUTE_US)
    assert find_session(db, here.token)
    clock.shift_clock(60 * clock.MINUTE_US)
    assert find_session(db, here.token) is None, "unused for half an hour"


def test_ones_own_account_is_locked_until_a_superior_switches_it_on(db: Database) -> None:
    desk = make_desk(db)
    clerk = make_operator(db, desk, "clerk", name="wang")
    here, there = enter(db, "wang"), enter(db, "wang")
    locked = db.write(desk.merchant_id, lambda tx: lock_own_account(tx, here.actor))
    assert locked == AccountLocked(sessions=2, suspended=True)
    assert not find_session(db, here.token) and not find_session(db, there.token)
    assert attempt(db, "wang", password=PASSWORD, address=HOME) == WRONG
    manager = enter_as(db, desk, "manager")
    db.write(desk.merchant_id, lambda tx: restore_operator(tx, manager, operator_id=clerk))
    assert notices_of(db, enter(db, "wang").actor) == ["locked", "restored"]


def test_the_last_owner_stays_able_to_sign_in(db: Database) -> None:
    desk = make_desk(db)
    here = enter(db, desk.owner)
    locked = db.write(desk.merchant_id, lambda tx: lock_own_account(tx, here.actor))
    assert (locked.suspended, find_session(db, here.token)) == (False, None)
    make_operator(db, desk, "owner", name="second")
    second = enter(db, "second")
    assert db.write(desk.merchant_id, lambda tx: lock_own_account(tx, second.actor)).suspended
    assert isinstance(attempt(db, desk.owner, password=PASSWORD, address=HOME), SignedIn)
