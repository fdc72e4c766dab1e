"""Who edits an order now: shown to the others, taken over with a word, and gone a minute after the form is.

It is no lock: the revision decides what is stored. It only spares two people the same work.
"""

import secrets

import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.actor import Actor, require
from tocsin.core.clock import SECOND_US
from tocsin.core.db import Tx
from tocsin.core.event import append_event
from tocsin.core.journal import write_journal
from tocsin.core.statement import Statement, bind, own, upsert
from tocsin.orders.table import order_editor

LIFE_SECONDS = 60


class Editor(Struct, frozen=True):
    """Who edits an order, since when, in which form (`token`), and whose form it took over."""

    order_id: int
    operator_id: int
    name: str
    token: str
    since_us: int
    until_us: int
    taken_from: str


_COLUMNS = tuple(order_editor.c[name] for name in Editor.__struct_fields__)
_FIND = Statement(
    sa.select(*_COLUMNS).where(own(order_editor), order_editor.c.order_id == bind("order_id"), order_editor.c.until_us > bind("now")),
    Editor,
)  # fmt: skip
_taking = upsert(order_editor)
_new = {name: _taking.excluded[name] for name in Editor.__struct_fields__ if name != "order_id"}
_ALL = [column.name for column in order_editor.columns]
_TAKE = Statement[None](
    _taking.on_conflict_do_update(index_elements=["merchant_id", "order_id"], set_=_new), sets=_ALL
)
# Of two who open the form at once the first one edits.
_BEGIN = Statement[None](
    _taking.on_conflict_do_update(
        index_elements=["merchant_id", "order_id"], set_=_new,
        where=order_editor.c.until_us <= sa.bindparam("now", type_=sa.BigInteger),
    ),
    sets=_ALL,
)  # fmt: skip
_KEEP = Statement[None](
    sa.update(order_editor).where(
        own(order_editor), order_editor.c.order_id == bind("b_order"), order_editor.c.token == bind("b_token", str)
    ),
    sets=("until_us",),
)  # fmt: skip
_END = Statement[None](
    sa.delete(order_editor).where(
        own(order_editor),
        order_editor.c.order_id == bind("b_order"),
        order_editor.c.operator_id == bind("b_who"),
    )
)


def who_edits(tx: Tx, *, order_id: int) -> Editor | None:
    """Return who edits an order now, if anybody."""
    return tx.one(_FIND, order_id=order_id, now=tx.now_us)


def begin_editing(tx: Tx, actor: Actor, *, order_id: int) -> tuple[Editor, bool]:
    """Note that somebody opened an order's form; return who edits it, and whether that is this form.

    Raises:
        NotAllowed
    """
    require(actor, "amend")
    present = who_edits(tx, order_id=order_id)
    if present is not None and present.operator_id != actor.id:
        return present, False
    made = _editor(tx, actor, order_id=order_id)
    if present is not None:  # his own form, opened anew
        tx.run(_TAKE, **_row(made))
        return made, True
    if not tx.run(_BEGIN, now=tx.now_us, **_row(made)):
        return who_edits(tx, order_id=order_id) or made, False
    append_event(tx, "order.editing", subject_id=order_id)
    return made, True


def keep_editing(tx: Tx, actor: Actor, *, order_id: int, token: str) -> Editor | None:
    """Say that a form is still open; return who edits the order, with this token where it is still this form.

    Raises:
        NotAllowed
    """
    require(actor, "amend")
    present = who_edits(tx, order_id=order_id)
    if present is None and token:  # it slept for a while, and nobody came meanwhile
        return begin_editing(tx, actor, order_id=order_id)[0]
    if present is not None and present.token == token and present.operator_id == actor.id:
        tx.run(_KEEP, b_order=order_id, b_token=token, until_us=tx.now_us + LIFE_SECONDS * SECOND_US)
    return present


def take_over(tx: Tx, actor: Actor, *, order_id: int) -> Editor:
    """Edit an order that somebody else edits: his form says so, keeps what he typed, and meets the new revision.

    Raises:
        NotAllowed
    """
    require(actor, "amend")
    present = who_edits(tx, order_id=order_id)
    other = present.name if present and present.operator_id != actor.id else ""
    made = _editor(tx, actor, order_id=order_id, taken_from=other)
    tx.run(_TAKE, **_row(made))
    append_event(tx, "order.editing", subject_id=order_id)
    if other:
        write_journal(tx, actor, verb="orders.take_over", subject=f"order:{order_id}", data={"from": other})
    return made


def end_editing(tx: Tx, actor: Actor, *, order_id: int) -> None:
    """Note that somebody's form of an order has done its work."""
    if tx.run(_END, b_order=order_id, b_who=actor.id):
        append_event(tx, "order.editing", subject_id=order_id)


def _editor(tx: Tx, actor: Actor, *, order_id: int, taken_from: str = "") -> Editor:
    until_us = tx.now_us + LIFE_SECONDS * SECOND_US
    return Editor(order_id, actor.id, actor.name, secrets.token_hex(8), tx.now_us, until_us, taken_from)


def _row(made: Editor) -> dict[str, int | str]:
    return {name: getattr(made, name) for name in Editor.__struct_fields__}
