"""Box 2: the way in, and what it tells to whom."""

from typing import Any

import pytest

from tests.access.people import (
    ELSEWHERE,
    HOME,
    PASSWORD,
    WRONG,
    attempt,
    enter,
    make_desk,
    make_operator,
    right_hash,
    signals_of,
)
from tocsin.access import login, password
from tocsin.access.limiter import SignInRefused
from tocsin.access.login import PasswordChanged, begin_sign_in, change_password, sign_in, sign_out
from tocsin.access.operator import restore_operator, set_password, suspend_operator
from tocsin.access.password import PasswordWeak, hash_password
from tocsin.access.session import find_session
from tocsin.core.actor import ROLES
from tocsin.core.db import Database
from tocsin.core.event import replay_events
from tocsin.core.journal import read_journal


def kinds(db: Database, merchant_id: int) -> list[str]:
    return [e.kind for e in db.read(merchant_id, lambda tx: replay_events(tx, after_id=0))]


def test_the_right_password_opens_the_desk_with_the_rights_of_the_role(db: Database) -> None:
    desk = make_desk(db)
    entered = enter(db, f"  {desk.owner.upper()} ")
    assert entered.actor.merchant_id == desk.merchant_id and entered.actor.rights == ROLES["owner"]
    assert find_session(db, entered.token) == entered.actor
    assert "access.signed_in" in kinds(db, desk.merchant_id)
    verbs = [
        j.verb for j in db.read(desk.merchant_id, lambda tx: read_journal(tx, actor_id=entered.actor.id))
    ]
    assert verbs == ["access.sign_in"]


def test_each_wrong_password_is_a_signal_and_a_journal_entry(db: Database) -> None:
    desk = make_desk(db)
    for _ in range(3):
        assert attempt(db, desk.owner) == SignInRefused("wrong")
    told = [s for s in signals_of(db, desk.merchant_id) if s.kind == "credential_wrong"]
    operator = enter(db, desk.owner).actor.id
    assert [(s.outcome, s.operator_id, s.method, s.address, s.device) for s in told] == [
        ("wrong", operator, "password", ELSEWHERE, "")
    ] * 3
    assert told[0].name_digest == db.vault.installation_digest("sign-in name", desk.owner)
    assert kinds(db, desk.merchant_id).count("alarm.signal") >= 3
    entries = db.read(desk.merchant_id, lambda tx: read_journal(tx, subject=f"operator:{operator}"))
    failed = [j for j in entries if j.verb == "access.sign_in_failed"]
    assert [j.fields()["failures"] for j in failed] == [3, 2, 1]
    events = db.read(desk.merchant_id, lambda tx: replay_events(tx, after_id=0))
    for secret in (WRONG, ELSEWHERE, desk.owner):
        assert secret not in str(failed) + str(events)


def test_an_unknown_name_is_answered_limited_and_worked_for_like_a_known_one(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, hasher, hashed = make_desk(db), password._HASHER, []

    class Counting:
        def verify(self, *args: Any) -> bool:
            hashed.append(args[0].split("$")[3])
            return hasher.verify(*args)

    monkeypatch.setattr(password, "_HASHER", Counting())
    answers = {}
    for number, name in enumerate((desk.owner, "nobody")):
        hashed.clear()
        answers[name] = ([attempt(db, name, address=f"203.0.113.{number}") for _ in range(7)], list(hashed))
        assert begin_sign_in(db, name).methods == ("password",)
    assert answers[desk.owner] == answers["nobody"]
    refusals, work = answers["nobody"]
    assert [r.code for r in refusals] == ["wrong"] * 5 + ["locked"] * 2
    assert work == ["m=19456,t=2,p=1"] * 5
    assert [s.outcome for s in signals_of(db, 0)] == ["wrong"] * 5 + ["locked"] * 2


def test_a_suspended_operator_with_the_right_password_is_answered_as_wrong(db: Database) -> None:
    desk = make_desk(db)
    clerk = make_operator(db, desk, "clerk", name="clerk")
    owner = enter(db, desk.owner).actor
    db.write(desk.merchant_id, lambda tx: suspend_operator(tx, owner, operator_id=clerk))
    assert attempt(db, "clerk", password=PASSWORD, address=HOME) == SignInRefused("wrong")
    db.write(desk.merchant_id, lambda tx: restore_operator(tx, owner, operator_id=clerk))
    enter(db, "clerk")


def test_a_sign_in_never_takes_over_the_session_that_the_browser_brought(db: Database) -> None:
    desk = make_desk(db)
    first = enter(db, desk.owner)
    second = sign_in(db, name=desk.owner, password=PASSWORD, address=HOME, replaces=first.token)
    assert isinstance(second, login.SignedIn)
    assert second.token != first.token and find_session(db, first.token) is None
    planted = "f" * len(first.token)
    third = sign_in(db, name=desk.owner, password=PASSWORD, address=HOME, replaces=planted, device=planted)
    assert isinstance(third, login.SignedIn)
    assert planted not in (third.token, third.device_token) and find_session(db, planted) is None


def test_a_known_device_keeps_its_token_and_serves_two_of_one_merchant(db: Database) -> None:
    desk = make_desk(db)
    make_operator(db, desk, "clerk", name="clerk")
    device = enter(db, desk.owner).device_token
    assert enter(db, "clerk", device=device).device_token == device
    assert enter(db, desk.owner, device=device).device_token == device
    other = make_desk(db, "别家")
    assert enter(db, other.owner, device=device).device_token != device


def test_signing_out_ends_the_session(db: Database) -> None:
    desk = make_desk(db)
    entered = enter(db, desk.owner)
    db.write(desk.merchant_id, lambda tx: sign_out(tx, entered.actor, token=entered.token))
    assert find_session(db, entered.token) is None


def test_a_changed_password_ends_the_other_sessions_and_the_old_password(db: Database) -> None:
    desk = make_desk(db)
    here, there = enter(db, desk.owner), enter(db, desk.owner)
    new = "seven green kettles sing"
    wrong = change_password(db, here.actor, present=WRONG, new=new, address=HOME)
    assert wrong == SignInRefused("wrong") and find_session(db, there.token)
    with pytest.raises(PasswordWeak):
        change_password(db, here.actor, present=PASSWORD, new="short", address=HOME)
    done = change_password(db, here.actor, present=PASSWORD, new=new, address=HOME, device=here.device_token)
    assert done == PasswordChanged(1)
    assert find_session(db, here.token) and find_session(db, there.token) is None
    assert attempt(db, desk.owner, password=PASSWORD) == SignInRefused("wrong")
    enter(db, desk.owner, password=new)


def test_a_password_changed_while_the_old_one_is_looked_at_opens_nothing(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = make_desk(db)
    here = enter(db, desk.owner)
    verify, other = login.verify_password, hash_password("seven green kettles sing")

    def verify_and_lose(given: str, hashed: str) -> bool:
        right = verify(given, hashed)
        db.write(
            desk.merchant_id, lambda tx: set_password(tx, operator_id=here.actor.id, password_hash=other)
        )
        return right

    monkeypatch.setattr(login, "verify_password", verify_and_lose)
    assert attempt(db, desk.owner, password=PASSWORD) == SignInRefused("wrong")
    db.write(
        desk.merchant_id, lambda tx: set_password(tx, operator_id=here.actor.id, password_hash=right_hash())
    )
    changed = change_password(
        db, here.actor, present=PASSWORD, new="nine tall lamps under snow", address=HOME
    )
    assert changed == SignInRefused("wrong")
