"""Operators: who makes, suspends and changes whom."""

import pytest

from tests.access.people import Desk, attempt, enter, enter_as, make_desk, make_operator, right_hash
from tests.access.test_limiter import all_at_once
from tocsin.access.operator import (
    LastOwner,
    NameTaken,
    NameWrong,
    OperatorMissing,
    RoleUnknown,
    change_locale,
    create_operator,
    list_operators,
    restore_operator,
    suspend_operator,
)
from tocsin.access.operator_role import change_role
from tocsin.access.session import find_session
from tocsin.core.actor import Actor, NotAllowed
from tocsin.core.db import Database

ROLES_OF_PEOPLE = ("owner", "manager", "clerk", "checker", "auditor")
MAY_CREATE = {
    "owner": set(ROLES_OF_PEOPLE),
    "manager": {"clerk", "checker"},
    "clerk": set(),
    "checker": set(),
    "auditor": set(),
}


def create(db: Database, actor: Actor, role: str, name: str) -> int:
    return db.write(
        actor.merchant_id,
        lambda tx: create_operator(
            tx, actor, name=name, display_name=name, role=role, password_hash=right_hash()
        ),
    )


def owner_of(db: Database, desk: Desk) -> Actor:
    return enter(db, desk.owner).actor


def test_each_role_creates_suspends_and_changes_whom_the_specification_says(db: Database) -> None:
    desk = make_desk(db)
    actors = {role: enter_as(db, desk, role) for role in ROLES_OF_PEOPLE}
    for maker, actor in actors.items():
        for role in ROLES_OF_PEOPLE:
            target = make_operator(db, desk, role, name=f"target {maker} {role}")
            acts = {
                "create": lambda role=role, actor=actor, maker=maker: create(
                    db, actor, role, f"{maker} {role}"
                ),
                "change": lambda tx, actor=actor, t=target: change_role(
                    tx, actor, operator_id=t, role="clerk"
                ),
                "suspend": lambda tx, actor=actor, t=target: suspend_operator(tx, actor, operator_id=t),
            }
            for act in ("create", "suspend", "change"):
                call = acts[act]
                run = call if act == "create" else (lambda call=call: db.write(desk.merchant_id, call))
                if role in MAY_CREATE[maker]:
                    run()
                else:
                    with pytest.raises(NotAllowed):
                        run()


def test_a_manager_raises_nobody_above_checkers(db: Database) -> None:
    desk = make_desk(db)
    manager, clerk = enter_as(db, desk, "manager"), make_operator(db, desk, "clerk")
    for role in ("owner", "manager", "auditor"):
        with pytest.raises(NotAllowed):
            db.write(
                desk.merchant_id, lambda tx, role=role: change_role(tx, manager, operator_id=clerk, role=role)
            )
    db.write(desk.merchant_id, lambda tx: change_role(tx, manager, operator_id=clerk, role="checker"))


def test_the_list_is_of_one_merchant_and_for_those_who_lead(db: Database) -> None:
    desk, other = make_desk(db), make_desk(db, "别家")
    owner = owner_of(db, desk)
    create(db, owner, "clerk", "Zhang")
    listed = db.read(desk.merchant_id, lambda tx: list_operators(tx, owner))
    assert [(o.name, o.role, o.active) for o in listed] == [(desk.owner, "owner", 1), ("Zhang", "clerk", 1)]
    assert len(db.read(other.merchant_id, lambda tx: list_operators(tx, owner_of(db, other)))) == 1
    with pytest.raises(NotAllowed):
        db.read(desk.merchant_id, lambda tx: list_operators(tx, enter(db, "Zhang").actor))


def test_an_operator_of_another_merchant_is_missing(db: Database) -> None:
    desk, other = make_desk(db), make_desk(db, "别家")
    foreign = make_operator(db, other, "clerk")
    owner = owner_of(db, desk)
    for verb in (
        lambda tx: suspend_operator(tx, owner, operator_id=foreign),
        lambda tx: change_role(tx, owner, operator_id=foreign, role="clerk"),
    ):
        with pytest.raises(OperatorMissing):
            db.write(desk.merchant_id, verb)


def test_a_name_is_unique_over_the_installation_however_it_is_spelt(db: Database) -> None:
    desk, other = make_desk(db), make_desk(db, "别家")
    create(db, owner_of(db, desk), "clerk", "Straße ①")
    for spelt in ("STRASSE 1", "  strasse １ ", "Straße\u200b ①"):
        with pytest.raises(NameTaken):
            create(db, owner_of(db, other), "clerk", spelt)
        assert enter(db, spelt).actor.merchant_id == desk.merchant_id


@pytest.mark.parametrize("name", ["", "   ", "\u200b", "x" * 65])
def test_a_name_has_1_to_64_characters(db: Database, name: str) -> None:
    with pytest.raises(NameWrong):
        create(db, owner_of(db, make_desk(db)), "clerk", name)


def test_no_person_is_a_station_or_has_a_made_up_role(db: Database) -> None:
    owner = owner_of(db, make_desk(db))
    for role in ("station", "desk", ""):
        with pytest.raises(RoleUnknown):
            create(db, owner, role, "somebody")


def test_the_last_owner_stays_even_when_two_go_at_once(db: Database) -> None:
    desk = make_desk(db)
    first = owner_of(db, desk)
    with pytest.raises(LastOwner):
        db.write(desk.merchant_id, lambda tx: suspend_operator(tx, first, operator_id=first.id))
    with pytest.raises(LastOwner):
        db.write(desk.merchant_id, lambda tx: change_role(tx, first, operator_id=first.id, role="clerk"))
    create(db, first, "owner", "second")
    second = enter(db, "second").actor

    def leave(actor: Actor) -> object:
        try:
            return db.write(desk.merchant_id, lambda tx: suspend_operator(tx, actor, operator_id=actor.id))
        except LastOwner as stays:
            return stays

    for _ in range(10):
        left = all_at_once([lambda: leave(first), lambda: leave(second)])
        assert sum(isinstance(answer, LastOwner) for answer in left) == 1
        gone = first if left[0] is None else second
        stays = second if left[0] is None else first
        db.write(desk.merchant_id, lambda tx, a=stays, o=gone: restore_operator(tx, a, operator_id=o.id))


def test_ones_language_is_ones_own(db: Database) -> None:
    desk = make_desk(db)
    entered = enter(db, desk.owner)
    for wanted, got in (("en", "en"), ("zh_CN", "zh_CN"), ("tlh", "en")):
        db.write(
            desk.merchant_id, lambda tx, w=wanted: change_locale(tx, operator_id=entered.actor.id, locale=w)
        )
        found = find_session(db, entered.token)
        assert found and found.locale == got


def test_a_suspended_ones_device_is_forgotten(db: Database) -> None:
    desk = make_desk(db)
    clerk, owner = make_operator(db, desk, "clerk", name="clerk"), owner_of(db, desk)
    device = enter(db, "clerk").device_token
    db.write(desk.merchant_id, lambda tx: suspend_operator(tx, owner, operator_id=clerk))
    assert [attempt(db, "clerk", device=device).code for _ in range(6)][-1] == "locked"
    assert attempt(db, "clerk", device=device, address="203.0.113.4").code == "wrong"
