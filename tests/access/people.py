"""Builders: a merchant with an owner, and people under him. Their passwords are right ones."""

from functools import cache
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa

from tocsin.access.limiter import SignInRefused
from tocsin.access.login import SignedIn, sign_in
from tocsin.access.operator import add_operator
from tocsin.access.password import hash_password
from tocsin.alarm.signal import Signal
from tocsin.alarm.table import signal
from tocsin.core.actor import Actor
from tocsin.core.db import Database
from tocsin.core.statement import Statement, own
from tocsin.core.tenant import create_merchant, create_shop

PASSWORD = "four unrelated pears today"
WRONG = "four unrelated pears tomorrow"
HOME, ELSEWHERE = "192.0.2.7", "198.51.100.9"

_SIGNALS = Statement[Any](
    sa.select(*(signal.c[field] for field in Signal.__struct_fields__))
    .where(own(signal))
    .order_by(signal.c.id)
)


class Desk(NamedTuple):
    """A merchant, and his owner's name."""

    merchant_id: int
    owner: str


@cache
def right_hash() -> str:
    """The hash of `PASSWORD`, computed once."""
    return hash_password(PASSWORD)


def make_desk(db: Database, name: str = "梨园果业") -> Desk:
    """Return a merchant with one shop and an owner."""
    merchant_id = db.write(0, lambda tx: create_merchant(tx, name=name))
    db.write(merchant_id, lambda tx: create_shop(tx, code="S1", name="店", zone="Asia/Shanghai"))
    desk = Desk(merchant_id, f"owner-{merchant_id}")
    make_operator(db, desk, "owner", name=desk.owner)
    return desk


def make_operator(db: Database, desk: Desk, role: str, *, name: str = "") -> int:
    """Return the id of a new operator with `PASSWORD`."""
    named = name or f"{role}-{desk.merchant_id}"
    return db.write(
        desk.merchant_id,
        lambda tx: add_operator(
            tx, name=named, display_name=named, role=role, password_hash=right_hash(), locale="zh_CN",
            zone="Asia/Shanghai", created_by=0,
        ),
    )  # fmt: skip


def enter(
    db: Database, name: str, *, password: str = PASSWORD, address: str = HOME, device: str = ""
) -> SignedIn:
    """Sign in, which must succeed."""
    done = attempt(db, name, password=password, address=address, device=device)
    assert isinstance(done, SignedIn), done
    return done


def attempt(
    db: Database, name: str, *, password: str = WRONG, address: str = ELSEWHERE, device: str = "", **more: str
) -> SignedIn | SignInRefused:
    """Try to sign in; `more` is the desk's cookie, or the session that the browser brings along."""
    return sign_in(
        db, name=name, password=password, address=address, device=device, user_agent="Firefox on a desk", **more
    )  # fmt: skip


def signals_of(db: Database, merchant_id: int) -> list[Signal]:
    """Return what the alarm was told of a merchant (0: of unknown names), oldest first."""
    found = db.read(merchant_id, lambda tx: tx.rows(_SIGNALS))
    named = [dict(zip(Signal.__struct_fields__, row, strict=True)) for row in found]
    return [Signal(**{**one, "data": msgspec.json.decode(one["data"])}) for one in named]


def enter_as(db: Database, desk: Desk, role: str) -> Actor:
    """Return the actor of a new operator with a role, or of the owner."""
    if role == "owner":
        return enter(db, desk.owner).actor
    make_operator(db, desk, role)
    return enter(db, f"{role}-{desk.merchant_id}").actor
