"""A fresh proof of who is there, by either credential: for step-up, for locking one's account, for approving.

Password and passkey come in one form, equal and in parallel; each stands behind the limiter.
"""

from collections.abc import Callable
from typing import TypeVar

from msgspec import Struct

from tocsin.access.assertion import Where, ask_passkey, check_assertion
from tocsin.access.challenge import METHOD
from tocsin.access.desk import desk_here, place_at
from tocsin.access.device import known_hash
from tocsin.access.limiter import Guess, SignInRefused, guarded_verify
from tocsin.access.login import tell_right
from tocsin.access.operator import read_names
from tocsin.access.password import DECOY_HASH, verify_password
from tocsin.access.step_up import mark_proved
from tocsin.access.verification import Candidate, find_candidate, may_enter, read_credentials
from tocsin.core.actor import Actor
from tocsin.core.db import Database, Tx

R = TypeVar("R")


class Proof(Struct, frozen=True):
    """What a form brought: the password, or a passkey's answer to a challenge of purpose `prove`.

    Args:
        finger: the token of an attempt that this desk's reader has matched, for those who take it (`sign_by_finger`).
    """

    password: str = ""
    passkey: str = ""
    finger: str = ""


class Proved(Struct, frozen=True):
    """The session is fresh again."""

    method: str


def ask_proof(db: Database, candidate: Candidate, where: Where) -> dict[str, object] | SignInRefused:
    """Return what the browser is asked for a proof by one of a name's passkeys."""
    return ask_passkey(db, candidate, where, purpose="prove", pressed=True)


def candidate_of(db: Database, actor: Actor) -> Candidate:
    """Return the actor as one who is to prove himself."""
    return find_candidate(
        db, db.read(actor.merchant_id, lambda tx: read_names(tx, operator_id=actor.id)).name
    )


def prove(db: Database, actor: Actor, proof: Proof, *, where: Where) -> Proved | SignInRefused:
    """Take a proof that the signed-in actor is there: his session is fresh for ten minutes.

    Args:
        where: with the actor's session.
    """
    method = METHOD if proof.passkey else "password"

    def renew(tx: Tx, _operator_id: int) -> Proved:
        mark_proved(tx, actor, method=method)
        return Proved(method)

    return prove_as(db, candidate_of(db, actor), proof, where=where, then=renew)


def prove_as(
    db: Database, candidate: Candidate, proof: Proof, *, where: Where, then: Callable[[Tx, int], R | None]
) -> R | SignInRefused:
    """Take a proof of who a name stands for, known or not, and return what `then` makes of it.

    Args:
        then: runs in the transaction that records the success, with the operator's id; None takes the success back.
    """

    def accept(tx: Tx, operator_id: int, _name_key: str) -> R | None:
        # A challenge that was made for another name proves nothing about this one.
        if operator_id != candidate.operator_id:
            return None
        return _accept(tx, candidate, where, method=METHOD if proof.passkey else "password", then=then)

    if proof.passkey:
        return check_assertion(db, proof.passkey, where, purpose="prove", then=accept)
    credentials = candidate.credentials
    hashed = credentials.hash if credentials else DECOY_HASH

    def on_right(tx: Tx) -> R | None:
        present = read_credentials(tx, operator_id=candidate.operator_id)
        if present is None or present != credentials:  # another password since
            return None
        if not present.opens_at(place_at(desk_here(tx, token=where.desk), address=where.address)):
            return None
        return accept(tx, candidate.operator_id, candidate.name_key)

    guess = Guess(
        "password",
        candidate.name_key,
        where.address,
        where.device,
        candidate.merchant_id,
        candidate.operator_id,
    )
    return guarded_verify(
        db, guess, secret_check=lambda: verify_password(proof.password, hashed), on_right=on_right
    )


def _accept(
    tx: Tx, candidate: Candidate, where: Where, *, method: str, then: Callable[[Tx, int], R | None]
) -> R | None:
    place = place_at(desk_here(tx, token=where.desk), address=where.address)
    if not may_enter(tx, operator_id=candidate.operator_id, place=place, method=method):
        return None
    made = then(tx, candidate.operator_id)
    if made is not None:
        digest = tx.vault.installation_digest("sign-in name", candidate.name_key)
        tell_right(
            tx, operator_id=candidate.operator_id, name_digest=digest, method=method, address=where.address,
            device=known_hash(tx, name_digest=digest, token=where.device),
        )  # fmt: skip
    return made
