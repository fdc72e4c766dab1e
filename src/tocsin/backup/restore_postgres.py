"""A backup of PostgreSQL fills an empty database, in one transaction: the schema of then, its rows, what is newer, the settling."""

from collections.abc import Callable
from functools import partial
from typing import Any, cast

import msgspec
import psycopg
from psycopg import sql

from tocsin.backup.archive import FILES, JOBS, TABLES, ArchiveReader, Part
from tocsin.backup.files import Files, NotEmpty
from tocsin.backup.make import Tell
from tocsin.backup.postgres_copy import Job, Table, close_walls, count_rows, fill_table, open_walls, tables_of
from tocsin.backup.sealed_file import BackupUnreadable
from tocsin.backup.settle import settle_restored
from tocsin.backup.settle_core import KEPT_TASKS
from tocsin.core.db import Tx
from tocsin.core.queue import Queue, find_queue
from tocsin.core.vault import Vault
from tocsin.settings import Settings

_ANY_TABLE = "SELECT EXISTS (SELECT 1 FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = current_schema()::regnamespace)"
_SERIALS = """
SELECT t.relname, a.attname FROM pg_class s
JOIN pg_depend d ON d.objid = s.oid AND d.deptype IN ('a', 'i') JOIN pg_class t ON t.oid = d.refobjid
JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
WHERE s.relkind = 'S' AND t.relnamespace = current_schema()::regnamespace AND t.relname NOT LIKE 'procrastinate%'
"""


def fill_database(settings: Settings, reader: ArchiveReader, *, skip: int, erased: bytes, tell: Tell) -> None:
    """Fill an empty database.

    Raises:
        NotEmpty, BackupUnreadable
    """
    from tocsin.migrations.upgrade import migrate, migrating_postgres

    with Files(settings, erased=erased) as files, migrating_postgres(settings.database_url) as connection:
        raw = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
        if _one(raw, _ANY_TABLE):
            raise NotEmpty(place=raw.info.dbname)
        migrate(connection, to=reader.manifest.schema)
        filling = _Filling(raw, files, tell)
        filling.fill(reader)
        migrate(connection)
        vault = files.vault()
        queue = find_queue("postgresql")
        settle_restored(
            _runner(raw, vault), made_at_us=reader.manifest.made_at_us, skip=skip, queue=queue
        )  # fmt: skip
        _defer(_runner(raw, vault), queue, filling.jobs)
        files.put()


class _Filling:
    """Fills the tables of one schema as their parts come."""

    def __init__(self, raw: "psycopg.Connection[Any]", files: Files, tell: Tell) -> None:
        self._raw, self._files, self._tell = raw, files, tell
        self.jobs = list[Job]()
        self._rows, self._done = dict[str, int](), 0
        self._table: Table | None = None

    def fill(self, reader: ArchiveReader) -> None:
        """Fill them, and let what counts by itself count on."""
        tables = tables_of(self._raw)
        open_walls(self._raw, tables)
        for part in reader.parts():
            self._take(part)
        if self._rows != reader.rows:
            raise BackupUnreadable(problem="its database has not the rows that it had")
        close_walls(self._raw, tables)
        for table, column in self._raw.execute(_SERIALS).fetchall():
            _restart(self._raw, table, column)

    def _take(self, part: Part) -> None:
        if part.name.startswith(FILES):
            self._files.take(part)
        elif part.name == JOBS:
            self.jobs = msgspec.json.decode(part.file.read(), type=list[Job])
        elif part.name.startswith(TABLES) and part.name.endswith("/columns"):
            self._table = msgspec.json.decode(part.file.read(), type=Table)
            self._rows[self._table.name] = 0
        elif self._table is not None:
            found = part.file.read()
            fill_table(self._raw, self._table, [found])
            self._rows[self._table.name] += count_rows(found)
            self._done += len(found)
            self._tell("read", self._done, self._done)


def _runner(raw: "psycopg.Connection[Any]", vault: Vault) -> Callable[[int, Callable[[Tx], Any]], Any]:
    """Return what runs verbs in the one transaction, each in its merchant's name."""

    def run(merchant_id: int, verb: Callable[[Tx], Any]) -> Any:
        raw.execute(sql.SQL("SET LOCAL tocsin.merchant = {}").format(sql.Literal(str(merchant_id))))
        with raw.cursor() as cursor:
            tx = Tx(cursor, dialect="postgresql", merchant_id=merchant_id, vault=vault)
            result = verb(tx)
            tx.settle()
            return result

    return run


def _defer(run: Callable[[int, Callable[[Tx], Any]], Any], queue: Queue, jobs: list[Job]) -> None:
    for one in jobs:
        if one.task in KEPT_TASKS:
            run(one.merchant_id, partial(queue.defer, task=one.task, payload=one.payload, lock=one.lock))


def _restart(raw: "psycopg.Connection[Any]", table: str, column: str) -> None:
    raw.execute(
        sql.SQL("SELECT setval(pg_get_serial_sequence({}, {}), coalesce(max({}), 0) + 1) FROM {}").format(
            sql.Literal(table), sql.Literal(column), sql.Identifier(column), sql.Identifier(table)
        )
    )


def _one(raw: "psycopg.Connection[Any]", statement: str) -> Any:
    found: tuple[Any, ...] | None = raw.execute(statement).fetchone()
    assert found is not None, "it has a row"
    return found[0]
