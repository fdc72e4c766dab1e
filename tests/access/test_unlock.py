"""A person lifts what wrong tries have locked: by a new password, or by hand."""

import pytest

from tests.access.people import (
    ELSEWHERE,
    PASSWORD,
    attempt,
    enter,
    enter_as,
    make_desk,
    make_operator,
    right_hash,
)
from tocsin.access.limiter import SignInRefused
from tocsin.access.operator import set_password
from tocsin.access.unlock import unlock_operator
from tocsin.core.actor import NotAllowed
from tocsin.core.db import Database
from tocsin.core.journal import read_journal


def locked(db: Database, name: str) -> bool:
    refused = attempt(db, name, password=PASSWORD)
    return isinstance(refused, SignInRefused) and refused.code == "locked"


def test_a_new_password_lifts_what_locked_the_old_one_and_nobody_elses(db: Database) -> None:
    desk = make_desk(db)
    clerk = make_operator(db, desk, "clerk", name="cai")
    make_operator(db, desk, "clerk", name="dong")
    for name in ("cai", "dong"):
        for _ in range(5):
            attempt(db, name)
        assert locked(db, name)
    db.write(desk.merchant_id, lambda tx: set_password(tx, operator_id=clerk, password_hash=right_hash()))
    enter(db, "cai", address=ELSEWHERE)
    assert locked(db, "dong")


def test_an_owner_unlocks_by_hand_and_a_clerk_does_not(db: Database) -> None:
    desk, other = make_desk(db), make_desk(db, "别家")
    clerk = make_operator(db, desk, "clerk", name="cai")
    owner, stranger = enter_as(db, desk, "owner"), enter_as(db, other, "owner")
    for _ in range(5):
        attempt(db, "cai")
    colleague = enter_as(db, desk, "checker")
    with pytest.raises(NotAllowed):
        db.write(desk.merchant_id, lambda tx: unlock_operator(tx, colleague, operator_id=clerk))
    assert db.write(other.merchant_id, lambda tx: unlock_operator(tx, stranger, operator_id=clerk)) == 0
    assert locked(db, "cai")
    assert db.write(desk.merchant_id, lambda tx: unlock_operator(tx, owner, operator_id=clerk)) >= 3
    enter(db, "cai", address=ELSEWHERE)
    entries = db.read(desk.merchant_id, lambda tx: read_journal(tx, subject=f"operator:{clerk}"))
    assert "access.unlock_operator" in [one.verb for one in entries]
