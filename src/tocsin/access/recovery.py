"""A forgotten password: a code that a superior shows in person, 15 minutes; or one of the owner's own recovery codes.

Both are typed beside the name and a new password. They are kept as keyed digests of operator and code.
"""

import secrets

import sqlalchemy as sa
from msgspec import Struct

from tocsin.access.account import account_changed, credential_changed
from tocsin.access.limiter import Guess, SignInRefused, guarded_verify
from tocsin.access.operator import get_operator, read_names, set_password
from tocsin.access.password import Strength, hash_password, strength_of
from tocsin.access.step_up import require_proof
from tocsin.access.table import operator, recovery_code, reset_code
from tocsin.access.unlock import lift_locks_of
from tocsin.access.verification import FULL_ROLES, find_candidate
from tocsin.core.actor import Actor, NotAllowed, desk_actor, require
from tocsin.core.clock import MINUTE_US
from tocsin.core.db import Database, Tx
from tocsin.core.errors import Refusal
from tocsin.core.journal import write_journal
from tocsin.core.statement import Statement, bind, insert_into, own, upsert
from tocsin.core.vault import Vault

CODE_MINUTES, RECOVERY_CODES = 15, 10
# Without I, L, O and U: what is read out is typed right. Source: Crockford, Base32.
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})
_CODE_LETTERS, _RECOVERY_LETTERS, _GROUP = 8, 12, 4


class OperatorOff(Refusal):
    """This operator is switched off: switch him on first"""

    kind, code = "conflict", "operator_off"


class ResetCode(Struct, frozen=True):
    """A code just made; it is in no table."""

    name: str
    code: str
    until_us: int


class PasswordReset(Struct, frozen=True):
    """The operator has a new password; one of strength `desk` opens at enrolled desks alone."""

    merchant_id: int
    operator_id: int
    name: str
    strength: Strength
    recovery_codes_left: int


class _Found(Struct, frozen=True):
    role: str
    by_superior: int
    by_himself: int


_adding = upsert(reset_code)
_SET_CODE = Statement[None](
    _adding.on_conflict_do_update(
        index_elements=["merchant_id", "operator_id"],
        set_={name: _adding.excluded[name] for name in ("digest", "created_at_us", "expires_at_us", "made_by")},
    ),
    sets=[c.name for c in reset_code.columns],
)  # fmt: skip
_USE_CODE = Statement[None](
    sa.delete(reset_code).where(
        own(reset_code), reset_code.c.operator_id == bind("of_operator"), reset_code.c.digest == bind("digest", str),
        reset_code.c.expires_at_us > bind("now"),
    )
)  # fmt: skip
_DROP_CODE = Statement[None](
    sa.delete(reset_code).where(own(reset_code), reset_code.c.operator_id == bind("of_operator"))
)
_ADD_RECOVERY = insert_into(recovery_code)
_of_owner = (own(recovery_code), recovery_code.c.operator_id == bind("of_operator"))
_DROP_RECOVERY = Statement[None](sa.delete(recovery_code).where(*_of_owner))
_USE_RECOVERY = Statement[None](
    sa.update(recovery_code).where(
        *_of_owner, recovery_code.c.digest == bind("of_digest", str), recovery_code.c.used_at_us.is_(None)
    ),
    sets=("used_at_us",),
)
_LEFT = Statement[tuple[int]](
    sa.select(sa.func.count()).select_from(recovery_code).where(*_of_owner, recovery_code.c.used_at_us.is_(None))
)  # fmt: skip
_FIND = Statement(
    sa.select(
        operator.c.role,
        sa.select(sa.func.count()).select_from(reset_code).where(
            own(reset_code), reset_code.c.operator_id == operator.c.id, reset_code.c.digest == bind("digest", str),
            reset_code.c.expires_at_us > bind("now"),
        ).correlate(operator).scalar_subquery().label("by_superior"),
        sa.select(sa.func.count()).select_from(recovery_code).where(
            own(recovery_code), recovery_code.c.operator_id == operator.c.id, recovery_code.c.digest == bind("digest", str),
            recovery_code.c.used_at_us.is_(None),
        ).correlate(operator).scalar_subquery().label("by_himself"),
    ).where(own(operator), operator.c.id == bind("of_operator"), operator.c.active == 1),
    _Found,
)  # fmt: skip


def make_reset_code(tx: Tx, actor: Actor, *, operator_id: int) -> ResetCode:
    """Return a code that gives an operator under the actor a new password, once, within 15 minutes; earlier ones are void.

    Raises:
        OperatorMissing, NotAllowed: there is none such, he is above the actor, or the actor himself.
        ProofNeeded: the actor has not proved lately who he is.
        OperatorOff: he is switched off.
    """
    found = get_operator(tx, actor, operator_id=operator_id)
    if actor.id == operator_id:
        raise NotAllowed(right="operators")
    require_proof(actor)
    if not found.active:
        raise OperatorOff
    made = ResetCode(found.name, _new_code(_CODE_LETTERS), tx.now_us + CODE_MINUTES * MINUTE_US)
    tx.run(
        _SET_CODE, operator_id=operator_id, digest=_digest(tx.vault, operator_id, made.code), created_at_us=tx.now_us,
        expires_at_us=made.until_us, made_by=actor.id,
    )  # fmt: skip
    lift_locks_of(tx, operator_id=operator_id)  # who forgot his password has tried some already
    write_journal(tx, actor, verb="access.make_reset_code", subject=f"operator:{operator_id}")
    account_changed(tx, operator_id=operator_id, what="code_made")
    return made


def make_recovery_codes(tx: Tx, actor: Actor) -> list[str]:
    """Return ten new recovery codes of an owner, shown this once; his earlier ones are void, his other sessions end.

    Raises:
        NotAllowed, ProofNeeded: the actor is no owner, or has not proved lately who he is.
    """
    require(actor, "operators")
    require_proof(actor)
    codes = first_recovery_codes(tx, operator_id=actor.id)
    write_journal(tx, actor, verb="access.make_recovery_codes", subject=f"operator:{actor.id}")
    credential_changed(tx, operator_id=actor.id, what="recovery_codes", kept_id=actor.session_id)
    return codes


def first_recovery_codes(tx: Tx, *, operator_id: int) -> list[str]:
    """Return an owner's recovery codes, made as he is."""
    tx.run(_DROP_RECOVERY, of_operator=operator_id)
    codes = [_new_code(_RECOVERY_LETTERS) for _ in range(RECOVERY_CODES)]
    tx.many(_ADD_RECOVERY, [
        {"operator_id": operator_id, "digest": _digest(tx.vault, operator_id, code), "created_at_us": tx.now_us, "used_at_us": None}
        for code in codes
    ])  # fmt: skip
    return codes


def count_recovery_codes(tx: Tx, *, operator_id: int) -> int:
    """Return how many of an operator's recovery codes are unused."""
    return int(tx.value(_LEFT, of_operator=operator_id) or 0)


def drop_codes_of(tx: Tx, *, operator_id: int) -> int:
    """Make void every code of an operator; return how many."""
    return tx.run(_DROP_CODE, of_operator=operator_id) + tx.run(_DROP_RECOVERY, of_operator=operator_id)


def redeem_code(
    db: Database, *, name: str, code: str, password: str, address: str, device: str = ""
) -> PasswordReset | SignInRefused:
    """Give an account a new password by a code of either kind; its sessions end, its owner is told.

    Unknown names, wrong codes and switched-off accounts are answered alike.

    Raises:
        PasswordWeak: the code was right and stays open.
    """
    candidate = find_candidate(db, name)
    operator_id, merchant_id = candidate.operator_id, candidate.merchant_id
    digest = _digest(db.vault, operator_id, code)
    made: list[tuple[str, Strength]] = []

    def check() -> bool:
        found = db.read(merchant_id, lambda tx: tx.one(
            _FIND, of_operator=operator_id, digest=digest, now=tx.now_us
        ))  # fmt: skip
        if found is None or not (found.by_superior or found.by_himself):
            return False
        names = db.read(merchant_id, lambda tx: read_names(tx, operator_id=operator_id)).all()
        strength = strength_of(password, names=names, desk_will_do=found.role not in FULL_ROLES)
        made.append((hash_password(password), strength))
        return True

    def use(tx: Tx) -> PasswordReset | None:
        what = _use(tx, operator_id=operator_id, digest=digest)
        return _set_anew(tx, operator_id, what=what, made=made[0]) if what else None

    guess = Guess("code", candidate.name_key, address, device, merchant_id, operator_id)
    return guarded_verify(db, guess, secret_check=check, on_right=use)


def _set_anew(tx: Tx, operator_id: int, *, what: str, made: tuple[str, Strength]) -> PasswordReset:
    """Store the new password, end the sessions, and tell the account's owner by which code it was."""
    hashed, strength = made
    set_password(tx, operator_id=operator_id, password_hash=hashed, strength=strength)
    credential_changed(tx, operator_id=operator_id, what=what)
    subject = f"operator:{operator_id}"
    write_journal(
        tx, desk_actor(tx.merchant_id), verb="access.redeem_code", subject=subject, data={"by": what}
    )
    named = read_names(tx, operator_id=operator_id).name
    left = count_recovery_codes(tx, operator_id=operator_id)
    return PasswordReset(tx.merchant_id, operator_id, named, strength, left)


def _use(tx: Tx, *, operator_id: int, digest: str) -> str:
    """Use a code up; return what it was, empty where somebody was faster or the account is switched off."""
    found = tx.one(_FIND, of_operator=operator_id, digest=digest, now=tx.now_us)
    if found is None:
        return ""
    if tx.run(_USE_CODE, of_operator=operator_id, digest=digest, now=tx.now_us):
        return "password_reset"
    used = tx.run(_USE_RECOVERY, of_operator=operator_id, of_digest=digest, used_at_us=tx.now_us)
    return "recovery_used" if used else ""


def _new_code(letters: int) -> str:
    plain = "".join(secrets.choice(_LETTERS) for _ in range(letters))
    return "-".join(plain[at : at + _GROUP] for at in range(0, letters, _GROUP))


def _digest(vault: Vault, operator_id: int, code: str) -> str:
    return vault.installation_digest("code", f"{operator_id}:{code.upper().translate(_MISREAD)}")
