"""Builders: a passkey that an operator has added, and ceremonies with it."""

from typing import Any

from msgspec.structs import replace

from tests.access.people import HOME
from tests.peers.authenticator import Authenticator
from tocsin.access.assertion import Where, ask_passkey
from tocsin.access.ceremony import RelyingParty, relying_party
from tocsin.access.limiter import SignInRefused
from tocsin.access.login import SignedIn, sign_in_by_passkey
from tocsin.access.passkey import add_passkey, begin_passkey
from tocsin.access.verification import find_candidate
from tocsin.alarm.table import signal
from tocsin.core.actor import Actor
from tocsin.core.db import Database
from tocsin.core.statement import Statement

_SIGNALS = Statement[tuple[str, str, str, int, str, str]](
    signal.select().with_only_columns(
        signal.c.kind, signal.c.outcome, signal.c.method, signal.c.operator_id, signal.c.subject, signal.c.device
    ).order_by(signal.c.id)
)  # fmt: skip
BASE = "http://localhost:8717"
PARTY = relying_party(BASE) or RelyingParty("", "")
THERE = Where(PARTY, HOME)


def ask_new(db: Database, actor: Actor) -> dict[str, Any]:
    """Return the options of a new passkey."""
    options = db.write(actor.merchant_id, lambda tx: begin_passkey(tx, actor, party=PARTY, address=HOME))
    assert isinstance(options, dict), options
    return options


def make_passkey(db: Database, actor: Actor, *, name: str = "我的手机", **made: Any) -> Authenticator:
    """Return the authenticator of a new passkey of the actor."""
    authenticator = Authenticator(origin=BASE, **made)
    add_passkey(db, actor, name=name, answer=authenticator.create(ask_new(db, actor)), party=PARTY)
    return authenticator


def ask(db: Database, name: str = "", *, where: Where = THERE, pressed: bool = True) -> dict[str, Any]:
    """Return the options of a sign-in, by name or with any passkey."""
    candidate = find_candidate(db, name) if name else None
    options = ask_passkey(db, candidate, where, purpose="sign_in", pressed=pressed)
    assert isinstance(options, dict), options
    return options


def sign_in_with(
    db: Database, authenticator: Authenticator, *, name: str = "", device: str = "", **changes: Any
) -> SignedIn | SignInRefused:
    """Sign in with a passkey; `changes` are what is wrong with the answer."""
    where = replace(THERE, device=device)
    return sign_in_by_passkey(db, authenticator.sign(ask(db, name, where=where), **changes), where)


def told(db: Database) -> list[tuple[str, str, str, int, str, str]]:
    """What the alarm was told of passkeys."""
    return [tuple(row) for row in db.read(0, lambda tx: tx.rows(_SIGNALS)) if row[2] == "passkey"]  # type: ignore[misc]
