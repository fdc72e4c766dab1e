"""Signatures of a shift handover: each person proves himself, by password, passkey or the desk's reader, for this very act.

Who comes may sign on the screen of who leaves: he gets a session there, and that of who left has ended.
"""

from collections.abc import Callable
from typing import TypeVar

from msgspec import Struct

from tocsin.access.assertion import Where, ask_passkey
from tocsin.access.challenge import METHOD as PASSKEY
from tocsin.access.finger_attempt import METHOD as READER
from tocsin.access.finger_use import Browser as AtReader
from tocsin.access.finger_use import sign_by_finger
from tocsin.access.limiter import SignInRefused
from tocsin.access.login import SignedIn, complete_sign_in
from tocsin.access.proof import Proof, candidate_of, prove_as
from tocsin.access.session import renew_token
from tocsin.access.verification import Candidate, find_candidate
from tocsin.core.actor import Actor
from tocsin.core.db import Database, Tx
from tocsin.core.errors import Refusal
from tocsin.tickets.shift import (
    NoteTooLong,
    ShiftForOther,
    ShiftNotYours,
    ShiftOtherwise,
    ShiftSignedTwice,
    offer_shift,
    require_taker,
    take_over_shift,
)
from tocsin.tickets.shift_state import ShiftMissing

R = TypeVar("R")
_REFUSED = (NoteTooLong, ShiftForOther, ShiftMissing, ShiftNotYours, ShiftOtherwise, ShiftSignedTwice)


class Signed(Struct, frozen=True):
    """A signature was taken: the new token of the session, and the record's id where it was the second one."""

    token: str
    record_id: int = 0


class Entered(Struct, frozen=True):
    """Who came has signed on the screen of who left: his session there, and the record's id."""

    session: SignedIn
    record_id: int


class Browser(Struct, frozen=True):
    """What a browser brought along when somebody signs in it for himself: its session's token, and what it calls itself."""

    token: str
    user_agent: str = ""


def sign_out_of_shift(
    db: Database, actor: Actor, proof: Proof, *, where: Where, token: str, shift_id: int, to_id: int = 0, note: str = ""
) -> Signed | SignInRefused:  # fmt: skip
    """Take the signature of who leaves, by a proof of his own.

    Raises:
        whatever `offer_shift` raises.
    """

    def sign(tx: Tx) -> Signed:
        offer_shift(tx, actor, shift_id=shift_id, method=_method(proof), to_id=to_id, note=note)
        return Signed(renew_token(tx, token=token))

    return _prove(db, candidate_of(db, actor), proof, actor=actor, where=where, then=lambda tx, _: sign(tx))


def sign_into_shift(
    db: Database, actor: Actor, proof: Proof, *, where: Where, token: str, shift_id: int
) -> Signed | SignInRefused:
    """Take the signature of who comes, in a session of his own.

    Raises:
        whatever `take_over_shift` raises.
    """

    def sign(tx: Tx) -> Signed:
        record_id = take_over_shift(tx, actor, shift_id=shift_id, method=_method(proof))
        return Signed(renew_token(tx, token=token), record_id)

    return _prove(db, candidate_of(db, actor), proof, actor=actor, where=where, then=lambda tx, _: sign(tx))


def sign_in_at_shift(
    db: Database, actor: Actor, proof: Proof, *, name: str, where: Where, browser: Browser, shift_id: int
) -> Entered | SignInRefused:  # fmt: skip
    """Take the signature of who comes, on the screen of who leaves; he is signed in there.

    Args:
        actor: who leaves, or whose session the browser has.

    Raises:
        whatever `take_over_shift` raises.
    """
    candidate, method = find_candidate(db, name), _method(proof)

    def sign(tx: Tx, operator_id: int) -> Entered | None:
        require_taker(tx, operator_id=operator_id, shift_id=shift_id)
        entered = complete_sign_in(
            tx, operator_id=operator_id, name_key=candidate.name_key, method=method, address=where.address,
            user_agent=browser.user_agent, device=where.device, replaces=browser.token, desk=where.desk,
        )  # fmt: skip
        if entered is None:
            return None
        return Entered(entered, take_over_shift(tx, entered.actor, shift_id=shift_id, method=method))

    return _prove(db, candidate, proof, actor=actor, where=where, then=sign)


def ask_finger(db: Database, name: str, where: Where) -> dict[str, object] | SignInRefused:
    """Return what the browser is asked for the fingerprint of who signs by name."""
    return ask_passkey(db, find_candidate(db, name), where, purpose="prove", pressed=True)


def _prove(
    db: Database, candidate: Candidate, proof: Proof, *, actor: Actor, where: Where, then: Callable[[Tx, int], R | None]
) -> R | SignInRefused:  # fmt: skip
    """Prove, then sign. What is refused then is told as that, and was no wrong credential."""

    def sign(tx: Tx, operator_id: int) -> R | Refusal | None:
        if tx.merchant_id != actor.merchant_id:  # somebody of another house
            return None
        try:
            return then(tx, operator_id)
        except _REFUSED as refusal:  # each is raised before anything is written
            return refusal

    found: R | Refusal | SignInRefused
    if proof.finger:
        at = AtReader(where.desk, where.address)
        found = sign_by_finger(
            db, actor, token=proof.finger, browser=at, operator_id=candidate.operator_id, then=sign
        )
    else:
        found = prove_as(db, candidate, proof, where=where, then=sign)
    if isinstance(found, Refusal):
        raise found
    return found


def _method(proof: Proof) -> str:
    return READER if proof.finger else PASSKEY if proof.passkey else "password"
