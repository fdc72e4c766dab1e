"""Enrolled desks: who enrols, what one is worth, and that a revoked one is worth nothing."""

import pytest

from tests.access.people import (
    ELSEWHERE,
    HOME,
    PASSWORD,
    attempt,
    enter,
    enter_as,
    make_desk,
    make_operator,
    signals_of,
)
from tests.access.seats import clerk_at, make_seat, sit_down
from tocsin.access.desk import DeskMissing, DeskNameWrong, enrol_desk, find_desk, list_desks, revoke_desk
from tocsin.access.limiter import SignInRefused
from tocsin.access.login import SignedIn, change_password
from tocsin.access.operator import set_password
from tocsin.access.operator_role import PasswordTooShort, change_role
from tocsin.access.password import PasswordCommon, PasswordShort, hash_password
from tocsin.access.pin import pin_failures
from tocsin.access.session import find_session
from tocsin.access.step_up import ProofNeeded
from tocsin.core import clock
from tocsin.core.actor import NotAllowed
from tocsin.core.db import Database
from tocsin.core.tenant import ShopMissing

SHORT = "mk7-pear"
NOT_ENROLLED = "x" * 43


@pytest.mark.parametrize(
    ("role", "may"),
    [("owner", True), ("manager", True), ("clerk", False), ("checker", False), ("auditor", False)],
)
def test_who_may_enrol_list_and_revoke(db: Database, role: str, may: bool) -> None:
    desk = make_desk(db)
    actor, seat = enter_as(db, desk, role), make_seat(db, desk)
    for verb in (
        lambda tx: enrol_desk(tx, actor, name="Till 3", place="", shop_id=0),
        lambda tx: list_desks(tx, actor),
        lambda tx: revoke_desk(tx, actor, desk_id=seat.desk.id),
    ):
        if may:
            db.write(desk.merchant_id, verb)
        else:
            with pytest.raises(NotAllowed):
                db.write(desk.merchant_id, verb)


def test_enrolling_needs_a_fresh_proof_a_name_and_a_shop_that_is(db: Database) -> None:
    desk = make_desk(db)
    owner = enter(db, desk.owner).actor

    def enrol(name: str = "Till", shop_id: int = 0) -> object:
        return db.write(
            desk.merchant_id, lambda tx: enrol_desk(tx, owner, name=name, place="", shop_id=shop_id)
        )

    for name in ("", "  ", "x" * 41):
        with pytest.raises(DeskNameWrong):
            enrol(name)
    with pytest.raises(ShopMissing):
        enrol(shop_id=9)
    clock.shift_clock(11 * clock.MINUTE_US)
    with pytest.raises(ProofNeeded):
        enrol()


def test_the_session_that_enrols_is_at_the_desk_from_then_on(db: Database) -> None:
    desk = make_desk(db)
    entered = enter(db, desk.owner)
    made = db.write(
        desk.merchant_id, lambda tx: enrol_desk(tx, entered.actor, name="Till", place="", shop_id=0)
    )
    assert find_session(db, entered.token) is None, "without the desk's cookie it is nobody's"
    here = find_session(db, entered.token, desk=made.token)
    assert here and here.desk_id == made.id


def test_a_short_password_opens_at_an_enrolled_desk_and_is_a_wrong_one_elsewhere(db: Database) -> None:
    desk, other = make_desk(db), make_desk(db, "别家")
    seat, foreign = make_seat(db, desk), make_seat(db, other)
    clerk = make_operator(db, desk, "clerk", name="wang")
    hashed = hash_password(SHORT)
    db.write(
        desk.merchant_id,
        lambda tx: set_password(tx, operator_id=clerk, password_hash=hashed, strength="desk"),
    )
    at_desk = attempt(db, "wang", password=SHORT, address=HOME, desk=seat.token)
    assert isinstance(at_desk, SignedIn) and at_desk.actor.desk_id == seat.desk.id
    wrong = attempt(db, "wang", password="mk7-plum")
    for cookie in ("", NOT_ENROLLED, foreign.token):
        assert attempt(db, "wang", password=SHORT, address=ELSEWHERE, desk=cookie) == wrong
    told = [s for s in signals_of(db, desk.merchant_id) if s.operator_id == clerk and s.address == ELSEWHERE]
    assert [(s.kind, s.outcome, s.method) for s in told] == [("credential_wrong", "wrong", "password")] * 4
    owner = enter(db, desk.owner).actor
    db.write(desk.merchant_id, lambda tx: revoke_desk(tx, owner, desk_id=seat.desk.id))
    assert attempt(db, "wang", password=SHORT, address=HOME, desk=seat.token) == SignInRefused("wrong")


def test_who_leads_needs_a_full_password(db: Database) -> None:
    desk = make_desk(db)
    owner, seat = enter(db, desk.owner).actor, make_seat(db, desk)
    clerk = clerk_at(db, desk, seat)
    change = {"present": PASSWORD, "address": HOME, "device": clerk.device_token}
    with pytest.raises(PasswordShort):
        change_password(db, owner, present=PASSWORD, new=SHORT, address=HOME)
    with pytest.raises(PasswordShort):
        change_password(db, clerk.actor, new="mk7-p", **change)
    with pytest.raises(PasswordCommon):
        change_password(db, clerk.actor, new="password12", **change)
    change_password(db, clerk.actor, new=SHORT, **change)
    assert attempt(db, "wang", password=SHORT) == SignInRefused("wrong")
    sit_down(db, "wang", seat, password=SHORT)
    for role in ("manager", "owner"):
        with pytest.raises(PasswordTooShort):
            db.write(
                desk.merchant_id,
                lambda tx, role=role: change_role(tx, owner, operator_id=clerk.actor.id, role=role),
            )
    db.write(desk.merchant_id, lambda tx: change_role(tx, owner, operator_id=clerk.actor.id, role="checker"))


def test_a_revoked_desk_is_nobodys_and_its_sessions_and_pins_are_gone(db: Database) -> None:
    desk = make_desk(db)
    seat = make_seat(db, desk)
    clerk, owner = clerk_at(db, desk, seat), enter(db, desk.owner).actor
    elsewhere = enter(db, "wang")
    assert find_session(db, clerk.token, desk=seat.token)
    ended = db.write(desk.merchant_id, lambda tx: revoke_desk(tx, owner, desk_id=seat.desk.id))
    assert ended >= 1
    assert find_session(db, clerk.token, desk=seat.token) is None and find_session(db, elsewhere.token)
    assert db.read(0, lambda tx: find_desk(tx, token=seat.token)) is None
    gone = db.read(
        desk.merchant_id, lambda tx: pin_failures(tx, operator_id=clerk.actor.id, desk_id=seat.desk.id)
    )
    assert gone == -1
    with pytest.raises(DeskMissing):
        db.write(desk.merchant_id, lambda tx: revoke_desk(tx, owner, desk_id=seat.desk.id))


def test_a_desk_of_another_merchant_is_missing(db: Database) -> None:
    desk, other = make_desk(db), make_desk(db, "别家")
    foreign, owner = make_seat(db, other), enter(db, desk.owner).actor
    with pytest.raises(DeskMissing):
        db.write(desk.merchant_id, lambda tx: revoke_desk(tx, owner, desk_id=foreign.desk.id))
    assert [one.id for one in db.read(desk.merchant_id, lambda tx: list_desks(tx, owner))] == []
