"""Box 2, sign-in: name → verification → methods offered → credential → session.

The name is asked first; an unknown one is answered as a known one would be, costs the same reads
and the same hash, and is limited the same way.
"""

from msgspec import Struct

from tocsin.access.account import credential_changed
from tocsin.access.assertion import Where, check_assertion
from tocsin.access.challenge import METHOD
from tocsin.access.desk import desk_here, place_at
from tocsin.access.device import known_hash, remember_device
from tocsin.access.limiter import Guess, SignInRefused, guarded_verify
from tocsin.access.lock import make_way
from tocsin.access.method import Offered, offer_methods
from tocsin.access.operator import read_names, set_password
from tocsin.access.password import DECOY_HASH, hash_password, strength_of, verify_password
from tocsin.access.pin import renew_tries
from tocsin.access.session import create_session, end_by_token, read_session
from tocsin.access.verification import FULL_ROLES, find_candidate, may_enter, read_credentials, sign_in_key
from tocsin.alarm.signal import Signal, send_signal
from tocsin.core.actor import Actor
from tocsin.core.db import Database, Tx
from tocsin.core.event import append_event
from tocsin.core.journal import write_journal


class SignedIn(Struct, frozen=True):
    """A sign-in that succeeded: both tokens go into cookies, and are in no table."""

    token: str
    device_token: str
    actor: Actor


class PasswordChanged(Struct, frozen=True):
    """The password is another now, and so many other sessions have ended."""

    sessions_ended: int


def begin_sign_in(db: Database, name: str, *, passkeys: bool = False, reader: bool = False) -> Offered:
    """Return the methods offered to a name, known or not; `passkeys` and `reader` where they can be used."""
    return offer_methods(find_candidate(db, name), passkeys=passkeys, reader=reader)


def sign_in(
    db: Database, *, name: str, password: str, address: str, device: str = "", user_agent: str = "", replaces: str = "",
    desk: str = "",
) -> SignedIn | SignInRefused:  # fmt: skip
    """Sign in by name and password, into a session with a token of its own.

    Args:
        device: the device cookie's secret, if the browser has one.
        replaces: the session token that the browser brought along; that session ends.
        desk: the desk cookie's secret, if the browser is an enrolled desk.
    """
    candidate = find_candidate(db, name)
    operator_id, hashed = candidate.operator_id, DECOY_HASH
    if candidate.credentials is not None:
        hashed = candidate.credentials.hash

    def open_session(tx: Tx) -> SignedIn | None:
        # Given another password while the hash was computed.
        present = read_credentials(tx, operator_id=operator_id)
        if present is None or present != candidate.credentials:
            return None
        if not present.opens_at(place_at(desk_here(tx, token=desk), address=address)):
            return None
        return complete_sign_in(
            tx, operator_id=operator_id, name_key=candidate.name_key, method="password", address=address,
            user_agent=user_agent, device=device, replaces=replaces, desk=desk,
        )  # fmt: skip

    guess = Guess("password", candidate.name_key, address, device, candidate.merchant_id, operator_id)
    return guarded_verify(
        db, guess, secret_check=lambda: verify_password(password, hashed), on_right=open_session
    )  # fmt: skip


def sign_in_by_passkey(
    db: Database, answer: str, where: Where, *, user_agent: str = "", replaces: str = ""
) -> SignedIn | SignInRefused:
    """Sign in by a passkey's answer to a challenge, with or without a name before it.

    Args:
        answer: what the browser sent, whatever it is.
        replaces: the session token that the browser brought along; that session ends.
    """

    def open_session(tx: Tx, operator_id: int, name_key: str) -> SignedIn | None:
        return complete_sign_in(
            tx, operator_id=operator_id, name_key=name_key, method=METHOD, address=where.address, user_agent=user_agent,
            device=where.device, replaces=replaces, desk=where.desk,
        )  # fmt: skip

    return check_assertion(db, answer, where, purpose="sign_in", then=open_session)


def complete_sign_in(
    tx: Tx, *, operator_id: int, name_key: str, method: str, address: str, user_agent: str = "", device: str = "",
    replaces: str = "", desk: str = "",
) -> SignedIn | None:  # fmt: skip
    """Open the session of an operator whose credential was right; None where verification does not let him in.

    Whatever the method, this is the one way to a session. The alarm is told, so that a mistyped credential closes.

    Args:
        name_key: the operator's sign-in name as `sign_in_key` spells it.
        device: the device cookie's secret, if the browser has one.
        replaces: the session token that the browser brought along; that session ends, and is locked where it is
            another operator's at the same enrolled desk.
        desk: the desk cookie's secret, if the browser is an enrolled desk.
    """
    here = desk_here(tx, token=desk)
    desk_id = here.id if here else 0
    if not may_enter(tx, operator_id=operator_id, place=place_at(here, address=address), method=method):
        return None
    digest = tx.vault.installation_digest("sign-in name", name_key)
    known = known_hash(tx, name_digest=digest, token=device)
    device_token = remember_device(tx, operator_id=operator_id, name_digest=digest, token=device)
    made = create_session(
        tx, operator_id=operator_id, device=user_agent, address=address, method=method, desk_id=desk_id
    )
    _settle_browser(tx, made.id, operator_id=operator_id, desk_id=desk_id, replaces=replaces)
    actor = read_session(tx, token=made.token, address=address, desk=desk).actor
    assert actor is not None  # the operator is active: read above, in this transaction
    tell_right(tx, operator_id=operator_id, name_digest=digest, method=method, address=address, device=known)
    append_event(tx, "access.signed_in", subject_id=operator_id, data={"method": method})
    write_journal(tx, actor, verb="access.sign_in", subject=f"session:{made.id}", data={"method": method})
    return SignedIn(made.token, device_token, actor)


def _settle_browser(tx: Tx, session_id: int, *, operator_id: int, desk_id: int, replaces: str) -> None:
    """Settle what was open in the browser before; at an enrolled desk a full sign-in gives the PIN its tries back."""
    left_locked = False
    if desk_id:
        renew_tries(tx, operator_id=operator_id, desk_id=desk_id)
        left_locked = make_way(
            tx, operator_id=operator_id, desk_id=desk_id, left=replaces, session_id=session_id
        )
    if replaces and not left_locked:
        end_by_token(tx, token=replaces, reason="replaced")


def tell_right(tx: Tx, *, operator_id: int, name_digest: str, method: str, address: str, device: str) -> None:
    """Tell the alarm that the right person was at work: what he mistyped just before was no attack."""
    send_signal(
        tx,
        Signal(
            kind="credential_right", operator_id=operator_id, name_digest=name_digest, method=method, address=address,
            device=device, outcome="right",
        ),
    )  # fmt: skip


def sign_out(tx: Tx, actor: Actor, *, token: str) -> None:
    """End the session that the actor acts in."""
    end_by_token(tx, token=token, reason="signed_out")
    write_journal(tx, actor, verb="access.sign_out", subject=f"session:{actor.session_id}")


def change_password(
    db: Database,
    actor: Actor,
    *,
    present: str,
    new: str,
    address: str,
    device: str = "",
) -> PasswordChanged | SignInRefused:
    """Change the actor's own password, against the present one; his other sessions end.

    Raises:
        PasswordWeak: the new one won't do.
    """
    names = db.read(actor.merchant_id, lambda tx: read_names(tx, operator_id=actor.id))
    strength = strength_of(new, names=names.all(), desk_will_do=actor.role not in FULL_ROLES)
    candidate = find_candidate(db, names.name)
    hashed = candidate.credentials.hash if candidate.credentials else DECOY_HASH
    made: list[str] = []

    def check() -> bool:
        right = verify_password(present, hashed)
        if right:
            made.append(hash_password(new))
        return right

    def store(tx: Tx) -> PasswordChanged | None:
        if read_credentials(tx, operator_id=actor.id) != candidate.credentials:
            return None
        set_password(tx, operator_id=actor.id, password_hash=made[0], strength=strength)
        append_event(tx, "access.password_changed", subject_id=actor.id)
        write_journal(tx, actor, verb="access.change_password", subject=f"operator:{actor.id}")
        return PasswordChanged(
            credential_changed(tx, operator_id=actor.id, what="password", kept_id=actor.session_id)
        )

    guess = Guess("password", sign_in_key(names.name), address, device, actor.merchant_id, actor.id)
    return guarded_verify(db, guess, secret_check=check, on_right=store)
