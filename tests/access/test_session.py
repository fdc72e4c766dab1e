"""Sessions end when they must, at once, and are found by one read."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from tests.access.people import PASSWORD, WRONG, attempt, enter, enter_as, make_desk, make_operator
from tocsin.access.operator import suspend_operator
from tocsin.access.operator_role import change_role
from tocsin.access.session import (
    IDLE_US,
    LONGEST_US,
    SessionMissing,
    csrf_matches,
    csrf_token,
    end_other_sessions,
    end_session,
    find_session,
    list_sessions,
)
from tocsin.access.table import operator
from tocsin.core import clock
from tocsin.core.actor import ROLES
from tocsin.core.db import Database
from tocsin.core.statement import Statement, own


@pytest.fixture(autouse=True)
def true_clock() -> Iterator[None]:
    yield
    clock.shift_clock(0)


def test_a_token_has_256_bits_of_its_own(db: Database) -> None:
    desk = make_desk(db)
    tokens = {enter(db, desk.owner).token for _ in range(3)}
    assert len(tokens) == 3 and {len(t.partition(".")[2]) for t in tokens} == {43}


@pytest.mark.parametrize(
    "made_up",
    ["", "x", "0." + "A" * 43, "f" * 15 + "." + "A" * 43, "f" * 16 + "." + "A" * 43, "一." + "A" * 43],
)
def test_a_made_up_token_opens_nothing(db: Database, made_up: str) -> None:
    assert find_session(db, made_up) is None


def test_a_token_does_not_open_another_merchant(db: Database) -> None:
    first, second = make_desk(db), make_desk(db, "别家")
    token = enter(db, first.owner).token
    assert find_session(db, f"{second.merchant_id:x}.{token.partition('.')[2]}") is None
    assert find_session(db, token)


def test_a_session_is_listed_and_ended_by_its_operator_alone(db: Database) -> None:
    desk = make_desk(db)
    here, there = enter(db, desk.owner), enter(db, desk.owner)
    seen = db.read(desk.merchant_id, lambda tx: list_sessions(tx, here.actor))
    assert [s.id for s in seen] == [there.actor.session_id, here.actor.session_id]
    assert seen[0].device == "Firefox on a desk"
    clerk = enter_as(db, desk, "clerk")
    with pytest.raises(SessionMissing):
        db.write(desk.merchant_id, lambda tx: end_session(tx, clerk, session_id=there.actor.session_id))
    db.write(desk.merchant_id, lambda tx: end_session(tx, here.actor, session_id=there.actor.session_id))
    assert find_session(db, there.token) is None and find_session(db, here.token)
    with pytest.raises(SessionMissing):
        db.write(desk.merchant_id, lambda tx: end_session(tx, here.actor, session_id=there.actor.session_id))


def test_ending_the_others_leaves_this_one(db: Database) -> None:
    desk = make_desk(db)
    others, here = [enter(db, desk.owner) for _ in range(3)], enter(db, desk.owner)
    clerk = enter_as(db, desk, "clerk")
    assert db.write(desk.merchant_id, lambda tx: end_other_sessions(tx, here.actor)) == 3
    assert not any(find_session(db, o.token) for o in others) and find_session(db, here.token)
    assert len(db.read(desk.merchant_id, lambda tx: list_sessions(tx, clerk))) == 1


def test_a_suspended_operator_and_a_changed_role_hold_from_the_next_request(db: Database) -> None:
    desk = make_desk(db)
    owner, clerk_id = enter(db, desk.owner).actor, make_operator(db, desk, "clerk", name="clerk")
    session = enter(db, "clerk")
    db.write(desk.merchant_id, lambda tx: change_role(tx, owner, operator_id=clerk_id, role="auditor"))
    changed = find_session(db, session.token)
    assert changed and changed.rights == ROLES["auditor"]
    db.write(desk.merchant_id, lambda tx: suspend_operator(tx, owner, operator_id=clerk_id))
    assert find_session(db, session.token) is None


def test_an_inactive_operator_has_no_session_though_none_was_ended(db: Database) -> None:
    desk = make_desk(db)
    entered = enter(db, desk.owner)
    asleep = Statement[None](sa.update(operator).where(own(operator)), sets=("active",))
    db.write(desk.merchant_id, lambda tx: tx.run(asleep, active=0))
    assert find_session(db, entered.token) is None
    db.write(desk.merchant_id, lambda tx: tx.run(asleep, active=1))
    assert find_session(db, entered.token) == entered.actor


def test_a_session_ends_idle_or_old(db: Database) -> None:
    desk = make_desk(db)
    idle, used = enter(db, desk.owner), enter(db, desk.owner)
    clock.shift_clock(IDLE_US - clock.MINUTE_US)
    assert find_session(db, used.token)  # and is seen
    clock.shift_clock(IDLE_US + clock.MINUTE_US)
    assert find_session(db, idle.token) is None and find_session(db, used.token)
    for step in range(2, LONGEST_US // IDLE_US * 2):
        clock.shift_clock(min(step * IDLE_US // 2, LONGEST_US - clock.MINUTE_US))
        assert find_session(db, used.token)
    clock.shift_clock(LONGEST_US + clock.MINUTE_US)
    assert find_session(db, used.token) is None


def test_last_seen_is_written_at_most_once_a_minute(db: Database) -> None:
    desk = make_desk(db)
    entered = enter(db, desk.owner)

    def seen() -> int:
        return db.read(desk.merchant_id, lambda tx: list_sessions(tx, entered.actor))[0].last_seen_us

    first = seen()
    find_session(db, entered.token)
    assert seen() == first
    clock.shift_clock(61 * clock.SECOND_US)
    find_session(db, entered.token)
    second = seen()
    find_session(db, entered.token)
    assert second > first and seen() == second


def test_finding_a_session_is_one_read(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = make_desk(db)
    token, reads, real = enter(db, desk.owner).token, [], db.read
    monkeypatch.setattr(db, "read", lambda scope, verb: reads.append(scope) or real(scope, verb))
    assert find_session(db, token)
    assert reads == [desk.merchant_id]


def test_a_forms_token_is_of_one_session(db: Database) -> None:
    desk = make_desk(db)
    one, other = enter(db, desk.owner).token, enter(db, desk.owner).token
    assert csrf_matches(one, csrf_token(one))
    assert (
        not csrf_matches(other, csrf_token(one)) and not csrf_matches(one, "") and not csrf_matches(one, "é")
    )
    assert one.partition(".")[2] not in csrf_token(one)


def test_a_wrong_password_ends_no_session(db: Database) -> None:
    desk = make_desk(db)
    entered = enter(db, desk.owner)
    attempt(db, desk.owner, password=WRONG)
    assert find_session(db, entered.token) and PASSWORD not in repr(entered)
