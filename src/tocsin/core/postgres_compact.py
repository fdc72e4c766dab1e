"""Compaction of a PostgreSQL server: what was freed leaves its files, as after an erasure."""

from typing import Any

import psycopg
from psycopg import sql

from tocsin.core.reaching import reach

_TRIES = 4
_TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace ORDER BY relname"
_SEGMENTS = "SELECT count(*) FROM pg_ls_waldir() WHERE name ~ '^[0-9A-F]{24}$'"


def compact_server(url: str) -> tuple[str, ...]:
    """Write the tables anew, as their owner; each is locked while its turn is. Then overwrite the write-ahead log.

    The log needs the rights of `pg_checkpoint` and `pg_monitor`, and to execute `pg_switch_wal`.
    Returns what could not be done: `wal`, `checkpoint`, or tables that somebody kept busy.
    """
    with psycopg.connect(reach(url), autocommit=True) as connection:
        # Who waits for a table makes all others wait behind him.
        connection.execute("SET lock_timeout = '5s'")
        left = [name for (name,) in connection.execute(_TABLES) if not _vacuum(connection, name)]
        for name, overwrite in (("checkpoint", _checkpoint), ("wal", _overwrite_wal)):
            try:
                overwrite(connection)
            except psycopg.errors.InsufficientPrivilege:
                left.append(name)
    return tuple(left)


def _vacuum(connection: Any, table: str) -> bool:
    statement = sql.SQL("VACUUM FULL {}").format(sql.Identifier(table))
    for _ in range(_TRIES):
        try:
            connection.execute(statement)
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
            continue
        return True
    return False


def _checkpoint(connection: Any) -> None:
    connection.execute("CHECKPOINT")


def _overwrite_wal(connection: Any) -> None:
    """Fill each segment of the log twice: a checkpoint gives old ones new names, with their bytes still in them.

    Source: PostgreSQL 17, 28.5 WAL Configuration (recycled, until `min_wal_size`); a switch zeroes a segment's rest.
    """
    for _ in range(2):
        (segments,) = connection.execute(_SEGMENTS).fetchone()
        for _ in range(segments):
            connection.execute("SELECT pg_logical_emit_message(false, 'tocsin', '')")
            connection.execute("SELECT pg_switch_wal()")
        _checkpoint(connection)
