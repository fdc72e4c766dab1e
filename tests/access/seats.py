"""Builders of enrolled desks, and of who sits at them."""

from typing import NamedTuple

from tests.access.people import HOME, PASSWORD, Desk, attempt, enter, make_operator
from tocsin.access.account import unseen_notices
from tocsin.access.desk import EnrolledDesk, enrol_desk, find_desk
from tocsin.access.login import SignedIn
from tocsin.access.pin import set_pin
from tocsin.core.actor import Actor
from tocsin.core.db import Database

PIN = "290417"


class Seat(NamedTuple):
    """An enrolled browser: its cookie's secret, and the desk that it is."""

    token: str
    desk: EnrolledDesk


def make_seat(db: Database, desk: Desk, *, name: str = "Till 2", shop_id: int = 0) -> Seat:
    """Return a desk that the merchant's owner has enrolled."""
    owner = enter(db, desk.owner).actor
    made = db.write(
        desk.merchant_id, lambda tx: enrol_desk(tx, owner, name=name, place="left", shop_id=shop_id)
    )
    found = db.read(0, lambda tx: find_desk(tx, token=made.token))
    assert found is not None
    return Seat(made.token, found)


def sit_down(db: Database, name: str, seat: Seat, *, password: str = PASSWORD, left: str = "") -> SignedIn:
    """Sign in at a desk, which must succeed."""
    done = attempt(db, name, password=password, address=HOME, desk=seat.token, replaces=left)
    assert isinstance(done, SignedIn), done
    return done


def clerk_at(db: Database, desk: Desk, seat: Seat, *, name: str = "wang", pin: str = PIN) -> SignedIn:
    """Return the session of a new clerk at a desk, with a PIN there."""
    make_operator(db, desk, "clerk", name=name)
    entered = sit_down(db, name, seat)
    if pin:
        set_pin(db, entered.actor, given=pin)
    return entered


def notices_of(db: Database, actor: Actor) -> list[str]:
    """Return the codes of what an account's owner has not yet been shown, oldest first."""
    found = db.read(actor.merchant_id, lambda tx: unseen_notices(tx, operator_id=actor.id))
    return [one.what for one in reversed(found)]
