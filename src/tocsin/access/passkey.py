"""Box 7, fingerprint: passkeys. Several an operator, named, listed, revoked; the finger stays in his device.

A passkey is a public key. Where it came from is not asked (no attestation), that it verifies the
person is: neither made nor used without user verification.
"""

import hashlib

import sqlalchemy as sa
from msgspec import Struct

from tocsin.access.account import credential_changed
from tocsin.access.ceremony import (
    AnswerRefused,
    Made,
    RelyingParty,
    creation_options,
    encode,
    read_answer,
    verify_creation,
)
from tocsin.access.challenge import Asked, make_challenge, take_challenge
from tocsin.access.limiter import Locked
from tocsin.access.operator import read_names
from tocsin.access.secret import hash_secret
from tocsin.access.step_up import require_proof
from tocsin.access.table import passkey as passkey
from tocsin.core.actor import Actor
from tocsin.core.db import Database, Tx
from tocsin.core.errors import Refusal
from tocsin.core.event import append_event
from tocsin.core.ident import new_id
from tocsin.core.journal import write_journal
from tocsin.core.statement import Statement, bind, own, upsert
from tocsin.core.text import strip_control

MOST, LONGEST_NAME = 6, 60
# Those of authenticators in use: a decoy must not be told by its length.
_LENGTHS = (16, 20, 20, 32, 32, 48, 64)


class PasskeyRefused(Refusal):
    """The browser brought no passkey that the desk can take ({reason}): open the page again and add it once more"""

    kind, code = "invalid", "passkey_refused"


class PasskeyKnown(Refusal):
    """This passkey is at the desk already: use it, or make another on another device"""

    kind, code = "conflict", "passkey_known"


class PasskeyMissing(Refusal):
    """There is no such live passkey of yours: look at the list again"""

    kind, code = "missing", "passkey_missing"


class PasskeysEnough(Refusal):
    """You have {most} passkeys, that is all there can be: revoke one that you no longer use"""

    kind, code = "conflict", "passkeys_enough"


class PasskeyNameWrong(Refusal):
    """The name of a passkey has 1 to {most} characters: name the device that keeps it"""

    kind, code = "invalid", "passkey_name_wrong"


class PasskeysOff(Refusal):
    """Browsers give passkeys to HTTPS and to localhost alone, and to a name, not a number: open the desk there"""

    kind, code = "conflict", "passkeys_off"


class Passkey(Struct, frozen=True):
    """A live passkey as its operator's list shows it."""

    id: int
    name: str
    backed_up: int
    created_at_us: int
    last_used_us: int | None


class KnownPasskey(Struct, frozen=True):
    """A passkey that somebody signs with; revoked ones too."""

    merchant_id: int
    id: int
    operator_id: int
    public_key: str
    sign_count: int
    revoked_at_us: int | None


_mine = (own(passkey), passkey.c.operator_id == bind("b_operator_id"), passkey.c.revoked_at_us.is_(None))
_of_id = (*_mine, passkey.c.id == bind("passkey_id"))
_ADD = Statement[None](
    upsert(passkey).on_conflict_do_nothing(), sets=[column.name for column in passkey.columns]
)
_LIST = Statement(
    sa.select(*(passkey.c[f] for f in Passkey.__struct_fields__)).where(*_mine).order_by(passkey.c.id.desc()), Passkey
)  # fmt: skip
_IDS = Statement[tuple[str]](sa.select(passkey.c.credential_id).where(*_mine).order_by(passkey.c.id.desc()))
_known = sa.select(*(passkey.c[f] for f in KnownPasskey.__struct_fields__)).where(
    passkey.c.credential_hash == bind("hash", str)
)
_FIND = Statement(_known, KnownPasskey)
_LOCK = Statement(_known.with_for_update(), KnownPasskey)
_RENAME = Statement[None](sa.update(passkey).where(*_of_id), sets=("name",))
_REVOKE = Statement[None](sa.update(passkey).where(*_of_id), sets=("revoked_at_us",))
_REVOKE_ALL = Statement[None](sa.update(passkey).where(*_mine), sets=("revoked_at_us",))
_USED = Statement[None](
    sa.update(passkey).where(passkey.c.credential_hash == bind("hash", str)),
    sets=("sign_count", "backed_up", "last_used_us"),
)


def begin_passkey(tx: Tx, actor: Actor, *, party: RelyingParty, address: str) -> dict[str, object] | Locked:
    """Return what the actor's browser is asked for a new passkey.

    Raises:
        ProofNeeded: the actor has not proved lately who he is.
        PasskeysEnough: he has six.
    """
    require_proof(actor)
    held = credential_ids(tx, operator_id=actor.id)
    if len(held) >= MOST:
        raise PasskeysEnough(most=MOST)
    made = make_challenge(tx, Asked("add", address, actor.id, actor.session_id))
    if isinstance(made, Locked):
        return made
    names = read_names(tx, operator_id=actor.id)
    user = (user_handle(tx, operator_id=actor.id), names.name, names.display_name)
    return creation_options(party, made, user=user, excluded=held)


def add_passkey(db: Database, actor: Actor, *, name: str, answer: str, party: RelyingParty) -> int:
    """Take the passkey that the actor's browser made; his other sessions end. Return its id.

    Raises:
        ProofNeeded, PasskeyRefused, PasskeyKnown, PasskeyNameWrong, PasskeysEnough
    """
    require_proof(actor)
    named = _require_name(name)
    try:
        given = read_answer(answer)
        taken = db.write(actor.merchant_id, lambda tx: take_challenge(
            tx, given.challenge, purpose="add", session_id=actor.session_id
        ))  # fmt: skip
        if taken is None:
            raise AnswerRefused("challenge")
        made = verify_creation(given, party, challenge=given.challenge)
    except AnswerRefused as refused:
        raise PasskeyRefused(reason=refused.reason) from None
    return db.write(actor.merchant_id, lambda tx: _store(tx, actor, name=named, made=made))


def list_passkeys(tx: Tx, actor: Actor) -> list[Passkey]:
    """Return the actor's own live passkeys, newest first."""
    return tx.rows(_LIST, b_operator_id=actor.id)


def rename_passkey(tx: Tx, actor: Actor, *, passkey_id: int, name: str) -> None:
    """Give one of the actor's passkeys another name.

    Raises:
        PasskeyMissing, PasskeyNameWrong
    """
    if not tx.run(_RENAME, b_operator_id=actor.id, passkey_id=passkey_id, name=_require_name(name)):
        raise PasskeyMissing
    write_journal(tx, actor, verb="access.rename_passkey", subject=f"passkey:{passkey_id}")


def revoke_passkey(tx: Tx, actor: Actor, *, passkey_id: int) -> None:
    """Revoke one of the actor's passkeys: it opens nothing from now on, and his other sessions end.

    Raises:
        ProofNeeded: the actor has not proved lately who he is.
        PasskeyMissing: it is somebody else's, or revoked.
    """
    require_proof(actor)
    if not tx.run(_REVOKE, b_operator_id=actor.id, passkey_id=passkey_id, revoked_at_us=tx.now_us):
        raise PasskeyMissing
    write_journal(tx, actor, verb="access.revoke_passkey", subject=f"passkey:{passkey_id}")
    append_event(tx, "access.passkey_revoked", subject_id=actor.id, data={"passkey": str(passkey_id)})
    credential_changed(tx, operator_id=actor.id, what="passkey_removed", kept_id=actor.session_id)


def revoke_passkeys_of(tx: Tx, *, operator_id: int) -> int:
    """Revoke all passkeys of an operator; return how many. Who may, and the journal, are for the caller."""
    revoked = tx.run(_REVOKE_ALL, b_operator_id=operator_id, revoked_at_us=tx.now_us)
    if revoked:
        append_event(tx, "access.passkey_revoked", subject_id=operator_id, data={"passkeys": revoked})
    return revoked


def credential_ids(tx: Tx, *, operator_id: int) -> list[str]:
    """Return the ids of an operator's live passkeys; none for operator 0."""
    return [row[0] for row in tx.rows(_IDS, b_operator_id=operator_id)]


def allowed_credentials(tx: Tx, *, operator_id: int, name_key: str) -> list[str]:
    """Return six ids for a name: its passkeys, filled up with ids that nobody has and that are always the same.

    Whether a name is known, and how many passkeys it has, can't be told from them.
    """
    real = credential_ids(tx, operator_id=operator_id)[:MOST]
    seed = tx.vault.installation_digest("passkey decoy", name_key)
    decoys = [_decoy(f"{seed}:{slot}") for slot in range(MOST)]
    return sorted([*real, *decoys[len(real) :]])


def find_passkey(tx: Tx, *, credential_id: str, lock: bool = False) -> KnownPasskey | None:
    """Return the passkey of an id, whoever's it is (directory scope); locked until the transaction ends, if asked."""
    return tx.one(_LOCK if lock else _FIND, hash=hash_secret(credential_id))


def note_use(tx: Tx, *, credential_id: str, sign_count: int, backed_up: bool) -> None:
    """Store what a right answer told of its passkey."""
    tx.run(
        _USED, hash=hash_secret(credential_id), sign_count=sign_count, backed_up=int(backed_up), last_used_us=tx.now_us
    )  # fmt: skip


def user_handle(tx: Tx, *, operator_id: int) -> bytes:
    """Return what authenticators know an operator of the transaction's merchant by: 20 bytes that say nothing."""
    return bytes.fromhex(tx.vault.installation_digest("passkey user", f"{tx.merchant_id}:{operator_id}"))


def _store(tx: Tx, actor: Actor, *, name: str, made: Made) -> int:
    if len(credential_ids(tx, operator_id=actor.id)) >= MOST:
        raise PasskeysEnough(most=MOST)
    passkey_id = new_id()
    if not tx.run(
        _ADD, credential_hash=hash_secret(made.credential_id), id=passkey_id, operator_id=actor.id,
        credential_id=made.credential_id, public_key=made.public_key, algorithm=made.algorithm, sign_count=made.sign_count,
        backed_up=int(made.backed_up), name=name, created_at_us=tx.now_us, last_used_us=None, revoked_at_us=None,
    ):  # fmt: skip
        raise PasskeyKnown
    data = {"passkey": str(passkey_id), "backed_up": made.backed_up}
    write_journal(tx, actor, verb="access.add_passkey", subject=f"passkey:{passkey_id}", data=data)
    append_event(tx, "access.passkey_added", subject_id=actor.id, data=data)
    credential_changed(tx, operator_id=actor.id, what="passkey_added", kept_id=actor.session_id)
    return passkey_id


def _require_name(name: str) -> str:
    plain = strip_control(name).strip()
    if not 1 <= len(plain) <= LONGEST_NAME:
        raise PasskeyNameWrong(most=LONGEST_NAME)
    return plain


def _decoy(seed: str) -> str:
    drawn = hashlib.shake_256(seed.encode()).digest(1 + max(_LENGTHS))
    return encode(drawn[1 : 1 + _LENGTHS[drawn[0] % len(_LENGTHS)]])
