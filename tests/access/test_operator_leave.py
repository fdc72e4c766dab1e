"""Who leaves has nothing left that opens; his name stays his, and who comes back begins anew."""

import pytest

from tests.access.passkeys import make_passkey, sign_in_with
from tests.access.people import HOME, PASSWORD, attempt, enter, enter_as, make_desk, make_operator
from tests.access.seats import PIN, clerk_at, make_seat, sit_down
from tests.access.test_pin import unlock
from tocsin.access.api_key import create_api_key, find_api_key
from tocsin.access.limiter import SignInRefused
from tocsin.access.login import SignedIn
from tocsin.access.operator import LastOwner, NameTaken, OperatorLeft, list_operators, restore_operator
from tocsin.access.operator_invite import Joined, invite_again, invite_operator, join_with_password
from tocsin.access.operator_leave import offboard_operator, what_ended
from tocsin.access.pin import set_pin
from tocsin.access.recovery import make_recovery_codes, make_reset_code, redeem_code
from tocsin.access.session import find_session
from tocsin.access.step_up import ProofNeeded
from tocsin.alarm.channel import Address
from tocsin.alarm.recipient import add_recipient, all_recipients
from tocsin.core import clock
from tocsin.core.actor import Actor, NotAllowed
from tocsin.core.db import Database

WRONG = SignInRefused("wrong")


def offboard(db: Database, actor: Actor, who: int) -> None:
    db.write(actor.merchant_id, lambda tx: offboard_operator(tx, actor, operator_id=who))


def test_an_owner_who_leaves_has_nothing_left_that_opens(db: Database) -> None:
    desk = make_desk(db)
    seat, owner = make_seat(db, desk), enter(db, desk.owner).actor
    second = make_operator(db, desk, "owner", name="second")
    at_desk = sit_down(db, "second", seat)
    set_pin(db, at_desk.actor, given=PIN)
    finger = make_passkey(db, enter(db, "second").actor)
    elsewhere = enter(db, "second")
    codes = db.write(desk.merchant_id, lambda tx: make_recovery_codes(tx, elsewhere.actor))
    elsewhere, at_desk = enter(db, "second"), sit_down(db, "second", seat)
    key = db.write(
        desk.merchant_id,
        lambda tx: create_api_key(tx, elsewhere.actor, name="wms", scopes=frozenset({"query"})),
    )
    db.write(desk.merchant_id, lambda tx: add_recipient(
        tx, owner, Address("ntfy", "ntfy://ntfy.sh/x", "ntfy.sh"), name="second", locale="en", operator_id=second
    ))  # fmt: skip
    assert isinstance(find_api_key(db, key, address=HOME), Actor)
    offboard(db, owner, second)
    opened = [
        find_session(db, elsewhere.token), find_session(db, at_desk.token, desk=seat.token),
        attempt(db, "second", password=PASSWORD, address=HOME), attempt(db, "second", password=PASSWORD, desk=seat.token),
        find_api_key(db, key, address=HOME), unlock(db, seat, second), sign_in_with(db, finger),
        redeem_code(db, name="second", code=codes[0], password="seven green kettles sing", address=HOME),
    ]  # fmt: skip
    assert [one for one in opened if one not in (None, WRONG)] == []
    assert db.read(desk.merchant_id, all_recipients) == []
    done = {
        one.kind: one.subject_id
        for one in db.read(desk.merchant_id, lambda tx: what_ended(tx, operator_id=second))
    }
    assert done.keys() == {
        "sessions",
        "passkeys",
        "pins",
        "password",
        "codes",
        "recipients",
        "api_key",
        "devices",
    }
    assert (done["passkeys"], done["pins"], done["codes"], done["recipients"]) == (1, 1, 10, 1)


def test_his_name_stays_reserved_and_he_comes_back_by_an_invitation_alone(db: Database) -> None:
    desk = make_desk(db)
    owner, clerk = enter(db, desk.owner).actor, make_operator(db, desk, "clerk", name="wang")
    offboard(db, owner, clerk)
    with pytest.raises(NameTaken):
        db.write(
            desk.merchant_id,
            lambda tx: invite_operator(tx, owner, name="wang", display_name="", role="clerk"),
        )
    for verb in (
        lambda tx: restore_operator(tx, owner, operator_id=clerk),
        lambda tx: offboard_operator(tx, owner, operator_id=clerk),
    ):
        with pytest.raises(OperatorLeft):
            db.write(desk.merchant_id, verb)
    token = db.write(desk.merchant_id, lambda tx: invite_again(tx, owner, operator_id=clerk))
    assert attempt(db, "wang", password=PASSWORD, address=HOME) == WRONG, "nothing of before comes back"
    assert isinstance(join_with_password(db, token, given="seven green kettles sing", address=HOME), Joined)
    assert isinstance(attempt(db, "wang", password="seven green kettles sing", address=HOME), SignedIn)
    found = db.read(desk.merchant_id, lambda tx: list_operators(tx, owner))
    assert [one.left_at_us for one in found if one.id == clerk] == [0]


@pytest.mark.parametrize("role", ["owner", "manager", "clerk", "checker", "auditor"])
def test_who_lets_a_clerk_leave(db: Database, role: str) -> None:
    desk = make_desk(db)
    actor, clerk = enter_as(db, desk, role), make_operator(db, desk, "clerk", name="wang")
    if role in ("owner", "manager"):
        offboard(db, actor, clerk)
        return
    with pytest.raises(NotAllowed):
        offboard(db, actor, clerk)


def test_nobody_lets_himself_leave_nor_who_is_above_nor_without_a_fresh_proof(db: Database) -> None:
    desk = make_desk(db)
    owner, manager = enter(db, desk.owner).actor, enter_as(db, desk, "manager")
    for who in (owner.id, manager.id):
        with pytest.raises(NotAllowed):
            offboard(db, manager, who)
    second = make_operator(db, desk, "owner", name="second")
    with pytest.raises(NotAllowed):
        offboard(db, owner, owner.id)
    offboard(db, owner, second)
    assert LastOwner.kind == "conflict"
    clock.shift_clock(11 * clock.MINUTE_US)
    with pytest.raises(ProofNeeded):
        offboard(db, owner, manager.id)


def test_a_code_that_was_shown_before_opens_nothing_after(db: Database) -> None:
    desk = make_desk(db)
    seat, owner = make_seat(db, desk), enter(db, desk.owner).actor
    clerk = clerk_at(db, desk, seat)
    code = db.write(desk.merchant_id, lambda tx: make_reset_code(tx, owner, operator_id=clerk.actor.id)).code
    offboard(db, owner, clerk.actor.id)
    again = db.write(desk.merchant_id, lambda tx: invite_again(tx, owner, operator_id=clerk.actor.id))
    assert again
    assert redeem_code(db, name="wang", code=code, password="seven green kettles sing", address=HOME) == WRONG
