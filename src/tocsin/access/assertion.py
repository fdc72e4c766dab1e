"""Assertions: a passkey's answer to a challenge, looked at once, for the sign-in and for every later proof.

Passwords never lock it: a right answer always opens. A wrong one is told the alarm, and spends the
budget of its address; the answer that goes back says no more than “wrong”.
"""

from collections.abc import Callable
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from tocsin.access.ceremony import (
    Answer,
    AnswerRefused,
    RelyingParty,
    Used,
    decode,
    read_answer,
    request_options,
    verify_use,
)
from tocsin.access.challenge import METHOD, Asked, Purpose, Taken, make_challenge, take_challenge
from tocsin.access.device import user_of
from tocsin.access.limiter import Guess, Locked, SignInRefused, name_guess, note_right, spend_budget
from tocsin.access.operator import read_names
from tocsin.access.passkey import (
    KnownPasskey,
    PasskeysOff,
    allowed_credentials,
    find_passkey,
    note_use,
    user_handle,
)
from tocsin.access.secret import hash_secret
from tocsin.access.verification import Candidate, sign_in_key
from tocsin.alarm.signal import Kind
from tocsin.core.address import address_group
from tocsin.core.db import DIRECTORY_SCOPE, Database, Tx

R = TypeVar("R")
# A page that could not even ask says nothing about a finger.
NOT_COUNTED = frozenset({"AbortError", "InvalidStateError", "NotSupportedError", "SecurityError"})


class Where(Struct, frozen=True):
    """Where a ceremony takes place.

    Args:
        party: whose passkeys; None: browsers give none there, and no answer is taken.
        device: the device cookie's secret, if the browser has one; `desk` the desk cookie's, at an enrolled desk.
        session_id: the session that a proof is for; 0 before the sign-in.
    """

    party: RelyingParty | None
    address: str
    device: str = ""
    desk: str = ""
    session_id: int = 0


def ask_passkey(
    db: Database, candidate: Candidate | None, where: Where, *, purpose: Purpose, pressed: bool
) -> dict[str, object] | SignInRefused:
    """Return what the browser is asked: for a name's passkeys, or for any; a name that is unknown gets the same shape.

    Args:
        candidate: whose passkeys; None: any of the desk's.
        pressed: somebody asked for it; else the page only waits in case one is chosen.

    Raises:
        PasskeysOff: browsers give no passkeys there.
    """
    if (party := where.party) is None:
        raise PasskeysOff
    name_key = candidate.name_key if candidate else ""
    named = db.read(DIRECTORY_SCOPE, lambda tx: _whose(tx, candidate, where))
    browser = hash_secret(where.device) if where.device else f"address:{address_group(where.address)}"
    asked = Asked(
        purpose, where.address, operator_id=named.operator_id, session_id=where.session_id, name_digest=named.name_digest,
        device=named.known_device, browser=browser, decoy=named.decoy, pressed=pressed,
    )  # fmt: skip

    def make(tx: Tx) -> dict[str, object] | SignInRefused:
        made = make_challenge(tx, asked)
        if isinstance(made, Locked):
            return SignInRefused("locked", made.retry_after_seconds)
        allowed = (
            allowed_credentials(tx, operator_id=named.operator_id, name_key=name_key) if candidate else []
        )
        return request_options(party, made, allowed=allowed)

    return db.write(named.merchant_id, make)


def _whose(tx: Tx, candidate: Candidate | None, where: Where) -> Guess:
    """Return at whose account it would fail: the one that is named; without a name, the only user of a known device."""
    if candidate is None:
        merchant_id, operator_id, known = user_of(tx, token=where.device)
        return Guess(
            METHOD, "", where.address, merchant_id=merchant_id, operator_id=operator_id, known_device=known
        )
    return name_guess(
        tx,
        Guess(
            METHOD,
            candidate.name_key,
            where.address,
            where.device,
            candidate.merchant_id,
            candidate.operator_id,
        ),
    )


def check_assertion(
    db: Database, text: str, where: Where, *, purpose: Purpose, then: Callable[[Tx, int, str], R | None]
) -> R | SignInRefused:
    """Look at an answer once; return what `then` makes of it, or the refusal.

    Args:
        text: the answer as the browser's `toJSON` spells it; anything else is refused.
        then: runs in the transaction that records the success, with the operator and his sign-in name's key;
            None takes the success back.
    """
    taken: Taken | None = None
    found: KnownPasskey | None = None
    try:
        if where.party is None:
            raise AnswerRefused("off")
        answer = read_answer(text)
        taken = db.write(DIRECTORY_SCOPE, lambda tx: take_challenge(
            tx, answer.challenge, purpose=purpose, session_id=where.session_id
        ))  # fmt: skip
        found = db.read(DIRECTORY_SCOPE, lambda tx: find_passkey(tx, credential_id=answer.credential_id))
        if taken is None or found is None:
            raise AnswerRefused("challenge" if found else "unknown")
        if taken.name_digest and (taken.merchant_id, taken.operator_id) != (
            found.merchant_id,
            found.operator_id,
        ):
            raise AnswerRefused("other_operator")
        used = verify_use(answer, where.party, challenge=answer.challenge, public_key=found.public_key)
    except AnswerRefused as refused:
        return _refuse(db, _guess(db, where, taken, found), reason=refused.reason, found=found)
    return _settle(
        db, answer, used, guess=_guess(db, where, taken, found), named=bool(taken.name_digest), then=then
    )


def report_failure(db: Database, made: str, where: Where, *, purpose: Purpose, error: str) -> bool:
    """Take a page's word that a ceremony failed: inferred, not observed. Tell whether it was counted.

    Args:
        made: the challenge in Base64url; each is reported once.
        error: the name of the exception that the page caught.
    """
    try:
        challenge = decode(made)
    except ValueError:
        return False
    taken = db.write(DIRECTORY_SCOPE, lambda tx: take_challenge(
        tx, challenge, purpose=purpose, session_id=where.session_id, failed=True
    ))  # fmt: skip
    if taken is None or error in NOT_COUNTED:
        return False
    guess, reason = (
        taken.guess(),
        error if error.isascii() and error.isalpha() and len(error) <= 30 else "unnamed",
    )
    db.write(guess.merchant_id, lambda tx: spend_budget(tx, guess, outcome="inferred", reason=reason))
    return True


def _settle(
    db: Database,
    answer: Answer,
    used: Used,
    *,
    guess: Guess,
    named: bool,
    then: Callable[[Tx, int, str], R | None],
) -> R | SignInRefused:
    def record(tx: Tx) -> R | SignInRefused:
        found = find_passkey(tx, credential_id=answer.credential_id, lock=True)
        assert found is not None  # passkeys are never deleted
        subject = f"passkey:{found.id}"
        reason, kind = _still_wrong(tx, answer, used, found=found, named=named)
        made = None if reason else then(tx, found.operator_id, guess.name_key)
        if made is None:
            locked = spend_budget(tx, guess, kind=kind, subject=subject, reason=reason or "not_let_in")
            return SignInRefused("locked", locked.retry_after_seconds) if locked else SignInRefused("wrong")
        note_use(tx, credential_id=answer.credential_id, sign_count=used.sign_count, backed_up=used.backed_up)
        note_right(tx, guess)
        return made

    return db.write(guess.merchant_id, record)


def _still_wrong(tx: Tx, answer: Answer, used: Used, *, found: KnownPasskey, named: bool) -> tuple[str, Kind]:
    """Return what the signature itself does not tell, empty where all is right."""
    if found.revoked_at_us is not None:
        return "revoked", "revoked_used"
    if (answer.user_handle or not named) and not _is_handle(tx, answer, found):
        return "user_handle", "credential_wrong"
    # A counter that does not rise: the key was copied. Source: W3C Web Authentication Level 3, §6.1.1.
    if (used.sign_count or found.sign_count) and used.sign_count <= found.sign_count:
        return "counter", "credential_wrong"
    return "", "credential_wrong"


def _is_handle(tx: Tx, answer: Answer, found: KnownPasskey) -> bool:
    return bool(answer.user_handle) and decode(answer.user_handle) == user_handle(
        tx, operator_id=found.operator_id
    )


def _guess(db: Database, where: Where, taken: Taken | None, found: KnownPasskey | None) -> Guess:
    """Return at whose account it was tried: the one that was named, else the passkey's."""
    if taken is not None and taken.name_digest and not (found and found.operator_id == taken.operator_id):
        return replace(taken.guess(), address=where.address)
    if found is None:
        return replace(taken.guess(), address=where.address) if taken else Guess(METHOD, "", where.address)
    names = db.read(found.merchant_id, lambda tx: read_names(tx, operator_id=found.operator_id))
    return Guess(
        METHOD, sign_in_key(names.name), where.address, where.device, found.merchant_id, found.operator_id
    )


def _refuse(db: Database, guess: Guess, *, reason: str, found: KnownPasskey | None) -> SignInRefused:
    subject = f"passkey:{found.id}" if found else ""
    locked = db.write(guess.merchant_id, lambda tx: spend_budget(tx, guess, subject=subject, reason=reason))
    return SignInRefused("locked", locked.retry_after_seconds) if locked else SignInRefused("wrong")
