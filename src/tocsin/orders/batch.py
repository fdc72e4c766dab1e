"""The batch of box 15: revisions, their hash and a receipt; what the print terminal takes."""

import hashlib
from collections.abc import Sequence

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.actor import Actor
from tocsin.core.db import Tx
from tocsin.core.ident import new_id
from tocsin.core.journal import write_journal
from tocsin.core.statement import Statement, bind, insert_into, own
from tocsin.orders.table import batch


class Batch(Struct, frozen=True):
    """A recorded batch: `items` is JSON of [order id, revision, content hash]."""

    id: int
    kind: str
    items: str
    sha256: str
    count: int
    actor_name: str
    at_us: int

    def pairs(self) -> list[tuple[int, int, str]]:
        """Return its items, decoded."""
        return msgspec.json.decode(self.items, type=list[tuple[int, int, str]])


_ADD = insert_into(batch)
_ONE = Statement(
    sa.select(*(batch.c[name] for name in Batch.__struct_fields__)).where(
        own(batch), batch.c.id == bind("id")
    ),
    Batch,
)


def make_batch(tx: Tx, actor: Actor, *, kind: str, items: Sequence[tuple[int, int, str]]) -> Batch:
    """Record a batch of (order id, revision, content hash) and return it with its hash."""
    encoded = msgspec.json.encode(items)
    made = Batch(
        new_id(), kind, encoded.decode(), hashlib.sha256(encoded).hexdigest(), len(items), actor.name, tx.now_us
    )  # fmt: skip
    tx.run(
        _ADD, id=made.id, kind=kind, items=made.items, sha256=made.sha256, count=made.count, actor_id=actor.id,
        actor_name=actor.name, at_us=tx.now_us,
    )  # fmt: skip
    write_journal(
        tx, actor, verb=f"orders.batch_{kind}", subject=f"batch:{made.id}", data={"count": made.count}
    )
    return made


def get_batch(tx: Tx, *, batch_id: int) -> Batch | None:
    """Return a batch, or None."""
    return tx.one(_ONE, id=batch_id)
