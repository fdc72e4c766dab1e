"""Preferences: what a merchant or a shop chooses, typed by the box that reads it, revisioned."""

from typing import TypeVar

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.journal import write_journal
from tocsin.core.schema import big, merchant_table, text
from tocsin.core.statement import Statement, bind, own, upsert

S = TypeVar("S", bound=Struct)
preference = merchant_table(
    "preference", big("shop_id"), text("box"), big("revision"), text("value"), big("at_us"), big("actor_id"),
    key=("shop_id", "box", "revision"),
)  # fmt: skip


class PreferenceMoved(Refusal):
    """The preferences of {box} were changed by somebody else (now revision {revision}): look again, then save"""

    kind, code = "conflict", "preference_moved"


class _Stored(Struct, frozen=True):
    revision: int
    value: str


_NEWEST = Statement(
    sa.select(preference.c.revision, preference.c.value)
    .where(own(preference), preference.c.shop_id == bind("shop_id"), preference.c.box == bind("box", str))
    .order_by(preference.c.revision.desc()).limit(1),
    _Stored,
)  # fmt: skip
_ADD = Statement[None](
    upsert(preference).on_conflict_do_nothing(),
    sets=("merchant_id", "shop_id", "box", "revision", "value", "at_us", "actor_id"),
)


def read_preference(tx: Tx, kind: type[S], *, box: str, shop_id: int = 0) -> S:
    """Return a box's preferences: the shop's, else the merchant's, else the struct's defaults."""
    place = (kind, box, shop_id)
    if place not in tx.kept:
        found = tx.one(_NEWEST, shop_id=shop_id, box=box)
        if found is None and shop_id:
            found = tx.one(_NEWEST, shop_id=0, box=box)
        tx.kept[place] = kind() if found is None else msgspec.json.decode(found.value, type=kind)
    return tx.kept[place]  # type: ignore[no-any-return]


def preference_revision(tx: Tx, *, box: str, shop_id: int = 0) -> int:
    """Return the revision a change is made against, 0 before the first."""
    found = tx.one(_NEWEST, shop_id=shop_id, box=box)
    return found.revision if found else 0


def change_preference(
    tx: Tx, actor: Actor, value: Struct, *, box: str, revision: int, shop_id: int = 0
) -> int:
    """Store new preferences against the revision that was seen; return the new revision.

    Raises:
        NotAllowed: the actor may not change shop settings.
        PreferenceMoved: another change came first.
    """
    require(actor, "shop_settings")
    present = preference_revision(tx, box=box, shop_id=shop_id)
    if present != revision:
        raise PreferenceMoved(box=box, revision=present)
    tx.kept.clear()
    encoded = msgspec.json.encode(value).decode()
    # On PostgreSQL two may have seen the same revision: the key lets one of them through.
    if not tx.run(
        _ADD,
        shop_id=shop_id,
        box=box,
        revision=present + 1,
        value=encoded,
        at_us=tx.now_us,
        actor_id=actor.id,
    ):
        raise PreferenceMoved(box=box, revision=present + 1)
    write_journal(
        tx, actor, verb="preference.change", subject=f"preference:{box}", data={"revision": present + 1}
    )
    return present + 1
