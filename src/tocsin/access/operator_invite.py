"""Invitations: a new operator sets his own credential by a one-time link, a password or a passkey, and nobody else knows it."""

from collections.abc import Callable
from typing import TypeVar

import sqlalchemy as sa
from msgspec import Struct

from tocsin.access.limiter import Guess, SignInRefused, guarded_verify
from tocsin.access.link import Link, add_link, find_link, hold_link, see_link, use_link
from tocsin.access.login import SignedIn, complete_sign_in
from tocsin.access.operator import (
    Operator,
    add_operator,
    change_locale,
    get_operator,
    read_names,
    require_above,
    set_password,
)
from tocsin.access.operator_leave import come_back
from tocsin.access.passkey import credential_ids
from tocsin.access.password import Strength, hash_password, strength_of
from tocsin.access.secret import hash_secret
from tocsin.access.step_up import require_proof
from tocsin.access.table import operator, passkey, password
from tocsin.access.verification import FULL_ROLES, sign_in_key
from tocsin.core.actor import Actor, desk_actor
from tocsin.core.db import Database, Tx
from tocsin.core.errors import Refusal
from tocsin.core.event import append_event
from tocsin.core.journal import write_journal
from tocsin.core.statement import Statement, bind, own

R = TypeVar("R")


class JoinedAlready(Refusal):
    """This operator has a credential of his own: make a code for a new password instead"""

    kind, code = "conflict", "joined_already"


class Joined(Struct, frozen=True):
    """The operator has a password and can sign in; one of strength `desk` at enrolled desks alone."""

    merchant_id: int
    operator_id: int
    name: str
    strength: Strength


_HAS_PASSWORD = Statement[tuple[int]](
    sa.select(password.c.operator_id).where(own(password), password.c.operator_id == bind("of_operator"))
)
_ROLE = Statement[tuple[str]](
    sa.select(operator.c.role).where(
        own(operator), operator.c.id == bind("of_operator"), operator.c.active == 1
    )
)


def _whose(table: sa.Table) -> sa.ColumnElement[bool]:
    return sa.and_(own(table), table.c.operator_id == operator.c.id)


_WAITED_FOR = Statement[tuple[int]](
    sa.select(operator.c.id).where(
        own(operator), operator.c.active == 1, ~sa.exists().where(_whose(password)),
        ~sa.exists().where(_whose(passkey), passkey.c.revoked_at_us.is_(None)),
    ).order_by(operator.c.id)
)  # fmt: skip


def invite_operator(tx: Tx, actor: Actor, *, name: str, display_name: str, role: str) -> str:
    """Add an operator without a credential; return the secret of the link by which he sets one, once, within 24 h.

    Raises:
        NotAllowed, ProofNeeded: the actor may not give the role, or has not proved lately who he is.
        NameTaken, NameWrong, RoleUnknown: the name or the role won't do.
    """
    require_above(actor, role)
    require_proof(actor)
    operator_id = add_operator(
        tx, name=name, display_name=display_name, role=role, password_hash="", locale=actor.locale, zone=actor.zone,
        created_by=actor.id,
    )  # fmt: skip
    subject = f"operator:{operator_id}"
    write_journal(tx, actor, verb="access.invite_operator", subject=subject, data={"role": role})
    append_event(tx, "access.operator_created", subject_id=operator_id, data={"role": role})
    return add_link(tx, operator_id=operator_id, made_by=actor.id)


def invite_again(tx: Tx, actor: Actor, *, operator_id: int) -> str:
    """Return the secret of a new invitation of somebody who has no credential, or has left; earlier ones are void.

    Raises:
        OperatorMissing, NotAllowed, ProofNeeded: there is none such, or the actor may not.
        JoinedAlready: he can sign in by himself.
    """
    found = get_operator(tx, actor, operator_id=operator_id)
    require_proof(actor)
    if not found.left_at_us and has_credential(tx, found):
        raise JoinedAlready
    if found.left_at_us:
        come_back(tx, operator_id=operator_id)
    write_journal(tx, actor, verb="access.invite_again", subject=f"operator:{operator_id}")
    return add_link(tx, operator_id=operator_id, made_by=actor.id)


def waited_for(tx: Tx) -> set[int]:
    """Return the ids of those who were invited and have set neither a password nor a passkey yet."""
    return {operator_id for (operator_id,) in tx.rows(_WAITED_FOR)}


def has_credential(tx: Tx, found: Operator) -> bool:
    """Tell whether an operator has set a password or a passkey."""
    return tx.one(_HAS_PASSWORD, of_operator=found.id) is not None or bool(
        credential_ids(tx, operator_id=found.id)
    )


def whose_invitation(db: Database, token: str, *, address: str) -> tuple[str, str]:
    """Return the sign-in name and the role that an open link invites; empty for any other link."""
    link = see_link(db, token, address=address)
    if link is None or not link.operator_id:
        return "", ""
    return db.read(link.merchant_id, lambda tx: (
        read_names(tx, operator_id=link.operator_id).name, str(tx.value(_ROLE, of_operator=link.operator_id) or "")
    ))  # fmt: skip


def join_with_password(
    db: Database, token: str, *, given: str, address: str, locale: str = ""
) -> Joined | SignInRefused:
    """Give an invited operator the password that he chose, and the language in which he joined, if one is named.

    Raises:
        PasswordWeak: the link stays open.
    """
    made: list[tuple[str, Strength]] = []

    def prepare(link: Link) -> None:
        names, role = db.read(link.merchant_id, lambda tx: (
            read_names(tx, operator_id=link.operator_id), str(tx.value(_ROLE, of_operator=link.operator_id) or "")
        ))  # fmt: skip
        strength = strength_of(given, names=names.all(), desk_will_do=role not in FULL_ROLES)
        made.append((hash_password(given), strength))

    def join(tx: Tx, link: Link) -> Joined:
        hashed, strength = made[0]
        set_password(tx, operator_id=link.operator_id, password_hash=hashed, strength=strength)
        _speak(tx, link, locale)
        name = read_names(tx, operator_id=link.operator_id).name
        return Joined(link.merchant_id, link.operator_id, name, strength)

    return _redeem(db, token, address=address, prepare=prepare, then=join)


def join_with_passkey(
    db: Database, token: str, *, address: str, user_agent: str = "", device: str = "", replaces: str = "", desk: str = "",
    locale: str = "",
) -> SignedIn | SignInRefused:  # fmt: skip
    """Open an invited operator's first session, in which he makes a passkey; out of his hours or place it is refused."""

    def join(tx: Tx, link: Link) -> SignedIn | None:
        _speak(tx, link, locale)
        name_key = sign_in_key(read_names(tx, operator_id=link.operator_id).name)
        return complete_sign_in(
            tx, operator_id=link.operator_id, name_key=name_key, method="link", address=address, user_agent=user_agent,
            device=device, replaces=replaces, desk=desk,
        )  # fmt: skip

    return _redeem(db, token, address=address, prepare=lambda _: None, then=join)


def _speak(tx: Tx, link: Link, locale: str) -> None:
    if locale:
        change_locale(tx, operator_id=link.operator_id, locale=locale)


def _redeem(
    db: Database, token: str, *, address: str, prepare: Callable[[Link], None], then: Callable[[Tx, Link], R | None]
) -> R | SignInRefused:  # fmt: skip
    found = find_link(db, token)
    link = found if found and found.operator_id else None

    def check() -> bool:
        # Asked again inside the lane: the other one of two clicks may have used it meanwhile.
        if link is None or find_link(db, token) != link:
            return False
        prepare(link)
        return True

    def use(tx: Tx) -> R | None:
        if (
            link is None
            or not tx.value(_ROLE, of_operator=link.operator_id)
            or not hold_link(tx, token=token)
        ):
            return None
        made = then(tx, link)
        if made is None:
            return None
        use_link(tx, token=token)
        subject = f"operator:{link.operator_id}"
        write_journal(tx, desk_actor(tx.merchant_id), verb="access.join", subject=subject)
        return made

    merchant_id, operator_id = (link.merchant_id, link.operator_id) if link else (0, 0)
    guess = Guess("link", f"link:{hash_secret(token)}", address, "", merchant_id, operator_id)
    return guarded_verify(db, guess, secret_check=check, on_right=use)
