"""Sessions end when they must, at once, and are found by one read."""

from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa

from tests.access.passkeys import make_passkey
from tests.access.people import HOME, PASSWORD, WRONG, attempt, enter, enter_as, make_desk, make_operator
from tests.access.seats import Seat, clerk_at, make_seat, sit_down
from tests.access.test_pin import unlock
from tocsin.access.lock import Unlocked, lock_session
from tocsin.access.lock_all import lock_everything
from tocsin.access.login import SignedIn, change_password, sign_out
from tocsin.access.lost import lose_phone
from tocsin.access.operator import suspend_operator
from tocsin.access.operator_role import change_role
from tocsin.access.pin import set_pin
from tocsin.access.recovery import make_reset_code, redeem_code
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
    renew_token,
)
from tocsin.access.session_rule import SessionRules, SessionRuleWrong, change_session_rules
from tocsin.access.table import operator
from tocsin.core import clock
from tocsin.core.actor import ROLES, Actor, NotAllowed
from tocsin.core.db import Database, Tx
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


def what_ends(
    db: Database, seat: Seat, *, owner: Actor, clerk: int
) -> dict[str, Callable[[SignedIn], object]]:
    """Return each thing after which a session of the clerk `wang` must be worth nothing."""

    def write(verb: Callable[[Tx], object]) -> object:
        return db.write(owner.merchant_id, verb)

    def end_others(_: SignedIn) -> object:
        actor = enter(db, "wang").actor
        return write(lambda tx: end_other_sessions(tx, actor))

    def use_code(_: SignedIn) -> object:
        code = db.write(owner.merchant_id, lambda tx: make_reset_code(tx, owner, operator_id=clerk)).code
        return redeem_code(db, name="wang", code=code, password=PASSWORD, address=HOME)

    return {
        "a changed password": lambda _: change_password(
            db, enter(db, "wang").actor, present=PASSWORD, new=PASSWORD, address=HOME
        ),
        "a code": use_code,
        "a passkey": lambda _: make_passkey(db, enter(db, "wang").actor),
        "a PIN": lambda _: set_pin(db, sit_down(db, "wang", seat).actor, given="730529"),
        "ended in the list": lambda one: write(lambda tx: end_session(tx, one.actor, session_id=one.actor.session_id)),
        "all others ended": end_others,
        "a lost phone": lambda _: write(lambda tx: lose_phone(tx, owner, operator_id=clerk)),
        "everything locked": lambda _: write(lambda tx: lock_everything(tx, owner, reason="x")),
        "switched off": lambda _: write(lambda tx: suspend_operator(tx, owner, operator_id=clerk)),
    }  # fmt: skip


def test_no_token_of_before_opens_anything(db: Database) -> None:
    """Fixation, and reuse after each thing that must end it: accepted 0 times."""
    desk = make_desk(db)
    seat, owner = make_seat(db, desk), enter(db, desk.owner).actor
    clerk, dead = clerk_at(db, desk, seat).actor.id, dict[str, str]()

    def opened() -> list[str]:
        return [
            why
            for why, token in dead.items()
            for cookie in ("", seat.token)
            if find_session(db, token, desk=cookie)
        ]

    planted = f"{desk.merchant_id:x}.{'A' * 43}"
    first = sit_down(db, "wang", seat, left=planted)
    second = sit_down(db, "wang", seat, left=first.token)
    dead |= {"planted before the sign-in": planted, "brought along to a sign-in": first.token}
    locked = db.write(desk.merchant_id, lambda tx: lock_session(tx, second.actor, token=second.token))
    dead |= {"of before the lock": second.token, "of the lock": locked}
    unlocked = unlock(db, seat, clerk)
    assert (
        isinstance(unlocked, Unlocked) and find_session(db, unlocked.token, desk=seat.token) and not opened()
    )
    renewed = db.write(desk.merchant_id, lambda tx: renew_token(tx, token=unlocked.token))
    dead |= {"of before the step-up": unlocked.token}
    assert find_session(db, renewed, desk=seat.token) and not opened()
    db.write(desk.merchant_id, lambda tx: sign_out(tx, unlocked.actor, token=renewed))
    dead |= {"signed out": renewed}
    for why, end in what_ends(db, seat, owner=owner, clerk=clerk).items():
        entered = enter(db, "wang")
        assert find_session(db, entered.token), why
        end(entered)
        dead[why] = entered.token
        assert not opened(), why
    assert (len(dead), len(opened())) == (15, 0)


def test_ends_are_the_merchants_choice_within_bounds_and_hold_at_once(db: Database) -> None:
    desk = make_desk(db)
    owner, clerk = enter(db, desk.owner).actor, enter_as(db, desk, "clerk")
    entered = enter(db, desk.owner)

    def change(actor: Actor, revision: int, **minutes: int) -> None:
        rules = SessionRules(**minutes)
        db.write(desk.merchant_id, lambda tx: change_session_rules(tx, actor, rules, revision=revision))

    for minutes in (
        {"idle_minutes": 4},
        {"longest_minutes": 43_201},
        {"lock_minutes": 0},
        {"lockdown_idle_minutes": 721},
    ):
        with pytest.raises(SessionRuleWrong):
            change(owner, 0, **minutes)
    with pytest.raises(NotAllowed):
        change(clerk, 0)
    change(owner, 0, idle_minutes=15, longest_minutes=60)
    clock.shift_clock(14 * clock.MINUTE_US)
    assert find_session(db, entered.token)
    clock.shift_clock(28 * clock.MINUTE_US)
    assert find_session(db, entered.token)
    clock.shift_clock(43 * clock.MINUTE_US)
    assert find_session(db, entered.token) is None, "unused for 15 minutes"
    used = enter(db, desk.owner)
    for at in (55, 65, 75, 85, 95):
        clock.shift_clock(at * clock.MINUTE_US)
        assert find_session(db, used.token), at
    clock.shift_clock(103 * clock.MINUTE_US + clock.SECOND_US)
    assert find_session(db, used.token) is None, "an hour in all"
