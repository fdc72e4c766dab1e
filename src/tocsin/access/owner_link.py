"""The one-time link that creates a merchant's owner; he gets his recovery codes with it."""

import sqlalchemy as sa
from msgspec import Struct

from tocsin.access.limiter import Guess, SignInRefused, guarded_verify
from tocsin.access.link import LIFE_US as LIFE_US
from tocsin.access.link import add_link, find_link, has_open_link, see_link, use_link
from tocsin.access.operator import add_operator
from tocsin.access.password import hash_password, require_strong
from tocsin.access.recovery import first_recovery_codes
from tocsin.access.secret import hash_secret
from tocsin.core.actor import Actor, desk_actor
from tocsin.core.db import Database, Tx
from tocsin.core.event import append_event
from tocsin.core.journal import write_journal
from tocsin.core.statement import Statement, bind
from tocsin.core.tenant import merchant


class OwnerCreated(Struct, frozen=True):
    """The owner exists and can sign in; his recovery codes are shown this once."""

    merchant_id: int
    operator_id: int
    name: str
    recovery_codes: tuple[str, ...]


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


def link_is_open(db: Database, token: str, *, address: str) -> bool:
    """Tell whether an owner's link can still be used, so that its page can say so before anything is typed."""
    link = see_link(db, token, address=address)
    return link is not None and not link.operator_id


def redeem_owner_link(
    db: Database, token: str, *, name: str, display_name: str, password: str, address: str, locale: str = "zh_CN",
    zone: str = "Asia/Shanghai",
) -> OwnerCreated | SignInRefused:  # fmt: skip
    """Create the owner that a link stands for; `wrong` for one that is unknown, used or too old.

    Raises:
        PasswordWeak, NameTaken, NameWrong: the link stays open.
    """
    found = find_link(db, token)
    link = found if found and not found.operator_id else None
    made: list[str] = []

    def check() -> bool:
        # Asked again inside the lane: the other one of two clicks may have used it meanwhile.
        if link is None or find_link(db, token) != link:
            return False
        require_strong(password, names=(name, display_name, link.merchant_name))
        made.append(hash_password(password))
        return True

    def create(tx: Tx) -> OwnerCreated | None:
        if link is None or not use_link(tx, token=token):
            return None
        operator_id = add_operator(
            tx, name=name, display_name=display_name, role="owner", password_hash=made[0], locale=locale, zone=zone,
            created_by=0,
        )  # fmt: skip
        codes = first_recovery_codes(tx, operator_id=operator_id)
        subject = f"operator:{operator_id}"
        write_journal(tx, desk_actor(tx.merchant_id), verb="access.redeem_owner_link", subject=subject)
        append_event(tx, "access.operator_created", subject_id=operator_id, data={"role": "owner"})
        return OwnerCreated(link.merchant_id, operator_id, name.strip(), tuple(codes))

    guess = Guess("link", f"link:{hash_secret(token)}", address, "", link.merchant_id if link else 0, 0)
    return guarded_verify(db, guess, secret_check=check, on_right=create)
