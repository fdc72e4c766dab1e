"""API keys: scoped, shown once, kept hashed; what a program signs in with.

A key is 256 random bits behind a visible prefix: it can't be guessed, so a right one is let in by
two reads whatever others try. Wrong ones spend the budget of their address. A key never has more
rights than its maker has now, and none while he is suspended.
"""

import re

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import replace

from tocsin.access.limiter import Guess, Locked, SignInRefused, spend_budget
from tocsin.access.permit import KeyHolder, permit_key
from tocsin.access.secret import hash_secret, new_secret
from tocsin.access.step_up import require_proof
from tocsin.access.table import api_key, operator
from tocsin.core.actor import Actor, require
from tocsin.core.clock import MINUTE_US, now_us
from tocsin.core.db import DIRECTORY_SCOPE, Database, Tx
from tocsin.core.errors import Refusal
from tocsin.core.ident import new_id
from tocsin.core.journal import write_journal
from tocsin.core.statement import Statement, bind, insert_into, own

_KEY_SHAPE = re.compile(r"tocsin_[0-9a-z]{8}_[A-Za-z0-9_-]{43}")
_LONGEST_NAME = 60
# A key that could make operators could make itself an owner.
_NEVER = frozenset({"operators", "operators_below", "device"})


class KeyScopeRefused(Refusal):
    """A key can't be given {scopes}: give it rights that you have yourself, without those over operators and devices"""

    kind, code = "refused", "key_scope_refused"


class KeyNameTooLong(Refusal):
    """The name of a key has at most {most} characters: shorten it"""

    kind, code = "invalid", "key_name_too_long"


class KeyMissing(Refusal):
    """There is no such live API key at this merchant: look at the list again"""

    kind, code = "missing", "key_missing"


class ApiKey(Struct, frozen=True):
    """A key as the list shows it; `scopes` is a JSON list of rights."""

    id: int
    name: str
    prefix: str
    scopes: str
    created_by: int
    created_at_us: int
    last_used_us: int | None
    revoked_at_us: int | None
    suspended_at_us: int


class HeldKey(KeyHolder, frozen=True):
    """A key with the role that its maker has now, None while he has none."""

    maker_role: str | None = None


# Whose a key is never changes, unlike all else about it: a right one is read in its merchant's scope at once.
_merchant_of: dict[str, int] = {}
_KNOWN_MOST = 4096
_ADD = insert_into(api_key)
_FIND = Statement(
    sa.select(*(api_key.c[f] for f in KeyHolder.__struct_fields__)).where(
        api_key.c.key_hash == bind("key_hash", str)
    ),
    KeyHolder,
)
# Read at each request, so that revoking is immediate.
_WITH_MAKER = Statement(
    sa.select(*(api_key.c[f] for f in KeyHolder.__struct_fields__), operator.c.role.label("maker_role"))
    .select_from(api_key)
    .outerjoin(operator, sa.and_(operator.c.merchant_id == api_key.c.merchant_id, operator.c.id == api_key.c.created_by,
                                 operator.c.active == 1))
    .where(own(api_key), api_key.c.key_hash == bind("key_hash", str)),
    HeldKey,
)  # fmt: skip
_USED = Statement[None](
    sa.update(api_key).where(own(api_key), api_key.c.id == bind("key_id")), sets=("last_used_us",)
)
_LIST = Statement(
    sa.select(*(api_key.c[f] for f in ApiKey.__struct_fields__))
    .where(own(api_key))
    .order_by(api_key.c.id.desc()),
    ApiKey,
)
_SUSPENDABLE = Statement[tuple[int]](
    sa.select(api_key.c.id).where(own(api_key), api_key.c.revoked_at_us.is_(None), api_key.c.suspended_at_us == 0)
    .order_by(api_key.c.id)
)  # fmt: skip
_SUSPEND = Statement[None](
    sa.update(api_key).where(own(api_key), api_key.c.id == bind("key_id")), sets=("suspended_at_us",)
)
_REVOKE = Statement[None](
    sa.update(api_key).where(own(api_key), api_key.c.id == bind("key_id"), api_key.c.revoked_at_us.is_(None)),
    sets=("revoked_at_us",),
)


def scopes_to_give(actor: Actor) -> frozenset[str]:
    """Return the rights that the actor may give a key: his own, without those that no key may have."""
    return actor.rights - _NEVER


def create_api_key(tx: Tx, actor: Actor, *, name: str, scopes: frozenset[str]) -> str:
    """Add a key with some of the actor's own rights; return its secret, which is shown this once.

    Raises:
        NotAllowed, ProofNeeded: the actor is no owner, or has not proved lately who he is.
        KeyScopeRefused: a right that he lacks, that is none, or that no key may have.
        KeyNameTooLong: more than 60 characters.
    """
    require(actor, "operators")
    require_proof(actor)
    if not scopes or (refused := scopes - scopes_to_give(actor)):
        raise KeyScopeRefused(scopes=", ".join(sorted(refused)) if scopes else "no rights at all")
    if len(name.strip()) > _LONGEST_NAME:
        raise KeyNameTooLong(most=_LONGEST_NAME)
    key_id, prefix = new_id(), hash_secret(new_secret())[:8]
    secret = f"tocsin_{prefix}_{new_secret()}"
    tx.run(
        _ADD, key_hash=hash_secret(secret), id=key_id, name=name.strip() or prefix, prefix=prefix,
        scopes=msgspec.json.encode(sorted(scopes)).decode(), created_by=actor.id, created_at_us=tx.now_us,
        last_used_us=None, revoked_at_us=None, suspended_at_us=0,
    )  # fmt: skip
    write_journal(
        tx, actor, verb="access.create_api_key", subject=f"api_key:{key_id}", data={"scopes": sorted(scopes)}
    )
    return secret


def find_api_key(db: Database, secret: str, *, address: str) -> Actor | SignInRefused:
    """Return the actor of a live key of an active operator; a wrong one is recorded and spends its address's budget.

    Returns:
        The actor, or `wrong`, or `locked` with the time to wait.
    """
    found = _find_key(db, hash_secret(secret)) if _KEY_SHAPE.fullmatch(secret) else None
    if found and found.revoked_at_us is None and not found.suspended_at_us and found.maker_role:
        return _use_key(db, found)
    guess = Guess("api_key", f"api_key:{hash_secret(secret)}", address)
    locked = _refuse_key(db, guess, found)
    return SignInRefused("locked", locked.retry_after_seconds) if locked else SignInRefused("wrong")


def list_api_keys(tx: Tx, actor: Actor) -> list[ApiKey]:
    """Return the merchant's keys, newest first, the revoked ones too.

    Raises:
        NotAllowed: the actor is no owner.
    """
    require(actor, "operators")
    return tx.rows(_LIST)


def revoke_api_key(tx: Tx, actor: Actor, *, key_id: int) -> None:
    """Revoke a key: its next request is refused.

    Raises:
        NotAllowed: the actor is no owner.
        KeyMissing: there is no such key, or it is revoked already.
    """
    require(actor, "operators")
    if not tx.run(_REVOKE, key_id=key_id, revoked_at_us=tx.now_us):
        raise KeyMissing
    write_journal(tx, actor, verb="access.revoke_api_key", subject=f"api_key:{key_id}")


def suspend_api_keys(tx: Tx) -> list[int]:
    """Suspend each live key of the merchant; return their ids. Who may, and the journal, are for the caller."""
    found = [row[0] for row in tx.rows(_SUSPENDABLE)]
    for key_id in found:
        tx.run(_SUSPEND, key_id=key_id, suspended_at_us=tx.now_us)
    return found


def resume_api_key(tx: Tx, *, key_id: int) -> None:
    """Let a suspended key open again; who may, and the journal, are for the caller."""
    tx.run(_SUSPEND, key_id=key_id, suspended_at_us=0)


def _refuse_key(db: Database, guess: Guess, found: KeyHolder | None) -> Locked | None:
    if found is None:
        return db.write_short(DIRECTORY_SCOPE, lambda tx: spend_budget(tx, guess))
    # A key that opened once: who uses it now has it from somewhere.
    known = replace(guess, merchant_id=found.merchant_id, operator_id=found.created_by)
    subject = f"api_key:{found.id}"
    return db.write_short(
        found.merchant_id, lambda tx: spend_budget(tx, known, kind="revoked_used", subject=subject)
    )


def _find_key(db: Database, key_hash: str) -> HeldKey | None:
    merchant_id = _merchant_of.get(key_hash)
    if merchant_id is None:
        found = db.ask(DIRECTORY_SCOPE, _FIND, key_hash=key_hash)
        if found is None:
            return None
        if len(_merchant_of) >= _KNOWN_MOST:
            _merchant_of.clear()
        merchant_id = _merchant_of[key_hash] = found.merchant_id
    return db.ask(merchant_id, _WITH_MAKER, key_hash=key_hash)


def _use_key(db: Database, found: HeldKey) -> Actor:
    if found.last_used_us is None or now_us() - found.last_used_us > MINUTE_US:
        db.write_short(found.merchant_id, lambda tx: tx.run(_USED, key_id=found.id, last_used_us=tx.now_us))
    return permit_key(found, maker_role=found.maker_role or "")
