"""Decoys: sign-in names that nobody has and nobody works with; whoever tries one is no colleague.

A decoy is answered, limited and worked for like any other name. It is unique over the installation, as names are.
"""

import sqlalchemy as sa
from msgspec import Struct

from tocsin.access.table import decoy_name, sign_in_name
from tocsin.access.verification import sign_in_key
from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.ident import new_id
from tocsin.core.journal import write_journal
from tocsin.core.statement import Statement, bind, insert_into, own

SUGGESTED = ("admin", "administrator", "root", "test", "店长", "财务")
MOST_DECOYS = 20
_LONGEST_NAME = 64


class DecoyTaken(Refusal):
    """“{name}” is somebody's sign-in name, or a decoy already: choose a name that nobody works with"""

    kind, code = "conflict", "decoy_taken"


class DecoyWrong(Refusal):
    """A decoy is a name of 1 to {longest} characters, and there are at most {most}: shorten it, or remove one"""

    kind, code = "invalid", "decoy_wrong"


class DecoyMissing(Refusal):
    """There is no such decoy: look at the list again"""

    kind, code = "missing", "decoy_missing"


class Decoy(Struct, frozen=True):
    """A name that nobody has."""

    id: int
    name_key: str
    created_at_us: int


_LIST = Statement(
    sa.select(*(decoy_name.c[f] for f in Decoy.__struct_fields__)).where(own(decoy_name)).order_by(decoy_name.c.id), Decoy
)  # fmt: skip
_ADD = insert_into(decoy_name)
_REMOVE = Statement[None](sa.delete(decoy_name).where(own(decoy_name), decoy_name.c.id == bind("decoy_id")))
_MERCHANT = Statement[tuple[int]](
    sa.select(decoy_name.c.merchant_id).where(decoy_name.c.name_key == bind("name_key", str))
)
_TAKEN = Statement[tuple[int]](
    sa.select(sign_in_name.c.operator_id).where(sign_in_name.c.name_key == bind("name_key", str))
)


def decoy_merchant(tx: Tx, name_key: str) -> int:
    """Return the merchant whose decoy a name is, 0 for other names (directory scope)."""
    return int(tx.value(_MERCHANT, name_key=name_key) or 0)


def list_decoys(tx: Tx, actor: Actor) -> list[Decoy]:
    """Return the merchant's decoys.

    Raises:
        NotAllowed: the actor may not change the shop's settings.
    """
    require(actor, "shop_settings")
    return tx.rows(_LIST)


def add_decoy(tx: Tx, actor: Actor, *, name: str) -> int:
    """Add a decoy; return its id.

    Raises:
        NotAllowed: the actor may not change the shop's settings.
        DecoyWrong, DecoyTaken: the name won't do.
    """
    require(actor, "shop_settings")
    name_key = sign_in_key(name)
    if not 1 <= len(name_key) <= _LONGEST_NAME or len(tx.rows(_LIST)) >= MOST_DECOYS:
        raise DecoyWrong(longest=_LONGEST_NAME, most=MOST_DECOYS)
    if tx.one(_TAKEN, name_key=name_key) or decoy_merchant(tx, name_key):
        raise DecoyTaken(name=name_key)
    decoy_id = new_id()
    tx.run(_ADD, name_key=name_key, id=decoy_id, created_at_us=tx.now_us, created_by=actor.id)
    write_journal(tx, actor, verb="access.add_decoy", subject=f"decoy:{decoy_id}")
    return decoy_id


def remove_decoy(tx: Tx, actor: Actor, *, decoy_id: int) -> None:
    """Remove a decoy: the name is one that nobody knows again.

    Raises:
        NotAllowed: the actor may not change the shop's settings.
        DecoyMissing: there is none such.
    """
    require(actor, "shop_settings")
    if not tx.run(_REMOVE, decoy_id=decoy_id):
        raise DecoyMissing
    write_journal(tx, actor, verb="access.remove_decoy", subject=f"decoy:{decoy_id}")
