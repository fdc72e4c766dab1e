"""What would take an act back: kept sealed beside the answers of requests, for ten minutes, for who acted alone, and once.

A person who is erased goes out of it as out of kept answers (`idempotency.forget_answers`).
"""

from typing import Any, TypeVar

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.actor import Actor
from tocsin.core.clock import MINUTE_US
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.idempotency import Answer, idempotency, keep_answer, kept_answer
from tocsin.core.ident import new_id
from tocsin.core.statement import Statement, bind, own

LIFE_US = 10 * MINUTE_US
T = TypeVar("T")
_KEPT, _USED, _REFUSED = 200, 410, 409


class Told(Struct, frozen=True):
    """Why something was not taken back: the sentence of a refusal, and what it names."""

    template: str
    data: dict[str, str | int]


class UndoOver(Refusal):
    """This can't be taken back here any more: it was already, or more than ten minutes ago. Change it on its own page"""

    kind, code = "missing", "undo_over"


_USE = Statement[None](
    sa.update(idempotency).where(
        own(idempotency), idempotency.c.key == bind("b_key", str), idempotency.c.status == bind("kept")
    ),
    sets=("status",),
)


def keep_undo(tx: Tx, actor: Actor, what: object) -> str:
    """Keep what would take an act back; return the name by which its actor asks for it."""
    name = str(new_id())
    keep_answer(tx, _key(actor, name), route="undo", answer=Answer(_KEPT, msgspec.json.encode(what)))
    return name


def find_undo(tx: Tx, actor: Actor, *, name: str, shape: type[T]) -> T | None:
    """Return what was kept under a name for an actor; None once it is used, too old or erased."""
    plain = kept_answer(tx, _key(actor, name), status=_KEPT, life_us=LIFE_US)
    return msgspec.json.decode(plain, type=shape) if plain else None


def use_undo(tx: Tx, actor: Actor, *, name: str, shape: type[T]) -> T:
    """Return what was kept under a name, so that nobody gets it again.

    Raises:
        UndoOver: it was used, is too old, somebody else's, or never was.
    """
    found = find_undo(tx, actor, name=name, shape=shape)
    if found is None or not tx.run(_USE, b_key=_key(actor, name), kept=_KEPT, status=_USED):
        raise UndoOver
    return found


def keep_refused(tx: Tx, actor: Actor, refusal: Refusal) -> str:
    """Keep why something was not taken back; return the name by which the next page of its actor tells it."""
    name, data = str(new_id()), {one: _plain(value) for one, value in refusal.data.items()}
    told = msgspec.json.encode(Told(refusal.template(), data))
    keep_answer(tx, _key(actor, name), route="undo", answer=Answer(_REFUSED, told))
    return name


def find_refused(tx: Tx, actor: Actor, *, name: str) -> Told | None:
    """Return why something was not taken back; None once that is old or erased."""
    plain = kept_answer(tx, _key(actor, name), status=_REFUSED, life_us=LIFE_US)
    return msgspec.json.decode(plain, type=Told) if plain else None


def _plain(value: Any) -> str | int:
    return value if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _key(actor: Actor, name: str) -> str:
    return f"undo:{actor.kind}:{actor.id}:{name}"
