"""Invitations: one link, one credential of his own, once; and none for who has one already."""

from collections.abc import Iterator

import pytest

from tests.access.people import HOME, PASSWORD, attempt, enter, enter_as, make_desk, make_operator
from tests.access.test_limiter import all_at_once
from tests.access.test_operator import MAY_CREATE, ROLES_OF_PEOPLE
from tocsin.access.limiter import SignInRefused
from tocsin.access.link import LIFE_US
from tocsin.access.login import SignedIn
from tocsin.access.operator import NameTaken, list_operators, suspend_operator
from tocsin.access.operator_bounds import set_bounds
from tocsin.access.operator_invite import (
    Joined,
    JoinedAlready,
    invite_again,
    invite_operator,
    join_with_passkey,
    join_with_password,
    whose_invitation,
)
from tocsin.access.operator_role import change_role
from tocsin.access.owner_link import create_owner_link, link_is_open
from tocsin.access.password import PasswordShort
from tocsin.access.session import find_session
from tocsin.access.step_up import is_proved
from tocsin.core import clock
from tocsin.core.actor import Actor, NotAllowed
from tocsin.core.db import Database

WRONG = SignInRefused("wrong")


@pytest.fixture(autouse=True)
def true_clock() -> Iterator[None]:
    yield
    clock.pass_time(0)


def invite(db: Database, actor: Actor, name: str = "li", role: str = "clerk") -> str:
    return db.write(
        actor.merchant_id, lambda tx: invite_operator(tx, actor, name=name, display_name="李四", role=role)
    )


def id_of(db: Database, actor: Actor, name: str) -> int:
    found = db.read(actor.merchant_id, lambda tx: list_operators(tx, actor))
    return next(one.id for one in found if one.name == name)


def whose(db: Database, token: str) -> tuple[str, str]:
    return whose_invitation(db, token, address=HOME)


def join(db: Database, token: str, given: str = PASSWORD) -> Joined | SignInRefused:
    return join_with_password(db, token, given=given, address=HOME)


def test_each_role_invites_whom_the_specification_says(db: Database) -> None:
    desk = make_desk(db)
    for maker in ROLES_OF_PEOPLE:
        actor = enter_as(db, desk, maker)
        for role in ROLES_OF_PEOPLE:
            if role in MAY_CREATE[maker]:
                assert whose(db, invite(db, actor, f"{maker} {role}", role)) == (f"{maker} {role}", role)
            else:
                with pytest.raises(NotAllowed):
                    invite(db, actor, f"{maker} {role}", role)


def test_who_is_invited_sets_a_password_that_nobody_else_knows(db: Database) -> None:
    desk = make_desk(db)
    owner = enter(db, desk.owner).actor
    token = invite(db, owner)
    assert attempt(db, "li", password="", address=HOME) == WRONG
    with pytest.raises(NameTaken):
        invite(db, owner)
    with pytest.raises(PasswordShort):
        join(db, token, "short")
    done = join(db, token)
    assert isinstance(done, Joined) and (done.name, done.strength) == ("li", "full")
    assert enter(db, "li").actor.name == "李四"
    assert join(db, token) == WRONG and whose(db, token) == ("", "")


def test_or_signs_in_by_it_once_to_make_a_passkey(db: Database) -> None:
    desk = make_desk(db)
    token = invite(db, enter(db, desk.owner).actor)
    done = join_with_passkey(db, token, address=HOME)
    assert isinstance(done, SignedIn) and find_session(db, done.token) and is_proved(done.actor)
    assert join_with_passkey(db, token, address=HOME) == WRONG and join(db, token) == WRONG


def test_out_of_his_place_the_link_stays_open(db: Database) -> None:
    desk = make_desk(db)
    owner = enter(db, desk.owner).actor
    token = invite(db, owner)
    db.write(desk.merchant_id, lambda tx: set_bounds(
        tx, owner, operator_id=id_of(db, owner, "li"), shops=[], hours={}, networks="203.0.113.0/24", desks_only=False
    ))  # fmt: skip
    assert join_with_passkey(db, token, address=HOME) == WRONG
    assert isinstance(join_with_passkey(db, token, address="203.0.113.5"), SignedIn)


def test_of_ten_at_once_one_joins(db: Database) -> None:
    desk = make_desk(db)
    token = invite(db, enter(db, desk.owner).actor)
    done = all_at_once(
        [lambda: join(db, token)] * 5 + [lambda: join_with_passkey(db, token, address=HOME)] * 5
    )
    assert sum(not isinstance(one, SignInRefused) for one in done) == 1


def test_a_link_ends_after_a_day_is_voided_by_the_next_and_no_owners_link(db: Database) -> None:
    desk = make_desk(db)
    owner = enter(db, desk.owner).actor
    first = invite(db, owner)
    who = id_of(db, owner, "li")
    second = db.write(desk.merchant_id, lambda tx: invite_again(tx, owner, operator_id=who))
    assert join(db, first) == WRONG and not link_is_open(db, second, address=HOME)
    owners = db.write(desk.merchant_id, lambda tx: create_owner_link(tx, desk.merchant_id))
    assert join(db, owners) == WRONG and link_is_open(db, owners, address=HOME)
    clock.pass_time(LIFE_US + clock.SECOND_US)
    assert join(db, second) == WRONG


@pytest.mark.parametrize("gone", ["invited", "maker"])
def test_links_for_and_by_who_was_switched_off_or_changed_are_void(db: Database, gone: str) -> None:
    desk = make_desk(db)
    owner, manager = enter(db, desk.owner).actor, enter_as(db, desk, "manager")
    token = invite(db, manager)
    who = manager.id if gone == "maker" else id_of(db, owner, "li")
    db.write(desk.merchant_id, lambda tx: suspend_operator(tx, owner, operator_id=who))
    assert join(db, token) == WRONG
    other = invite(db, owner, "zhao")
    db.write(
        desk.merchant_id,
        lambda tx: change_role(tx, owner, operator_id=id_of(db, owner, "zhao"), role="manager"),
    )
    assert join(db, other) == WRONG, "what was made for a clerk opens no manager"


def test_who_has_a_credential_is_not_invited_again(db: Database) -> None:
    desk = make_desk(db)
    owner, clerk = enter(db, desk.owner).actor, make_operator(db, desk, "clerk")
    with pytest.raises(JoinedAlready):
        db.write(desk.merchant_id, lambda tx: invite_again(tx, owner, operator_id=clerk))
