"""A forgotten password: a superior's code, the owner's own codes; each once, and nothing told to who guesses."""

from collections.abc import Iterator

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
from tests.access.seats import make_seat, notices_of, sit_down
from tests.access.test_limiter import all_at_once
from tocsin.access.limiter import SignInRefused
from tocsin.access.operator import suspend_operator
from tocsin.access.password import PasswordShort
from tocsin.access.recovery import (
    OperatorOff,
    PasswordReset,
    count_recovery_codes,
    make_recovery_codes,
    make_reset_code,
    redeem_code,
)
from tocsin.access.session import find_session
from tocsin.access.step_up import ProofNeeded
from tocsin.core import clock
from tocsin.core.actor import Actor, NotAllowed
from tocsin.core.db import Database

NEW = "seven green kettles sing"
WRONG = SignInRefused("wrong")
MAY = {"owner": {"owner", "manager", "clerk", "checker", "auditor"}, "manager": {"clerk", "checker"}}


@pytest.fixture(autouse=True)
def true_clock() -> Iterator[None]:
    yield
    clock.pass_time(0)


def make_code(db: Database, actor: Actor, operator_id: int) -> str:
    return db.write(actor.merchant_id, lambda tx: make_reset_code(tx, actor, operator_id=operator_id)).code


def redeem(db: Database, name: str, code: str, *, password: str = NEW) -> PasswordReset | SignInRefused:
    return redeem_code(db, name=name, code=code, password=password, address=HOME)


def test_who_shows_a_code_to_whom(db: Database) -> None:
    desk = make_desk(db)
    roles = ("owner", "manager", "clerk", "checker", "auditor")
    actors = {role: enter_as(db, desk, role) for role in roles}
    for maker, actor in actors.items():
        for role in roles:
            target = make_operator(db, desk, role, name=f"{maker} {role}")
            if role in MAY.get(maker, set()):
                make_code(db, actor, target)
            else:
                with pytest.raises(NotAllowed):
                    make_code(db, actor, target)
    with pytest.raises(NotAllowed):
        make_code(db, actors["owner"], actors["owner"].id)


def test_a_code_sets_a_password_once_and_ends_the_sessions(db: Database) -> None:
    desk = make_desk(db)
    owner, clerk = enter(db, desk.owner).actor, make_operator(db, desk, "clerk", name="clerk")
    session = enter(db, "clerk")
    first, code = make_code(db, owner, clerk), make_code(db, owner, clerk)
    assert redeem(db, "clerk", first) == WRONG, "a newer one voids it"
    with pytest.raises(PasswordShort):
        redeem(db, "clerk", code, password="short")
    typed = code.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert redeem(db, " CLERK ", typed) == PasswordReset(desk.merchant_id, clerk, "clerk", "full", 0)
    assert find_session(db, session.token) is None
    assert redeem(db, "clerk", code, password="nine tall lamps under snow") == WRONG
    assert attempt(db, "clerk", password=PASSWORD, address=HOME) == WRONG
    again = enter(db, "clerk", password=NEW)
    assert notices_of(db, again.actor) == ["code_made", "code_made", "password_reset"]


def test_a_code_lasts_fifteen_minutes(db: Database) -> None:
    desk = make_desk(db)
    owner, clerk = enter(db, desk.owner).actor, make_operator(db, desk, "clerk", name="clerk")
    code = make_code(db, owner, clerk)
    clock.pass_time(15 * clock.MINUTE_US)
    assert redeem(db, "clerk", code) == WRONG
    clock.pass_time(15 * clock.MINUTE_US - clock.SECOND_US * 30)
    assert isinstance(redeem(db, "clerk", code), PasswordReset)


def test_a_code_is_of_one_name(db: Database) -> None:
    desk = make_desk(db)
    owner, clerk = enter(db, desk.owner).actor, make_operator(db, desk, "clerk", name="clerk")
    make_operator(db, desk, "clerk", name="li")
    code = make_code(db, owner, clerk)
    assert redeem(db, "li", code) == redeem(db, "nobody", code) == redeem(db, "clerk", "0000-0000") == WRONG
    assert isinstance(redeem(db, "clerk", code), PasswordReset)


def test_guesses_are_few_signalled_and_lock_no_password(db: Database) -> None:
    desk = make_desk(db)
    device = enter(db, desk.owner).device_token
    owner, clerk = enter(db, desk.owner).actor, make_operator(db, desk, "clerk", name="clerk")
    code = make_code(db, owner, clerk)
    answers = all_at_once([
        lambda n=n: redeem_code(db, name="clerk", code=f"{n:04}-0000", password=NEW, address=f"198.51.{n}.9") for n in range(40)
    ])  # fmt: skip
    assert sum(one == WRONG for one in answers) <= 10
    told = [s for s in signals_of(db, desk.merchant_id) if s.method == "code"]
    assert len(told) == 40 and {s.operator_id for s in told} == {clerk}
    enter(db, "clerk", address=ELSEWHERE)
    enter(db, desk.owner, device=device)
    fresh = make_code(db, owner, clerk)
    assert fresh != code and isinstance(redeem(db, "clerk", fresh), PasswordReset), (
        "a new code lifts the locks"
    )


def test_who_has_locked_himself_out_gets_in_by_a_code_at_once(db: Database) -> None:
    desk = make_desk(db)
    owner, clerk = enter(db, desk.owner).actor, make_operator(db, desk, "clerk", name="clerk")
    for n in range(6):
        attempt(db, "clerk", password=f"forgotten {n}", address=HOME)
    assert isinstance(redeem(db, "clerk", make_code(db, owner, clerk)), PasswordReset)
    enter(db, "clerk", password=NEW, address=HOME)


def test_the_owner_has_ten_codes_each_works_once_and_the_others_stay(db: Database) -> None:
    desk = make_desk(db)
    here, there = enter(db, desk.owner), enter(db, desk.owner)
    codes = db.write(desk.merchant_id, lambda tx: make_recovery_codes(tx, here.actor))
    assert len(set(codes)) == 10 and find_session(db, here.token) and find_session(db, there.token) is None
    done = redeem(db, desk.owner, codes[3])
    assert isinstance(done, PasswordReset) and done.recovery_codes_left == 9
    assert find_session(db, here.token) is None
    assert redeem(db, desk.owner, codes[3], password="nine tall lamps under snow") == WRONG
    second = redeem(db, desk.owner, codes[4], password="nine tall lamps under snow")
    assert isinstance(second, PasswordReset) and second.recovery_codes_left == 8
    again = enter(db, desk.owner, password="nine tall lamps under snow")
    assert notices_of(db, again.actor) == ["recovery_codes", "recovery_used", "recovery_used"]
    db.write(desk.merchant_id, lambda tx: make_recovery_codes(tx, again.actor))
    assert redeem(db, desk.owner, codes[5]) == WRONG, "new ones void the earlier"
    assert db.read(desk.merchant_id, lambda tx: count_recovery_codes(tx, operator_id=again.actor.id)) == 10


def test_of_ten_at_once_one_uses_a_code(db: Database) -> None:
    desk = make_desk(db)
    owner = enter(db, desk.owner).actor
    code = db.write(desk.merchant_id, lambda tx: make_recovery_codes(tx, owner))[0]
    done = all_at_once([lambda: redeem(db, desk.owner, code)] * 10)
    assert sum(isinstance(one, PasswordReset) for one in done) == 1


@pytest.mark.parametrize("role", ["manager", "clerk", "checker", "auditor"])
def test_recovery_codes_are_the_owners_after_a_fresh_proof(db: Database, role: str) -> None:
    desk = make_desk(db)
    other, owner = enter_as(db, desk, role), enter(db, desk.owner).actor
    with pytest.raises(NotAllowed):
        db.write(desk.merchant_id, lambda tx: make_recovery_codes(tx, other))
    clock.shift_clock(11 * clock.MINUTE_US)
    with pytest.raises(ProofNeeded):
        db.write(desk.merchant_id, lambda tx: make_recovery_codes(tx, owner))


def test_a_switched_off_account_gets_no_code_and_opens_by_none(db: Database) -> None:
    desk = make_desk(db)
    owner, clerk = enter(db, desk.owner).actor, make_operator(db, desk, "clerk", name="clerk")
    code = make_code(db, owner, clerk)
    db.write(desk.merchant_id, lambda tx: suspend_operator(tx, owner, operator_id=clerk))
    assert redeem(db, "clerk", code) == WRONG
    with pytest.raises(OperatorOff):
        make_code(db, owner, clerk)


def test_a_short_one_set_by_a_code_opens_at_an_enrolled_desk_alone(db: Database) -> None:
    desk = make_desk(db)
    seat, owner = make_seat(db, desk), enter(db, desk.owner).actor
    clerk = make_operator(db, desk, "clerk", name="clerk")
    done = redeem(db, "clerk", make_code(db, owner, clerk), password="mk7-pear")
    assert isinstance(done, PasswordReset) and done.strength == "desk"
    assert attempt(db, "clerk", password="mk7-pear", address=HOME) == WRONG
    sit_down(db, "clerk", seat, password="mk7-pear")
    codes = db.write(desk.merchant_id, lambda tx: make_recovery_codes(tx, owner))
    with pytest.raises(PasswordShort):
        redeem(db, desk.owner, codes[0], password="mk7-pear")
