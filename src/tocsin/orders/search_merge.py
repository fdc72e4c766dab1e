"""Box 10's index kept in few parts while nobody waits for the writer; SQLite alone: PostgreSQL's is one tree.

Each order that is stored adds a part, and a search asks every part for every word: with 24 of them it took six times as long
as with two. SQLite merges parts where orders are stored, a whole merge in one commit where it falls behind (30 ms were
seen): that is put off, and done here in steps of some milliseconds.
"""

import time
from functools import partial

import sqlalchemy as sa

from tocsin.core.db import DIRECTORY_SCOPE, Database, Tx
from tocsin.core.loop import Loop
from tocsin.core.statement import Statement

IDLE_SECONDS = 10.0
_STEP_PAGES = 4
_REST_SECONDS = 0.01  # a step takes one to five milliseconds: the rest is for who asks and writes
_STORING_WAITS_FOR, _MERGING_WAITS_FOR = 8, 2
_CHOOSE = Statement[None](
    sa.text("INSERT INTO order_search (order_search, rank) VALUES (:name, :parts)").bindparams(
        sa.bindparam("name", type_=sa.Text), sa.bindparam("parts", type_=sa.Integer)
    )
)
_MERGE = Statement[None](
    sa.text("INSERT INTO order_search (order_search, rank) VALUES ('merge', :pages)").bindparams(
        sa.bindparam("pages", type_=sa.Integer)
    )
)
_CHANGES = Statement[int](sa.text("SELECT total_changes()"))


def merge_loops(db: Database) -> list[Loop]:
    """Return the loop that merges; none on PostgreSQL."""
    if db.dialect != "sqlite":
        return []
    db.write(DIRECTORY_SCOPE, choose_when_to_merge)
    return [Loop("search index", partial(tend_index, db), idle_seconds=IDLE_SECONDS)]


def choose_when_to_merge(tx: Tx) -> None:
    """Have an order's own commit merge eight parts of a size at the earliest, and `merge_step` two; kept in the file."""
    tx.run(_CHOOSE, name="automerge", parts=_STORING_WAITS_FOR)
    tx.run(_CHOOSE, name="usermerge", parts=_MERGING_WAITS_FOR)


def tend_index(db: Database) -> int:
    """Take one step; who waits for the writer goes before, and it is tried again. Return 1 while there may be more to do.

    Under steady work somebody waits half of the time: to come back after `IDLE_SECONDS` only would be hardly ever.
    """
    if not db.waiting() and not db.write(DIRECTORY_SCOPE, merge_step):
        return 0
    time.sleep(_REST_SECONDS)
    return 1


def merge_step(tx: Tx) -> int:
    """Merge some pages of parts of one size; return 1 where something was done.

    Source: SQLite FTS5, 6.7 (a merge that changes fewer than two rows had nothing to do).
    """
    before = int(tx.value(_CHANGES))
    tx.run(_MERGE, pages=_STEP_PAGES)
    return int(int(tx.value(_CHANGES)) - before >= 2)
