"""Decoys: a name that nobody has is answered like any other, and tells the alarm at the first try."""

import pytest

from tests.access.people import ELSEWHERE, attempt, enter_as, make_desk, make_operator, signals_of
from tocsin.access.decoy import DecoyMissing, DecoyTaken, DecoyWrong, add_decoy, list_decoys, remove_decoy
from tocsin.access.limiter import SignInRefused
from tocsin.access.login import begin_sign_in
from tocsin.access.operator import NameTaken
from tocsin.core.actor import NotAllowed
from tocsin.core.db import Database
from tocsin.core.journal import read_journal


def test_each_try_at_a_decoy_is_a_signal_of_its_merchant_and_answered_as_an_unknown_name(
    db: Database,
) -> None:
    desk, other = make_desk(db), make_desk(db, "别家")
    owner = enter_as(db, desk, "owner")
    db.write(desk.merchant_id, lambda tx: add_decoy(tx, owner, name=" Admin "))
    assert begin_sign_in(db, "ADMIN") == begin_sign_in(db, "nobody")
    trap = [attempt(db, "admin") for _ in range(6)]
    plain = [attempt(db, "nobody", address="203.0.113.5") for _ in range(6)]
    assert [t.code for t in trap] == [p.code for p in plain] == ["wrong"] * 5 + ["locked"]
    told = [s for s in signals_of(db, desk.merchant_id) if s.kind == "decoy_tried"]
    assert [(s.outcome, s.address, s.operator_id) for s in told] == [
        *[("wrong", ELSEWHERE, 0)] * 5,
        ("locked", ELSEWHERE, 0),
    ]
    assert {s.kind for s in signals_of(db, 0)} == {"credential_wrong"}
    assert signals_of(db, other.merchant_id) == []
    entries = db.read(desk.merchant_id, lambda tx: read_journal(tx, subject="operator:0"))
    assert len(entries) == 5 and "admin" not in str(entries)


def test_a_decoy_is_nobodys_name_and_nobodys_name_becomes_it(db: Database) -> None:
    desk, other = make_desk(db), make_desk(db, "别家")
    manager, stranger = enter_as(db, desk, "manager"), enter_as(db, other, "manager")
    decoy_id = db.write(desk.merchant_id, lambda tx: add_decoy(tx, manager, name="ＡＤＭＩＮ"))
    for name in ("admin", desk.owner):
        with pytest.raises(DecoyTaken):
            db.write(other.merchant_id, lambda tx, name=name: add_decoy(tx, stranger, name=name))
    with pytest.raises(NameTaken):
        make_operator(db, desk, "clerk", name="Admin")
    for name in ("", "x" * 65):
        with pytest.raises(DecoyWrong):
            db.write(desk.merchant_id, lambda tx, name=name: add_decoy(tx, manager, name=name))
    with pytest.raises(DecoyMissing):
        db.write(other.merchant_id, lambda tx: remove_decoy(tx, stranger, decoy_id=decoy_id))
    db.write(desk.merchant_id, lambda tx: remove_decoy(tx, manager, decoy_id=decoy_id))
    assert db.read(desk.merchant_id, lambda tx: list_decoys(tx, manager)) == []
    make_operator(db, desk, "clerk", name="Admin")
    assert attempt(db, "admin") == SignInRefused("wrong")
    assert {s.kind for s in signals_of(db, desk.merchant_id) if s.outcome == "wrong"} == {"credential_wrong"}


def test_a_merchant_has_at_most_20_decoys(db: Database) -> None:
    desk = make_desk(db)
    owner = enter_as(db, desk, "owner")
    for n in range(20):
        db.write(desk.merchant_id, lambda tx, n=n: add_decoy(tx, owner, name=f"trap {n}"))
    with pytest.raises(DecoyWrong):
        db.write(desk.merchant_id, lambda tx: add_decoy(tx, owner, name="one more"))


@pytest.mark.parametrize("role", ["clerk", "checker", "auditor"])
def test_decoys_are_for_those_who_set_the_shop_up(db: Database, role: str) -> None:
    desk = make_desk(db)
    actor = enter_as(db, desk, role)
    for verb in (
        lambda tx: list_decoys(tx, actor),
        lambda tx: add_decoy(tx, actor, name="admin"),
        lambda tx: remove_decoy(tx, actor, decoy_id=1),
    ):
        with pytest.raises(NotAllowed):
            db.write(desk.merchant_id, verb)
