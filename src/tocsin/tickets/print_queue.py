"""Print queues: each belongs to a role of the shop, and prints on whatever printer stands there now.

A printer has a queue of its own name and id from the start; others are added to it.
"""

from collections.abc import Iterable

import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.statement import NOUGHT, Statement, among, bind, insert_into, own
from tocsin.tickets.table import print_job, print_queue

ROLES = ("", "counter", "kitchen", "packing")
EVERY = "*"


class QueueMissing(Refusal):
    """There is no such print queue: choose one under Print terminal, or set a printer up first"""

    kind, code = "missing", "queue_missing"


class PrintQueue(Struct, frozen=True):
    """A queue of papers; `printer_id` is where they come out, `backup_id` where while that is away, 0 nowhere.

    `takes` says which orders come to it by themselves: empty none, `*` every one, else those of a query.
    With `own_lines` its papers show only the lines that its query finds.
    """

    id: int
    name: str
    role: str
    shop_id: int
    printer_id: int
    backup_id: int
    backup_minutes: int
    copies: str
    takes: str
    own_lines: int
    paused: int

    def copy_list(self) -> list[str]:
        """Return which copies it prints of each order."""
        return self.copies.split(",")


def copies_at(queues: Iterable[PrintQueue], *, printer_id: int) -> tuple[str, ...]:
    """Return which copies a printer's queues print of each order."""
    return tuple(
        dict.fromkeys(copy for one in queues if one.printer_id == printer_id for copy in one.copy_list())
    )


class Waiting(Struct, frozen=True):
    """A queue at a glance: how many papers wait, and since when the oldest does."""

    queue_id: int
    pending: int
    oldest_us: int | None


_COLUMNS = tuple(print_queue.c[name] for name in PrintQueue.__struct_fields__)
_ADD = insert_into(print_queue)
_ALL = Statement(
    sa.select(*_COLUMNS).where(own(print_queue), print_queue.c.removed == 0).order_by(print_queue.c.id), PrintQueue
)  # fmt: skip
_ONE = Statement(sa.select(*_COLUMNS).where(own(print_queue), print_queue.c.id == bind("id")), PrintQueue)
_STORE = Statement[None](
    sa.update(print_queue).where(own(print_queue), print_queue.c.id == bind("b_id")),
    sets=("name", "role", "shop_id", "printer_id", "backup_id", "backup_minutes", "copies", "takes", "own_lines", "paused"),
)  # fmt: skip
_REMOVE = Statement[None](
    sa.update(print_queue).where(own(print_queue), print_queue.c.id == bind("b_id")), sets=("removed",)
)
# Not by the bare column: its index would be walked for the order, through all papers that ever were.
_queue_id = (print_job.c.queue_id + NOUGHT).label("queue_id")
_WAITING = Statement(
    sa.select(
        _queue_id, sa.func.count().label("pending"), sa.func.min(print_job.c.asked_at_us).label("oldest_us")
    ).where(own(print_job), among(print_job.c.state, "queued", "sending")).group_by(sa.text("1")),
    Waiting,
)  # fmt: skip


def list_queues(tx: Tx) -> list[PrintQueue]:
    """Return the merchant's queues, the first one first."""
    return tx.rows(_ALL)


def get_queue(tx: Tx, *, queue_id: int = 0) -> PrintQueue:
    """Return a queue; without an id, the merchant's first.

    Raises:
        QueueMissing: there is none.
    """
    found = next((one for one in list_queues(tx) if queue_id in (0, one.id)), None)
    if found is None:
        raise QueueMissing
    return found


def past_queue(tx: Tx, *, queue_id: int) -> PrintQueue | None:
    """Return a queue, also one that was taken away since."""
    return tx.one(_ONE, id=queue_id)


def count_waiting(tx: Tx) -> dict[int, Waiting]:
    """Return what waits in each busy queue, by the queue's id."""
    return {one.queue_id: one for one in tx.rows(_WAITING)}


def add_row(tx: Tx, queue: PrintQueue) -> None:
    """Store a new queue as it is given."""
    tx.run(_ADD, removed=0, **{name: getattr(queue, name) for name in PrintQueue.__struct_fields__})


def store_row(tx: Tx, queue: PrintQueue) -> None:
    """Store a queue's settings as they are given."""
    values = {name: getattr(queue, name) for name in PrintQueue.__struct_fields__[1:]}
    tx.run(_STORE, b_id=queue.id, **values)


def drop_row(tx: Tx, queue_id: int) -> None:
    """Take a queue out of the list; its past papers stay."""
    tx.run(_REMOVE, b_id=queue_id, removed=1)


def restore_row(tx: Tx, queue_id: int) -> None:
    """Put a queue that was taken out back into the list."""
    tx.run(_REMOVE, b_id=queue_id, removed=0)
