"""What one act did at once, each thing with what would take it back: shown afterwards, undone one by one."""

import sqlalchemy as sa
from msgspec import Struct

from tocsin.access.table import undo_item
from tocsin.core.actor import Actor
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.ident import new_id
from tocsin.core.statement import Statement, bind, insert_into, own

_MOST = 500


class UndoMissing(Refusal):
    """There is nothing here to undo, or it was undone already: look at the list again"""

    kind, code = "missing", "undo_missing"


class Done(Struct, frozen=True):
    """One thing that an act did: `kind` is posture, session, api_key, passkeys …; `subject` says of whom, without a name."""

    id: int
    act_id: int
    kind: str
    subject_id: int
    subject: str
    at_us: int
    actor_id: int
    undone_at_us: int | None


_COLUMNS = tuple(undo_item.c[f] for f in Done.__struct_fields__)
_ADD = insert_into(undo_item)
_OF_ACT = Statement(
    sa.select(*_COLUMNS)
    .where(
        own(undo_item), undo_item.c.act == bind("of_kind", str), undo_item.c.about_id == bind("about"),
        sa.or_(undo_item.c.act_id == bind("of_act"), undo_item.c.undone_at_us.is_(None)),
    )
    .order_by(undo_item.c.id.desc()).limit(_MOST),
    Done,
)  # fmt: skip
_NEWEST = Statement[tuple[int]](
    sa.select(undo_item.c.act_id)
    .where(own(undo_item), undo_item.c.act == bind("of_kind", str), undo_item.c.about_id == bind("about"))
    .order_by(undo_item.c.id.desc()).limit(1)
)  # fmt: skip
_GET = Statement(
    sa.select(*_COLUMNS).where(
        own(undo_item), undo_item.c.id == bind("item_id"), undo_item.c.act == bind("of_kind", str)
    ),
    Done,
)
_UNDO = Statement[None](
    sa.update(undo_item).where(
        own(undo_item), undo_item.c.id == bind("item_id"), undo_item.c.undone_at_us.is_(None)
    ),
    sets=("undone_at_us", "undone_by"),
)


class Act:
    """One act under way: what it does is noted as it is done."""

    def __init__(self, tx: Tx, actor: Actor, *, name: str, about_id: int = 0) -> None:
        self.id = new_id()
        self._tx, self._actor, self._name, self._about_id = tx, actor, name, about_id

    def note(self, kind: str, *, subject_id: int = 0, subject: str = "") -> None:
        """Note one thing that was done."""
        self._tx.run(
            _ADD, id=new_id(), act_id=self.id, act=self._name, about_id=self._about_id, kind=kind, subject_id=subject_id,
            subject=subject, at_us=self._tx.now_us, actor_id=self._actor.id, undone_at_us=None, undone_by=0,
        )  # fmt: skip


def list_done(tx: Tx, *, name: str, about_id: int = 0) -> list[Done]:
    """Return what the latest act of a name (about an operator) did, and what earlier ones did that still stands."""
    act_id = tx.value(_NEWEST, of_kind=name, about=about_id)
    return tx.rows(_OF_ACT, of_kind=name, about=about_id, of_act=act_id)[::-1] if act_id else []


def take_back(tx: Tx, actor: Actor, *, name: str, item_id: int) -> Done:
    """Mark one thing as undone and return it; what undoes it is for the caller.

    Raises:
        UndoMissing: there is none such of this act, or it was undone before.
    """
    found = tx.one(_GET, item_id=item_id, of_kind=name)
    if found is None or not tx.run(_UNDO, item_id=item_id, undone_at_us=tx.now_us, undone_by=actor.id):
        raise UndoMissing
    return found
