"""Operators: who may sign in at a merchant, and with which role. Names are unique over the installation."""

from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from tocsin.access.account import account_changed
from tocsin.access.decoy import decoy_merchant
from tocsin.access.device import forget_devices
from tocsin.access.link import void_links_around
from tocsin.access.session import end_sessions_of
from tocsin.access.step_up import require_proof
from tocsin.access.table import operator, passkey, password, sign_in_name
from tocsin.access.unlock import lift_locks_of
from tocsin.access.verification import sign_in_key
from tocsin.core.actor import ROLES, Actor, NotAllowed
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.event import append_event
from tocsin.core.ident import new_id
from tocsin.core.journal import write_journal
from tocsin.core.statement import Statement, bind, insert_into, own, upsert
from tocsin.core.tenant import merchant
from tocsin.core.text import strip_control
from tocsin.core.words import known_locale

OPERATOR_ROLES = ("owner", "manager", "clerk", "checker", "auditor")
_BELOW = frozenset({"clerk", "checker"})
_LONGEST_NAME = 64


class NameTaken(Refusal):
    """The sign-in name “{name}” is taken: choose another"""

    kind, code = "conflict", "name_taken"


class NameWrong(Refusal):
    """A sign-in name has 1 to {longest} characters: shorten “{name}” or write one"""

    kind, code = "invalid", "name_wrong"


class RoleUnknown(Refusal):
    """There is no role “{role}” for people: choose one of {roles}"""

    kind, code = "invalid", "role_unknown"


class OperatorMissing(Refusal):
    """There is no such operator at this merchant: look at the list again"""

    kind, code = "missing", "operator_missing"


class LastOwner(Refusal):
    """The merchant would be left without an active owner: make another operator owner first"""

    kind, code = "conflict", "last_owner"


class OperatorLeft(Refusal):
    """This operator has left for good: invite him again under his name"""

    kind, code = "conflict", "operator_left"


class Operator(Struct, frozen=True):
    """An operator as the list shows him; `left_at_us` is 0 until he has left for good."""

    id: int
    name: str
    display_name: str
    role: str
    active: int
    locale: str
    zone: str
    created_at_us: int
    left_at_us: int


class KnownNames(Struct, frozen=True):
    """The names around an operator that others know: none may be in his password."""

    name: str = ""
    display_name: str = ""
    merchant_name: str = ""

    def all(self) -> tuple[str, ...]:
        """Return the names."""
        return (self.name, self.display_name, self.merchant_name)


_COLUMNS = tuple(operator.c[f] for f in Operator.__struct_fields__)
_LIST = Statement(sa.select(*_COLUMNS).where(own(operator)).order_by(operator.c.id), Operator)
_GET = Statement(
    sa.select(*_COLUMNS).where(own(operator), operator.c.id == bind("operator_id")).with_for_update(), Operator
)  # fmt: skip


def _whose(table: sa.Table) -> sa.ColumnElement[bool]:
    return sa.and_(own(table), table.c.operator_id == operator.c.id)


# Who was invited and has not come yet has no credential: he can't let anybody else in again.
_owner = (
    own(operator), operator.c.role == "owner", operator.c.active == 1,
    sa.or_(
        sa.exists().where(_whose(password)), sa.exists().where(_whose(passkey), passkey.c.revoked_at_us.is_(None))
    ),
)  # fmt: skip
_OWNERS = Statement[tuple[int]](
    sa.select(operator.c.id).where(*_owner).order_by(operator.c.id).with_for_update(of=operator)
)
_ANY_OWNER = Statement[Any](sa.select(operator.c.id).where(*_owner).limit(1))
_ADD = insert_into(operator)
_ADD_NAME = Statement[None](
    upsert(sign_in_name).on_conflict_do_nothing(), sets=("name_key", "merchant_id", "operator_id")
)
_adding = upsert(password)
_SET_PASSWORD = Statement[None](
    _adding.on_conflict_do_update(
        index_elements=["merchant_id", "operator_id"],
        set_={name: _adding.excluded[name] for name in ("hash", "changed_at_us", "strength")},
    ),
    sets=("merchant_id", "operator_id", "hash", "changed_at_us", "strength"),
)
_of_id = (own(operator), operator.c.id == bind("operator_id"))
_NAMES = Statement(
    sa.select(operator.c.name, operator.c.display_name, merchant.c.name.label("merchant_name"))
    .select_from(operator.join(merchant, merchant.c.id == operator.c.merchant_id)).where(*_of_id), KnownNames,
)  # fmt: skip
_SET_ACTIVE = Statement[None](sa.update(operator).where(*_of_id), sets=("active",))
_SET_LOCALE = Statement[None](sa.update(operator).where(*_of_id), sets=("locale",))


def create_operator(
    tx: Tx, actor: Actor, *, name: str, display_name: str, role: str, password_hash: str, locale: str = "", zone: str = ""
) -> int:  # fmt: skip
    """Add an operator with a role that the actor may give; return his id.

    Raises:
        NotAllowed: an owner gives any role, a manager those of clerk and checker.
        ProofNeeded: the actor has not proved lately who he is.
        NameTaken, NameWrong, RoleUnknown: the name or the role won't do.
    """
    require_above(actor, role)
    require_proof(actor)
    operator_id = add_operator(
        tx, name=name, display_name=display_name, role=role, password_hash=password_hash,
        locale=locale or actor.locale, zone=zone or actor.zone, created_by=actor.id,
    )  # fmt: skip
    write_journal(
        tx, actor, verb="access.create_operator", subject=f"operator:{operator_id}", data={"role": role}
    )
    append_event(tx, "access.operator_created", subject_id=operator_id, data={"role": role})
    return operator_id


def list_operators(tx: Tx, actor: Actor) -> list[Operator]:
    """Return the merchant's operators.

    Raises:
        NotAllowed: the actor has no operators under him.
    """
    require_above(actor, "clerk")
    return tx.rows(_LIST)


def has_owner(tx: Tx) -> bool:
    """Tell whether the transaction's merchant has an active owner, so that no link need be printed."""
    return tx.one(_ANY_OWNER) is not None


def suspend_operator(tx: Tx, actor: Actor, *, operator_id: int) -> None:
    """Suspend an operator: his sessions are dead at once, and so are links for him and by him.

    Raises:
        OperatorMissing, NotAllowed, LastOwner: there is none such, he is above the actor, or the last owner.
        ProofNeeded: the actor has not proved lately who he is.
    """
    found = _lock_operator(tx, actor, operator_id=operator_id)
    require_proof(actor)
    keep_an_owner(tx, found)
    tx.run(_SET_ACTIVE, operator_id=operator_id, active=0)
    end_sessions_of(tx, operator_id=operator_id, reason="suspended")
    forget_devices(tx, operator_id=operator_id)
    void_links_around(tx, operator_id=operator_id)
    tell_changed(tx, actor, verb="access.suspend_operator", operator_id=operator_id, data={})


def restore_operator(tx: Tx, actor: Actor, *, operator_id: int) -> None:
    """Let a suspended operator sign in again; his old sessions stay ended.

    Raises:
        OperatorMissing, NotAllowed, ProofNeeded: as for suspending.
        OperatorLeft: he has left for good.
    """
    if _lock_operator(tx, actor, operator_id=operator_id).left_at_us:
        raise OperatorLeft
    require_proof(actor)
    tx.run(_SET_ACTIVE, operator_id=operator_id, active=1)
    account_changed(tx, operator_id=operator_id, what="restored")
    tell_changed(tx, actor, verb="access.restore_operator", operator_id=operator_id, data={})


def change_locale(tx: Tx, *, operator_id: int, locale: str) -> None:
    """Change the language in which an operator reads, a code of `core/words`: his own choice."""
    tx.run(_SET_LOCALE, operator_id=operator_id, locale=known_locale(locale))


def require_above(actor: Actor, role: str) -> None:
    """Refuse an actor who may not give or take a role.

    Raises:
        RoleUnknown: no person can have it.
        NotAllowed: he lacks `operators`, or `operators_below` for clerks and checkers.
    """
    if role not in OPERATOR_ROLES or role not in ROLES:
        raise RoleUnknown(role=role, roles=", ".join(OPERATOR_ROLES))
    if actor.may("operators") or (role in _BELOW and actor.may("operators_below")):
        return
    raise NotAllowed(right="operators")


def add_operator(
    tx: Tx, *, name: str, display_name: str, role: str, password_hash: str, locale: str, zone: str, created_by: int
) -> int:  # fmt: skip
    """Add an operator, his name and his password; return his id. Who may is for the caller to ask.

    Args:
        password_hash: empty: he will set a credential of his own.
    """
    name_key = sign_in_key(name)
    name, display_name = strip_control(name).strip(), strip_control(display_name).strip()
    if not 1 <= len(name_key) <= _LONGEST_NAME or len(name) > _LONGEST_NAME:
        raise NameWrong(name=name[:_LONGEST_NAME], longest=_LONGEST_NAME)
    operator_id = new_id()
    if decoy_merchant(tx, name_key) or not tx.run(_ADD_NAME, name_key=name_key, operator_id=operator_id):
        raise NameTaken(name=name)
    tx.run(
        _ADD, id=operator_id, name=name, display_name=display_name[:_LONGEST_NAME] or name, role=role,
        active=1, locale=locale, zone=zone, created_at_us=tx.now_us, created_by=created_by, shops="", home_shop_id=0, hours="",
        places="", left_at_us=0,
    )  # fmt: skip
    if password_hash:
        set_password(tx, operator_id=operator_id, password_hash=password_hash)
    return operator_id


def set_password(tx: Tx, *, operator_id: int, password_hash: str, strength: str = "full") -> None:
    """Store an operator's password hash; one of strength `desk` opens at enrolled desks alone. What locked the old one is lifted."""
    lift_locks_of(tx, operator_id=operator_id)
    tx.run(_SET_PASSWORD, operator_id=operator_id, hash=password_hash, changed_at_us=tx.now_us, strength=strength)  # fmt: skip


def read_names(tx: Tx, *, operator_id: int) -> KnownNames:
    """Return the names around an operator, empty ones where there is none such."""
    return tx.one(_NAMES, operator_id=operator_id) or KnownNames()


def get_operator(tx: Tx, actor: Actor, *, operator_id: int) -> Operator:
    """Return an operator under the actor, locked until the transaction ends."""
    return _lock_operator(tx, actor, operator_id=operator_id)


def _lock_operator(tx: Tx, actor: Actor, *, operator_id: int) -> Operator:
    found = tx.one(_GET, operator_id=operator_id)
    if found is None:
        raise OperatorMissing
    require_above(actor, found.role)
    return found


def keep_an_owner(tx: Tx, leaving: Operator) -> None:
    """Refuse that the last active owner goes.

    Raises:
        LastOwner
    """
    if leaving.role == "owner" and not has_other_owner(tx, operator_id=leaving.id):
        raise LastOwner


def has_other_owner(tx: Tx, *, operator_id: int) -> bool:
    """Tell whether there is an active owner with a credential beside somebody; all of them are locked until the transaction ends."""
    return any(row[0] != operator_id for row in tx.rows(_OWNERS))


def set_active(tx: Tx, *, operator_id: int, active: bool) -> None:
    """Switch an operator on or off; who may, and what follows, is for the caller."""
    tx.run(_SET_ACTIVE, operator_id=operator_id, active=int(active))


def tell_changed(tx: Tx, actor: Actor, *, verb: str, operator_id: int, data: dict[str, str]) -> None:
    """Write that an operator was changed, for people and for who listens."""
    write_journal(tx, actor, verb=verb, subject=f"operator:{operator_id}", data=data)
    append_event(tx, "access.operator_changed", subject_id=operator_id)
