"""An account or a session was taken over: what its owner does about it can't be got round."""

import pytest

from tests.access.people import HOME, PASSWORD, enter, enter_as, make_desk, make_operator
from tests.access.stations import Machine
from tests.access.test_lock_all import done, lock, make_key, undo
from tests.access.test_operator_invite import id_of, invite, join
from tests.access.test_recovery import make_code, redeem
from tests.house import House
from tocsin.access.api_key import find_api_key
from tocsin.access.limiter import SignInRefused
from tocsin.access.lock_all import lock_own_account
from tocsin.access.login import PasswordChanged, change_password
from tocsin.access.operator import LastOwner, suspend_operator
from tocsin.access.operator_role import change_role
from tocsin.access.session import find_session
from tocsin.access.station import create_station_code
from tocsin.core.actor import Actor
from tocsin.core.db import Database
from tocsin.core.tenant import get_shop


def test_a_stolen_session_is_not_revived_after_its_owner_changed_his_password(db: Database) -> None:
    desk = make_desk(db)
    make_operator(db, desk, "clerk", name="wang")
    stolen, owner = enter(db, "wang"), enter(db, desk.owner).actor
    lock(db, owner)
    back = enter(db, "wang").actor
    changed = change_password(db, back, present=PASSWORD, new="nine tall lamps under snow", address=HOME)
    assert isinstance(changed, PasswordChanged)
    undo(db, owner, next(one for one in done(db, owner) if one.kind == "session"))
    assert find_session(db, stolen.token) is None


def test_lock_everything_voids_what_would_let_somebody_in_later(db: Database) -> None:
    desk = make_desk(db)
    clerk = make_operator(db, desk, "clerk", name="wang")
    owner = enter(db, desk.owner).actor
    link, code = invite(db, owner, "thief", "owner"), make_code(db, owner, clerk)
    for_station = db.write(desk.merchant_id, lambda tx: create_station_code(tx, owner)).code
    lock(db, owner)
    assert join(db, link) == SignInRefused("wrong")
    assert redeem(db, "wang", code) == SignInRefused("wrong")
    machine = Machine(House(db, desk.merchant_id, db.read(desk.merchant_id, get_shop)))
    assert machine.enrol(for_station) == SignInRefused("wrong")


def test_a_code_ends_with_the_place_of_who_made_it_and_of_whom_it_is_for(db: Database) -> None:
    desk = make_desk(db)
    clerk = make_operator(db, desk, "clerk", name="wang")
    manager, owner = enter_as(db, desk, "manager"), enter(db, desk.owner).actor
    code = make_code(db, manager, clerk)
    db.write(desk.merchant_id, lambda tx: change_role(tx, owner, operator_id=clerk, role="owner"))
    assert isinstance(redeem(db, "wang", code), SignInRefused), "it was made for a clerk"
    db.write(desk.merchant_id, lambda tx: change_role(tx, owner, operator_id=clerk, role="clerk"))
    code = make_code(db, manager, clerk)
    db.write(desk.merchant_id, lambda tx: suspend_operator(tx, owner, operator_id=manager.id))
    assert isinstance(redeem(db, "wang", code), SignInRefused), "who made it is gone"


def test_an_owner_who_never_came_is_no_other_owner(db: Database) -> None:
    desk = make_desk(db)
    owner = enter(db, desk.owner).actor
    link = invite(db, owner, "ghost", "owner")
    kept = db.write(desk.merchant_id, lambda tx: lock_own_account(tx, owner))
    assert not kept.suspended, "nobody else could switch him on"
    again = enter(db, desk.owner).actor
    with pytest.raises(LastOwner):
        db.write(desk.merchant_id, lambda tx: suspend_operator(tx, again, operator_id=again.id))
    assert not isinstance(join(db, link), SignInRefused)
    ghost = id_of(db, again, "ghost")
    db.write(desk.merchant_id, lambda tx: suspend_operator(tx, again, operator_id=ghost))


def test_a_second_lock_keeps_what_the_first_one_did_on_the_list(db: Database) -> None:
    desk = make_desk(db)
    owner = enter(db, desk.owner).actor
    key = make_key(db, owner)
    lock(db, owner)
    enter(db, desk.owner)
    lock(db, owner)
    undo(db, owner, next(one for one in done(db, owner) if one.kind == "api_key"))
    assert isinstance(find_api_key(db, key, address=HOME), Actor)
