"""One-time links: one creates a merchant's owner, one gives an operator a new password."""

from collections.abc import Callable
from typing import TypeVar

import sqlalchemy as sa
from msgspec import Struct

from tocsin.access.limiter import Guess, SignInRefused, guarded_verify
from tocsin.access.link import LIFE_US as LIFE_US
from tocsin.access.link import add_link, has_open_link
from tocsin.access.operator import KnownNames, add_operator, get_operator, read_names, set_password
from tocsin.access.password import hash_password, require_strong
from tocsin.access.secret import hash_secret
from tocsin.access.session import end_sessions_of
from tocsin.access.step_up import require_proof
from tocsin.access.table import owner_link
from tocsin.core.actor import Actor, desk_actor
from tocsin.core.db import DIRECTORY_SCOPE, Database, Tx
from tocsin.core.event import append_event
from tocsin.core.journal import write_journal
from tocsin.core.statement import Statement, bind
from tocsin.core.tenant import merchant

R = TypeVar("R")


class OwnerCreated(Struct, frozen=True):
    """The owner exists and can sign in."""

    merchant_id: int
    operator_id: int
    name: str


class PasswordReset(Struct, frozen=True):
    """The operator has a new password and can sign in."""

    merchant_id: int
    operator_id: int
    name: str


class _Link(Struct, frozen=True):
    merchant_id: int
    operator_id: int
    merchant_name: str


_of_token = owner_link.c.token_hash == bind("hash", str)
_unused = (owner_link.c.used_at_us.is_(None), owner_link.c.expires_at_us > bind("now"))
_FIND = Statement(
    sa.select(owner_link.c.merchant_id, owner_link.c.operator_id, merchant.c.name.label("merchant_name"))
    .select_from(owner_link.join(merchant, merchant.c.id == owner_link.c.merchant_id)).where(_of_token, *_unused),
    _Link,
)  # fmt: skip
_USE = Statement[None](sa.update(owner_link).where(_of_token, *_unused), sets=("used_at_us",))
_LOCK_MERCHANT = Statement[tuple[int]](
    sa.select(merchant.c.id).where(merchant.c.id == bind("b_merchant_id")).with_for_update()
)


def create_owner_link(tx: Tx, merchant_id: int, *, actor: Actor | None = None) -> str:
    """Return the secret of a new link that creates an owner of the merchant, once, within 24 h; earlier ones are void."""
    by = actor or desk_actor(tx.merchant_id)
    write_journal(tx, by, verb="access.create_owner_link", subject=f"merchant:{merchant_id}")
    return add_link(tx, operator_id=0, made_by=0)


def offer_owner_link(tx: Tx, merchant_id: int) -> str:
    """Return the secret of a new link, or nothing where one is open: another process has just shown that one."""
    tx.one(_LOCK_MERCHANT, b_merchant_id=merchant_id)  # one of two processes that start at once waits here
    return "" if has_open_link(tx, operator_id=0) else create_owner_link(tx, merchant_id)


def create_reset_link(tx: Tx, actor: Actor, *, operator_id: int) -> str:
    """Return the secret of a link that gives an operator under the actor a new password; earlier ones are void.

    Raises:
        OperatorMissing, NotAllowed: there is none such, or he is above the actor.
        ProofNeeded: the actor has not proved lately who he is.
    """
    get_operator(tx, actor, operator_id=operator_id)
    require_proof(actor)
    write_journal(tx, actor, verb="access.create_reset_link", subject=f"operator:{operator_id}")
    return add_link(tx, operator_id=operator_id, made_by=actor.id if actor.kind == "operator" else 0)


def link_is_open(db: Database, token: str) -> bool:
    """Tell whether an owner's link can still be used, so that its page can say so before anything is typed.

    It guards nothing: 256 random bits are not found by asking.
    """
    link = _find_link(db, token)
    return link is not None and not link.operator_id


def whose_reset_link(db: Database, token: str) -> str:
    """Return the sign-in name that an open link gives a new password; empty for any other link."""
    link = _find_link(db, token)
    if link is None or not link.operator_id:
        return ""
    return db.read(link.merchant_id, lambda tx: read_names(tx, operator_id=link.operator_id)).name


def redeem_owner_link(
    db: Database,
    token: str,
    *,
    name: str,
    display_name: str,
    password: str,
    address: str,
    locale: str = "zh_CN",
    zone: str = "Asia/Shanghai",
) -> OwnerCreated | SignInRefused:
    """Create the owner that a link stands for; `wrong` for one that is unknown, used or too old.

    Raises:
        PasswordWeak, NameTaken, NameWrong: the link stays open.
    """

    def create(tx: Tx, link: _Link, hashed: str) -> OwnerCreated:
        operator_id = add_operator(
            tx, name=name, display_name=display_name, role="owner", password_hash=hashed, locale=locale,
            zone=zone, created_by=0,
        )  # fmt: skip
        _tell(tx, verb="access.redeem_owner_link", operator_id=operator_id)
        append_event(tx, "access.operator_created", subject_id=operator_id, data={"role": "owner"})
        return OwnerCreated(link.merchant_id, operator_id, name.strip())

    link = _find_link(db, token)
    wanted = link if link and not link.operator_id else None
    return _redeem(
        db, token, wanted, password=password, names=(name, display_name), address=address, then=create
    )


def redeem_reset_link(
    db: Database, token: str, *, password: str, address: str
) -> PasswordReset | SignInRefused:  # fmt: skip
    """Give the operator that a link stands for a new password; all his sessions end.

    Raises:
        PasswordWeak: the link stays open.
    """
    link = _find_link(db, token)
    wanted = link if link and link.operator_id else None
    names = (
        db.read(wanted.merchant_id, lambda tx: read_names(tx, operator_id=wanted.operator_id))
        if wanted
        else KnownNames()
    )

    def reset(tx: Tx, link: _Link, hashed: str) -> PasswordReset:
        set_password(tx, operator_id=link.operator_id, password_hash=hashed)
        end_sessions_of(tx, operator_id=link.operator_id, reason="password_changed")
        _tell(tx, verb="access.redeem_reset_link", operator_id=link.operator_id)
        append_event(tx, "access.password_changed", subject_id=link.operator_id)
        return PasswordReset(link.merchant_id, link.operator_id, names.name)

    return _redeem(
        db, token, wanted, password=password, names=names.all(), address=address, then=reset
    )  # fmt: skip


def _redeem(
    db: Database,
    token: str,
    link: _Link | None,
    *,
    password: str,
    names: tuple[str, ...],
    address: str,
    then: Callable[[Tx, _Link, str], R],
) -> R | SignInRefused:
    made: list[str] = []

    def check() -> bool:
        # Asked again inside the lane: the other one of two clicks may have used it meanwhile.
        if link is None or _find_link(db, token) != link:
            return False
        require_strong(password, names=(*names, link.merchant_name))
        made.append(hash_password(password))
        return True

    def use(tx: Tx) -> R | None:
        if link is None or not tx.run(_USE, hash=hash_secret(token), now=tx.now_us, used_at_us=tx.now_us):
            return None
        return then(tx, link, made[0])

    merchant_id, operator_id = (link.merchant_id, link.operator_id) if link else (0, 0)
    guess = Guess("link", f"link:{hash_secret(token)}", address, "", merchant_id, operator_id)
    return guarded_verify(db, guess, secret_check=check, on_right=use)


def _find_link(db: Database, token: str) -> _Link | None:
    return db.read(DIRECTORY_SCOPE, lambda tx: tx.one(_FIND, hash=hash_secret(token), now=tx.now_us))


def _tell(tx: Tx, *, verb: str, operator_id: int) -> None:
    write_journal(tx, desk_actor(tx.merchant_id), verb=verb, subject=f"operator:{operator_id}")
