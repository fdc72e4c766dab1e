"""A lost phone: one act, by himself or his superior, and what its finder holds opens nothing."""

import pytest

from tests.access.passkeys import make_passkey, sign_in_with
from tests.access.people import HOME, PASSWORD, attempt, enter, enter_as, make_desk, make_operator
from tests.access.seats import notices_of
from tocsin.access.limiter import SignInRefused
from tocsin.access.login import SignedIn
from tocsin.access.lost import PhoneLost, lose_phone
from tocsin.access.session import find_session
from tocsin.access.step_up import ProofNeeded
from tocsin.alarm.channel import Address
from tocsin.alarm.recipient import add_recipient, all_recipients
from tocsin.core import clock
from tocsin.core.actor import Actor, NotAllowed
from tocsin.core.db import Database


def lose(db: Database, actor: Actor, who: int) -> PhoneLost:
    return db.write(actor.merchant_id, lambda tx: lose_phone(tx, actor, operator_id=who))


def test_by_himself_his_passkeys_sessions_and_pushes_end_but_the_one_he_sits_at(db: Database) -> None:
    desk = make_desk(db)
    make_operator(db, desk, "clerk", name="wang")
    key = make_passkey(db, enter(db, "wang").actor)
    phone, pc = sign_in_with(db, key), enter(db, "wang")
    assert isinstance(phone, SignedIn)
    owner = enter(db, desk.owner).actor
    for kind, by, url in (
        ("push", pc.actor, "https://push.example/x"),
        ("apprise", owner, "ntfy://ntfy.sh/wang"),
    ):
        db.write(desk.merchant_id, lambda tx, kind=kind, by=by, url=url: add_recipient(
            tx, by, Address(kind, url, "shown"), kind=kind, name=kind, locale="en", operator_id=pc.actor.id
        ))  # fmt: skip
    done = lose(db, pc.actor, pc.actor.id)
    assert (done.passkeys, done.pushes) == (1, 1) and done.sessions >= 1
    assert find_session(db, phone.token) is None and find_session(db, pc.token)
    assert sign_in_with(db, key) == SignInRefused("wrong")
    assert [one.kind for one in db.read(desk.merchant_id, all_recipients)] == ["apprise"]
    assert notices_of(db, pc.actor)[-1] == "phone_lost"
    assert isinstance(attempt(db, "wang", password=PASSWORD, address=HOME), SignedIn)


@pytest.mark.parametrize("role", ["owner", "manager", "clerk", "checker", "auditor"])
def test_who_reports_a_clerks_phone(db: Database, role: str) -> None:
    desk = make_desk(db)
    actor, clerk = enter_as(db, desk, role), make_operator(db, desk, "clerk", name="wang")
    session = enter(db, "wang")
    if role in ("owner", "manager"):
        assert lose(db, actor, clerk).sessions == 1 and find_session(db, session.token) is None
        return
    with pytest.raises(NotAllowed):
        lose(db, actor, clerk)
    assert find_session(db, session.token)


def test_a_fresh_proof_is_asked_for(db: Database) -> None:
    owner = enter(db, make_desk(db).owner).actor
    clock.shift_clock(11 * clock.MINUTE_US)
    with pytest.raises(ProofNeeded):
        lose(db, owner, owner.id)
