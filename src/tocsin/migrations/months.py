"""The lines of orders in partitions of a month, on PostgreSQL, for who has tens of millions: keys and statements stay as they are.

An id says when it was made, so a month is a range of ids. Which tables, why no others, and from when: docs/decisions/0052.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, LiteralString

import psycopg
from msgspec import Struct
from psycopg import sql

from tocsin.core import clock
from tocsin.core.db import DESK_ROLE
from tocsin.core.errors import Refusal
from tocsin.core.ident import id_at
from tocsin.core.reaching import reach
from tocsin.migrations.tables import all_tables
from tocsin.migrations.walls import walls_of

MONTHLY = {"order_line": "order_id"}  # each with the id that says its month
AHEAD = 3
_LOCK, _BOUND = 7180718, "months_bound"
_TRIES, _PAUSE_SECONDS = 60, 2.0
# Who waits for a table makes all others wait behind him.
_PATIENCE: LiteralString = "SET lock_timeout = '2s'"
_KIND = (
    "SELECT relkind::text FROM pg_class WHERE relname = %s AND relnamespace = current_schema()::regnamespace"
)
_PARTS = """
SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent
WHERE p.relname = %s AND p.relnamespace = current_schema()::regnamespace ORDER BY c.relname
"""
_LEFT = """
SELECT c.relname FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
WHERE k.conname = %s AND c.relnamespace = current_schema()::regnamespace
"""
_INDEXES = """
SELECT i.relname, pg_get_indexdef(i.oid), pg_get_constraintdef(k.oid) FROM pg_index x
JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
LEFT JOIN pg_constraint k ON k.conindid = i.oid AND k.conrelid = t.oid
WHERE t.relname = %s AND t.relnamespace = current_schema()::regnamespace ORDER BY i.relname
"""
_BUSY = (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected)
Connection = psycopg.Connection[Any]


class Month(Struct, frozen=True):
    """A month in UTC, as a range of ids: `low` is in it, `high` is of the next."""

    name: str
    low: int
    high: int


class MonthsBusy(Refusal):
    """Another process is making months of this database: try again when it has ended"""

    kind, code = "conflict", "months_busy"


class TableBusy(Refusal):
    """{table} was in use all the time, by a backup or a long download: try again when it has ended"""

    kind, code = "locked", "table_busy"


class IdsAhead(Refusal):
    """{table} has orders of a time that has not come, a clock was wrong once: try again when that time has passed"""

    kind, code = "conflict", "ids_ahead"


def partition_lines(url: str, tell: Callable[[str], None]) -> int:
    """Make each of the tables one of months, while desks serve; what it holds becomes its first partition, unmoved.

    It is read once, and nobody waits for that; then it is locked for a moment. Broken off, it is as it was, or done.

    Returns:
        How many tables were made so; 0 where all were.

    Raises:
        MonthsBusy, TableBusy, IdsAhead
    """
    all_tables()  # loads every chapter, which takes seconds: before anything is locked
    with _as_owner(url) as connection:
        waiting = [table for table in MONTHLY if not is_monthly(connection, table)]
        for table in waiting:
            tell(f"{table}: reads it once")
            _partition(connection, table)
        _when_free(", ".join(MONTHLY), lambda: _extend(connection))
        for table in MONTHLY:
            tell(f"{table}: {', '.join(parts_of(connection, table))}")
    return len(waiting)


def extend_months(url: str) -> int:
    """Make the partitions of the months ahead where tables have some; return how many. One process does it, others pass by."""
    try:
        with _as_owner(url) as connection:
            return _extend(connection)
    except (MonthsBusy, *_BUSY):
        return 0  # what comes for a month that is not there waits in `…_later`


def lacking_months(connection: Connection) -> list[str]:
    """Return the partitions that should be there by now and are not: of this month and the next."""
    return [name for table in MONTHLY for name, _ in _missing(connection, table, ahead=1)]


def is_monthly(connection: Connection, table: str) -> bool:
    """Tell whether a table is one of months."""
    return connection.execute(_KIND, (table,)).fetchone() == ("p",)


def parts_of(connection: Connection, table: str) -> list[str]:
    """Return the names of a table's partitions."""
    return [name for (name,) in connection.execute(_PARTS, (table,))]


def month_at(instant_us: int, *, later: int = 0) -> Month:
    """Return the month of an instant, or the one so many later."""
    at = clock.to_datetime(instant_us)
    low, high = (_start(at.year * 12 + at.month - 1 + months) for months in (later, later + 1))
    return Month(f"{low:%Y_%m}", id_at(clock.from_datetime(low)), id_at(clock.from_datetime(high)))


def _start(months: int) -> datetime:
    return datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC)


@contextmanager
def _as_owner(url: str) -> Iterator[Connection]:
    with psycopg.connect(reach(url), autocommit=True) as connection:
        (free,) = connection.execute("SELECT pg_try_advisory_lock(%s)", (_LOCK,)).fetchone() or (False,)
        if not free:
            raise MonthsBusy
        connection.execute(_PATIENCE)
        yield connection


def _partition(connection: Connection, table: str) -> None:
    # A month more than this one: whatever comes while the table is read has its place in it.
    beyond = month_at(clock.now_us(), later=2)
    try:
        _when_free(table, lambda: _bind(connection, table, beyond=beyond))
        _when_free(
            table, lambda: _run(connection, "ALTER TABLE {table} VALIDATE CONSTRAINT {bound}", table=table)
        )
        _when_free(table, lambda: _swap_at_once(connection, table, beyond=beyond))
    except psycopg.errors.CheckViolation as ahead:
        raise IdsAhead(table=table) from ahead
    finally:
        if not connection.closed:
            with suppress(*_BUSY):  # then the next turn of a desk takes it away
                _drop_bounds(connection)


def _when_free(table: str, act: Callable[[], object]) -> None:
    """Do what a lock is needed for, again and again while the table is in use."""
    for tries_left in reversed(range(_TRIES)):
        try:
            act()
        except _BUSY:
            if not tries_left:
                raise TableBusy(table=table) from None
            time.sleep(_PAUSE_SECONDS)  # whom it held up goes first
        else:
            return


def _bind(connection: Connection, table: str, *, beyond: Month) -> None:
    _drop_bounds(connection)
    _run(
        connection, "ALTER TABLE {table} ADD CONSTRAINT {bound} CHECK ({column} < {low}) NOT VALID",
        table=table, column=MONTHLY[table], low=beyond.low,
    )  # fmt: skip


def _swap_at_once(connection: Connection, table: str, *, beyond: Month) -> None:
    with connection.transaction():
        _swap(connection, table, beyond=beyond)


def _swap(connection: Connection, table: str, *, beyond: Month) -> None:
    before = f"{table}_before_{beyond.name}"
    indexes = connection.execute(_INDEXES, (table,)).fetchall()
    _run(connection, "LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE", table=table)
    _run(connection, "ALTER TABLE {table} RENAME TO {before}", table=table, before=before)
    _run(
        connection, "CREATE TABLE {table} (LIKE {before} INCLUDING DEFAULTS) PARTITION BY RANGE ({column})",
        table=table, before=before, column=MONTHLY[table],
    )  # fmt: skip
    for name, made_by, key in indexes:
        _run(connection, "ALTER INDEX {name} RENAME TO {new}", name=name, new=f"{name}_before")
        if key is None:
            connection.execute(made_by)
        else:
            _run(connection, f"ALTER TABLE {{table}} ADD CONSTRAINT {{name}} {key}", table=table, name=name)
    for wall in walls_of(all_tables().tables[table], "postgresql"):
        connection.execute(wall)
    _run(connection, f"REVOKE ALL ON {{before}} FROM {DESK_ROLE}", before=before)
    _run(
        connection, "ALTER TABLE {table} ATTACH PARTITION {before} FOR VALUES FROM (MINVALUE) TO ({low})",
        table=table, before=before, low=beyond.low,
    )  # fmt: skip
    _run(connection, "ALTER TABLE {before} DROP CONSTRAINT {bound}", before=before)
    _make_part(connection, table, f"{table}_later")
    _run(
        connection,
        "ALTER TABLE {table} ATTACH PARTITION {later} DEFAULT",
        table=table,
        later=f"{table}_later",
    )


def _extend(connection: Connection) -> int:
    _drop_bounds(connection)
    made = 0
    for table in MONTHLY:
        missing = _missing(connection, table, ahead=AHEAD)
        for _, month in missing:
            with connection.transaction():
                _make_month(connection, table, month)
        if missing:
            _run(connection, "ANALYZE {table}", table=table)  # nothing else counts the rows of all its parts
        made += len(missing)
    return made


def _missing(connection: Connection, table: str, *, ahead: int) -> list[tuple[str, Month]]:
    parts = parts_of(connection, table)
    first = max((name for name in parts if "_before_" in name), default="")[-7:]
    months = [month_at(clock.now_us(), later=later) for later in range(ahead + 1)]
    return [
        (f"{table}_{month.name}", month)
        for month in months
        if parts and month.name >= first and f"{table}_{month.name}" not in parts
    ]


def _make_month(connection: Connection, table: str, month: Month) -> None:
    """Make a month's partition; what came before it and waits in `…_later` goes into it."""
    later, part = f"{table}_later", f"{table}_{month.name}"
    _make_part(connection, table, part)
    _run(connection, "LOCK TABLE {later} IN ACCESS EXCLUSIVE MODE", later=later)
    with _open_to_owner(connection, later), _open_to_owner(connection, part):
        _run(
            connection, "WITH moved AS (DELETE FROM {later} WHERE {column} >= {low} AND {column} < {high} RETURNING *)"
            " INSERT INTO {part} SELECT * FROM moved", later=later, part=part, column=MONTHLY[table],
            low=month.low, high=month.high,
        )  # fmt: skip
    _run(
        connection, "ALTER TABLE {table} ATTACH PARTITION {part} FOR VALUES FROM ({low}) TO ({high})",
        table=table, part=part, low=month.low, high=month.high,
    )  # fmt: skip


def _make_part(connection: Connection, table: str, part: str) -> None:
    """Make a table to be attached: by its own name nobody reads it, its owner neither."""
    _run(connection, "CREATE TABLE {part} (LIKE {table} INCLUDING DEFAULTS)", part=part, table=table)
    _run(connection, f"REVOKE ALL ON {{part}} FROM {DESK_ROLE}", part=part)
    _run(connection, "ALTER TABLE {part} ENABLE ROW LEVEL SECURITY", part=part)
    _run(connection, "ALTER TABLE {part} FORCE ROW LEVEL SECURITY", part=part)


@contextmanager
def _open_to_owner(connection: Connection, part: str) -> Iterator[None]:
    _run(connection, "ALTER TABLE {part} NO FORCE ROW LEVEL SECURITY", part=part)
    yield
    _run(connection, "ALTER TABLE {part} FORCE ROW LEVEL SECURITY", part=part)


def _drop_bounds(connection: Connection) -> None:
    """Take away the bound that somebody who was killed has left: it would refuse the orders of a later month."""
    for (table,) in connection.execute(_LEFT, (_BOUND,)).fetchall():
        _run(connection, "ALTER TABLE {table} DROP CONSTRAINT {bound}", table=table)


def _run(connection: Connection, statement: LiteralString, **names: str | int) -> None:
    parts = {
        name: sql.Literal(value) if isinstance(value, int) else sql.Identifier(value)
        for name, value in names.items()
    }
    connection.execute(sql.SQL(statement).format(bound=sql.Identifier(_BOUND), **parts))
