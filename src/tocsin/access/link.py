"""One-time links as rows: added, found, used, and made void when what they stand for has changed."""

import sqlalchemy as sa
from msgspec import Struct

from tocsin.access.limiter import Guess, spend_budget
from tocsin.access.secret import hash_secret, new_secret
from tocsin.access.station import station_code
from tocsin.access.table import owner_link, reset_code
from tocsin.core.clock import DAY_US
from tocsin.core.db import DIRECTORY_SCOPE, Database, Tx
from tocsin.core.statement import Statement, bind, insert_into, own
from tocsin.core.tenant import merchant

LIFE_US = DAY_US


class Link(Struct, frozen=True):
    """An open link: it creates an owner (operator 0), or lets that new operator set his own credential."""

    merchant_id: int
    operator_id: int
    merchant_name: str


_ADD = insert_into(owner_link)
_open = (own(owner_link), owner_link.c.used_at_us.is_(None))
_VOID = Statement[None](
    sa.update(owner_link).where(*_open, owner_link.c.operator_id == bind("of_operator")), sets=("used_at_us",)
)
_VOID_MADE = Statement[None](
    sa.update(owner_link).where(*_open, owner_link.c.made_by == bind("of_maker")), sets=("used_at_us",)
)
_VOID_ALL = Statement[None](sa.update(owner_link).where(*_open), sets=("used_at_us",))
_DROP_CODES = Statement[None](
    sa.delete(reset_code).where(
        own(reset_code),
        sa.or_(reset_code.c.operator_id == bind("around"), reset_code.c.made_by == bind("around")),
    )
)
_DROP_ALL_CODES = Statement[None](sa.delete(reset_code).where(own(reset_code)))
_unused_codes = (own(station_code), station_code.c.used_at_us == 0)
_VOID_STATION_CODES = Statement[None](
    sa.update(station_code).where(*_unused_codes, station_code.c.made_by == bind("of_maker")),
    sets=("used_at_us",),
)
_VOID_ALL_STATION_CODES = Statement[None](sa.update(station_code).where(*_unused_codes), sets=("used_at_us",))
_FIND_OPEN = Statement[tuple[str]](
    sa.select(owner_link.c.token_hash)
    .where(*_open, owner_link.c.operator_id == bind("of_operator"), owner_link.c.expires_at_us > bind("now"))
)  # fmt: skip
_of_token = owner_link.c.token_hash == bind("hash", str)
_unused = (owner_link.c.used_at_us.is_(None), owner_link.c.expires_at_us > bind("now"))
_FIND = Statement(
    sa.select(owner_link.c.merchant_id, owner_link.c.operator_id, merchant.c.name.label("merchant_name"))
    .select_from(owner_link.join(merchant, merchant.c.id == owner_link.c.merchant_id)).where(_of_token, *_unused),
    Link,
)  # fmt: skip
_MADE = Statement[tuple[int]](sa.select(owner_link.c.merchant_id).where(_of_token))
_HOLD = Statement[tuple[str]](sa.select(owner_link.c.token_hash).where(_of_token, *_unused).with_for_update())
_USE = Statement[None](sa.update(owner_link).where(_of_token, *_unused), sets=("used_at_us",))


def add_link(tx: Tx, *, operator_id: int, made_by: int) -> str:
    """Return the secret of a new link of the transaction's merchant; earlier ones for the same are void.

    Args:
        operator_id: who is invited; 0: the link creates an owner.
        made_by: the operator who made it; 0: the desk.
    """
    tx.run(_VOID, of_operator=operator_id, used_at_us=tx.now_us)
    token = new_secret()
    tx.run(
        _ADD, token_hash=hash_secret(token), operator_id=operator_id, created_at_us=tx.now_us,
        expires_at_us=tx.now_us + LIFE_US, used_at_us=None, made_by=made_by,
    )  # fmt: skip
    return token


def void_links_around(tx: Tx, *, operator_id: int) -> None:
    """Make void what gives an operator a new password, and what he made for others, people and stations: his place has changed."""
    tx.run(_VOID, of_operator=operator_id, used_at_us=tx.now_us)
    tx.run(_VOID_MADE, of_maker=operator_id, used_at_us=tx.now_us)
    tx.run(_DROP_CODES, around=operator_id)
    tx.run(_VOID_STATION_CODES, of_maker=operator_id, used_at_us=tx.now_us)


def void_all_links(tx: Tx) -> int:
    """Make void each open link and code of the merchant, for people and for stations; return how many there were."""
    return (
        tx.run(_VOID_ALL, used_at_us=tx.now_us)
        + tx.run(_DROP_ALL_CODES)
        + tx.run(_VOID_ALL_STATION_CODES, used_at_us=tx.now_us)
    )


def has_open_link(tx: Tx, *, operator_id: int) -> bool:
    """Tell whether a link can still be used."""
    return tx.one(_FIND_OPEN, of_operator=operator_id, now=tx.now_us) is not None


def find_link(db: Database, token: str) -> Link | None:
    """Return what an open link stands for."""
    return db.read(DIRECTORY_SCOPE, lambda tx: tx.one(_FIND, hash=hash_secret(token), now=tx.now_us))


def see_link(db: Database, token: str, *, address: str) -> Link | None:
    """Return what an open link stands for, for its page; a token that nobody ever made spends its address's budget."""
    found, hashed = find_link(db, token), hash_secret(token)
    if found is None and not db.read(DIRECTORY_SCOPE, lambda tx: tx.one(_MADE, hash=hashed)):
        guess = Guess("link", f"link:{hashed}", address)
        db.write(DIRECTORY_SCOPE, lambda tx: spend_budget(tx, guess))
    return found


def hold_link(tx: Tx, *, token: str) -> bool:
    """Tell whether a link is still open, and keep others from using it until the transaction ends."""
    return tx.one(_HOLD, hash=hash_secret(token), now=tx.now_us) is not None


def use_link(tx: Tx, *, token: str) -> bool:
    """Use a link up; tell whether it was open."""
    return bool(tx.run(_USE, hash=hash_secret(token), now=tx.now_us, used_at_us=tx.now_us))
