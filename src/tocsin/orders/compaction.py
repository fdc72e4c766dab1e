"""Files written anew after an erasure: what was overwritten or freed leaves them; a job, at once or in the night.

A small database is done at once; a large one when the shop sleeps, because writers wait meanwhile. Erasures that come
before it began share it.
"""

from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.clock import from_datetime, to_datetime
from tocsin.core.db import Database, Tx
from tocsin.core.ident import new_id
from tocsin.core.queue import Queue, task
from tocsin.core.statement import Statement, bind, insert_into, own
from tocsin.core.tenant import get_shop
from tocsin.orders.search import merge_index
from tocsin.orders.table import compaction

TASK = "orders.compact"
SMALL_BYTES = 256 << 20
NIGHT_HOUR = 3
"""Local hour at which a large database is written anew."""


class Compaction(Struct, frozen=True):
    """One writing anew: waiting, running or done; `left_over` names what could not be done."""

    id: int
    state: str
    left_over: str
    size_before: int
    size_after: int
    at_us: int
    due_at_us: int
    began_at_us: int
    done_at_us: int


_COLUMNS = tuple(compaction.c[name] for name in Compaction.__struct_fields__)
_ADD = insert_into(compaction)
_WAITING = Statement[tuple[int]](
    sa.select(compaction.c.id).where(own(compaction), compaction.c.state == "waiting").limit(1)
)
_NEWEST = Statement(
    sa.select(*_COLUMNS).where(own(compaction)).order_by(compaction.c.id.desc()).limit(1), Compaction
)
_MOVE = Statement[None](
    sa.update(compaction).where(own(compaction), compaction.c.id == bind("b_id")),
    sets=("state", "left_over", "size_before", "size_after", "began_at_us", "done_at_us"),
)
_SIZE = {
    "sqlite": Statement[tuple[int]](
        sa.text("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()")
    ),
    "postgresql": Statement[tuple[int]](sa.text("SELECT pg_database_size(current_database())")),
}


def ask_compaction(tx: Tx, queue: Queue) -> None:
    """Ask for the files to be written anew, unless that waits already."""
    if tx.value(_WAITING) is not None:
        return
    made, size = new_id(), _size(tx)
    due = tx.now_us if size <= SMALL_BYTES else _next_night(tx)
    tx.run(
        _ADD, id=made, state="waiting", left_over="", size_before=size, size_after=0, at_us=tx.now_us, due_at_us=due,
        began_at_us=0, done_at_us=0,
    )  # fmt: skip
    queue.defer(tx, TASK, payload={"compaction": str(made)}, at_us=due, lock="erase")


def newest_compaction(tx: Tx) -> Compaction | None:
    """Return how the last one went, None where there was none."""
    return tx.one(_NEWEST)


@task(TASK)
def compact_files(db: Database, merchant_id: int, payload: dict[str, Any]) -> None:
    """Write the files anew; a second run does no harm."""
    move = partial(_move, compaction_id=int(payload["compaction"]))
    began, size = db.write(merchant_id, lambda tx: (tx.now_us, _size(tx)))
    told = {"size_before": size, "began_at_us": began, "left_over": "", "size_after": 0, "done_at_us": 0}
    db.write(merchant_id, partial(move, told={**told, "state": "running"}))
    try:
        db.write(merchant_id, merge_index)
        left = db.compact()
    except Exception:
        db.write(merchant_id, partial(move, told={**told, "state": "waiting"}))
        raise

    def end(tx: Tx) -> None:
        ended = {
            "state": "done",
            "left_over": " ".join(left),
            "size_after": _size(tx),
            "done_at_us": tx.now_us,
        }
        move(tx, told={**told, **ended})

    db.write(merchant_id, end)
    db.settle_freed()


def _move(tx: Tx, *, compaction_id: int, told: dict[str, Any]) -> None:
    tx.run(_MOVE, b_id=compaction_id, **told)


def _size(tx: Tx) -> int:
    return int(tx.value(_SIZE[tx.dialect]))


def _next_night(tx: Tx) -> int:
    now: datetime = to_datetime(tx.now_us).astimezone(ZoneInfo(get_shop(tx).zone))
    night = now.replace(hour=NIGHT_HOUR, minute=0, second=0, microsecond=0)
    return from_datetime(night if night > now else night + timedelta(days=1))
