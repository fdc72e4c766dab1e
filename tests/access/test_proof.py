"""A fresh proof: by password or passkey, one as good as the other, each behind the limiter."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from tests.access.passkeys import THERE, make_passkey
from tests.access.people import PASSWORD, WRONG, Desk, enter, enter_as, make_desk, make_operator
from tests.peers.authenticator import Authenticator
from tocsin.access.api_key import create_api_key
from tocsin.access.limiter import SignInRefused
from tocsin.access.operator import create_operator, suspend_operator
from tocsin.access.operator_role import change_role
from tocsin.access.proof import Proof, Proved, ask_proof, candidate_of, prove, prove_as
from tocsin.access.recovery import make_reset_code
from tocsin.access.session import find_session
from tocsin.access.step_up import FRESH_US, ProofNeeded, is_proved
from tocsin.access.verification import find_candidate
from tocsin.alarm.table import signal
from tocsin.core.actor import Actor
from tocsin.core.clock import shift_clock
from tocsin.core.db import Database, Tx
from tocsin.core.statement import Statement

REFUSED = SignInRefused("wrong")
_KINDS = Statement[tuple[str, str, str]](
    signal.select().with_only_columns(signal.c.kind, signal.c.method, signal.c.device).order_by(signal.c.id)
)


def answer_of(db: Database, actor: Actor, finger: Authenticator) -> str:
    """The passkey's answer to a challenge for a proof in the actor's session."""
    where = replace(THERE, session_id=actor.session_id)
    options = ask_proof(db, candidate_of(db, actor), where)
    assert isinstance(options, dict), options
    return finger.sign(options)


def test_either_credential_makes_a_stale_session_fresh(db: Database) -> None:
    desk = make_desk(db)
    entered = enter(db, desk.owner)
    finger = make_passkey(db, entered.actor)
    where = replace(THERE, session_id=entered.actor.session_id, device=entered.device_token)
    for minutes, proof in ((1, Proof(password=PASSWORD)), (2, None)):
        shift_clock(minutes * FRESH_US + minutes)
        stale = find_session(db, entered.token)
        assert stale is not None and not is_proved(stale)
        given = proof or Proof(passkey=answer_of(db, stale, finger))
        assert prove(db, stale, Proof(password=WRONG), where=where) == REFUSED
        assert isinstance(prove(db, stale, given, where=where), Proved)
        fresh = find_session(db, entered.token)
        assert fresh is not None and is_proved(fresh)
    rows = db.read(0, lambda tx: tx.rows(_KINDS))
    assert [row[:2] for row in rows[1:]] == [
        ("credential_wrong", "password"), ("credential_right", "password"),
        ("credential_wrong", "password"), ("credential_right", "passkey"),
    ]  # fmt: skip
    assert len({row[2] for row in rows[1:]}) == 1 and rows[1][2] not in ("", entered.device_token)


def test_a_proof_is_for_its_session_its_purpose_and_its_operator(db: Database) -> None:
    desk = make_desk(db)
    make_operator(db, desk, "clerk", name="clerk")
    owner, clerk = enter(db, desk.owner).actor, enter(db, "clerk").actor
    finger, other = make_passkey(db, owner), make_passkey(db, clerk)
    here = replace(THERE, session_id=owner.session_id)
    elsewhere = replace(THERE, session_id=enter(db, desk.owner).actor.session_id)
    answer = answer_of(db, owner, finger)
    assert prove(db, owner, Proof(passkey=answer), where=elsewhere) == REFUSED
    assert isinstance(prove(db, owner, Proof(passkey=answer), where=here), Proved)
    assert prove(db, owner, Proof(passkey=answer), where=here) == REFUSED
    assert prove(db, owner, Proof(passkey=answer_of(db, owner, other)), where=here) == REFUSED
    assert prove(db, owner, Proof(), where=here) == REFUSED


def test_a_name_alone_is_proved_by_either_and_by_nobody_elses(db: Database) -> None:
    desk = make_desk(db)
    make_operator(db, desk, "clerk", name="clerk")
    owner, clerk = enter(db, desk.owner).actor, enter(db, "clerk").actor
    finger, other = make_passkey(db, owner), make_passkey(db, clerk)

    def ask(name: str) -> dict[str, Any]:
        found = ask_proof(db, find_candidate(db, name), THERE)
        assert isinstance(found, dict)
        return found

    def locked(name: str, proof: Proof) -> int | SignInRefused:
        return prove_as(
            db, find_candidate(db, name), proof, where=THERE, then=lambda _, operator_id: operator_id
        )

    assert locked(desk.owner, Proof(password=PASSWORD)) == owner.id
    assert locked(desk.owner, Proof(passkey=finger.sign(ask(desk.owner)))) == owner.id
    assert locked(desk.owner, Proof(passkey=other.sign(ask("clerk")))) == REFUSED
    assert locked("nobody", Proof(passkey=other.sign(ask("clerk")))) == REFUSED
    assert locked("nobody", Proof(password=PASSWORD)) == REFUSED


DEAR: dict[str, Callable[[Tx, Actor, int], object]] = {
    "create_operator": lambda tx, actor, _: create_operator(
        tx, actor, name="new", display_name="new", role="clerk", password_hash="-"
    ),
    "change_role": lambda tx, actor, clerk: change_role(tx, actor, operator_id=clerk, role="checker"),
    "suspend": lambda tx, actor, clerk: suspend_operator(tx, actor, operator_id=clerk),
    "reset": lambda tx, actor, clerk: make_reset_code(tx, actor, operator_id=clerk),
    "key": lambda tx, actor, _: create_api_key(tx, actor, name="x", scopes=frozenset({"query"})),
}


@pytest.mark.parametrize("name", DEAR)
def test_what_is_dear_asks_for_a_fresh_proof(db: Database, name: str) -> None:
    desk: Desk = make_desk(db)
    owner, clerk = enter_as(db, desk, "owner"), make_operator(db, desk, "clerk")
    verb = DEAR[name]
    with pytest.raises(ProofNeeded):
        db.write(desk.merchant_id, lambda tx: verb(tx, replace(owner, proved_at_us=1), clerk))
    db.write(desk.merchant_id, lambda tx: verb(tx, owner, clerk))
