"""PostgreSQL's copy: every table as COPY gives it, in one repeatable snapshot, with the rights of the database's owner.

No program of PostgreSQL is needed, and none of another version is in the way. The walls between merchants hold for the
owner too: a merchant's rows are asked for in his name. The queue's own tables stay behind, with leases and workers that are
no more; what must not be lost of it goes as jobs.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import psycopg
from msgspec import Struct
from psycopg import sql

from tocsin.core.reaching import reach

Tell = Callable[[int, int], None]
PART_BYTES = 4 << 20
_TABLES = """
SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity,
  array_agg(a.attname ORDER BY a.attnum) AS columns
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = current_schema()::regnamespace
  AND c.relname NOT LIKE 'procrastinate%' AND c.relname <> 'alembic_version'
GROUP BY c.oid ORDER BY c.relname
"""
_JOBS = """
SELECT task_name, (args->>'merchant_id')::bigint, coalesce(args->'payload', '{}'), coalesce(lock, '') FROM procrastinate_jobs
WHERE status IN ('todo', 'doing') ORDER BY id
"""
_ERASED = "SELECT merchant_id, person_id FROM erasure WHERE merchant_id = %s"


class Table(Struct, frozen=True):
    """A table with the columns that are copied; `walled`: each merchant sees his own rows alone, `forced`: so does its owner."""

    name: str
    walled: bool
    columns: tuple[str, ...]
    forced: bool = False  # backups of before do not tell; only a database's own is asked


class Job(Struct, frozen=True):
    """What waited in the queue."""

    task: str
    merchant_id: int
    payload: dict[str, Any]
    lock: str


class Snapshot:
    """One state of the database, for as long as its connection lasts."""

    def __init__(self, url: str) -> None:
        self._connection: psycopg.Connection[Any] = psycopg.connect(reach(url), autocommit=True)
        self._connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        (self.schema,) = self._one("SELECT version_num FROM alembic_version")
        (self.bytes,) = self._one("SELECT pg_database_size(current_database())")
        self.tables = tables_of(self._connection)
        self._merchants = [row[0] for row in self._connection.execute("SELECT id FROM merchant ORDER BY id")]

    def close(self) -> None:
        """Let the state go."""
        self._connection.close()

    def parts(self, table: Table) -> Iterator[bytes]:
        """Yield the rows of a table as COPY's text, some megabytes at a time."""
        found = bytearray()
        for statement in self._statements(table):
            with self._connection.cursor().copy(statement) as copied:
                for block in copied:
                    found += block
                    if len(found) >= PART_BYTES:
                        yield bytes(found)
                        found.clear()
        if found:
            yield bytes(found)

    def jobs(self) -> list[Job]:
        """Return what waits in the queue."""
        return [Job(*row) for row in self._connection.execute(_JOBS)]

    def erased(self) -> set[tuple[int, int]]:
        """Return who was erased: merchant and person."""
        found = set[tuple[int, int]]()
        for merchant_id in self._merchants:
            self._connection.execute(_as_merchant(merchant_id))
            found.update(self._connection.execute(_ERASED, (merchant_id,)))
        return found

    def _statements(self, table: Table) -> Iterator[sql.Composed]:
        columns = _columns(table)
        if not table.walled:
            yield sql.SQL("COPY {} ({}) TO STDOUT").format(sql.Identifier(table.name), columns)
            return
        for merchant_id in self._merchants:
            self._connection.execute(_as_merchant(merchant_id))
            yield sql.SQL("COPY (SELECT {} FROM {} WHERE merchant_id = {}) TO STDOUT").format(
                columns, sql.Identifier(table.name), sql.Literal(merchant_id)
            )

    def _one(self, statement: str) -> tuple[Any, ...]:
        found: tuple[Any, ...] | None = self._connection.execute(statement).fetchone()
        assert found is not None, "it has a row"
        return found


def tables_of(connection: "psycopg.Connection[Any]") -> list[Table]:
    """Return the tables that a backup holds."""
    told = connection.execute(_TABLES)
    return [Table(name, walled, tuple(columns), forced=forced) for name, walled, forced, columns in told]


def count_rows(part: bytes) -> int:
    """Return how many rows a part has: COPY's text has a line for each."""
    return part.count(b"\n")


def open_walls(connection: "psycopg.Connection[Any]", tables: Iterable[Table]) -> None:
    """Let the owner fill the tables, and nothing start by itself while he does; only for the transaction's length."""
    for table in tables:
        name = sql.Identifier(table.name)
        connection.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(name))
        if table.forced:
            connection.execute(sql.SQL("ALTER TABLE {} NO FORCE ROW LEVEL SECURITY").format(name))


def close_walls(connection: "psycopg.Connection[Any]", tables: Iterable[Table]) -> None:
    """Put the walls back."""
    for table in tables:
        name = sql.Identifier(table.name)
        connection.execute(sql.SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(name))
        if table.forced:
            connection.execute(sql.SQL("ALTER TABLE {} FORCE ROW LEVEL SECURITY").format(name))


def fill_table(connection: "psycopg.Connection[Any]", table: Table, blocks: Iterable[bytes]) -> None:
    """Add rows as COPY's text has them."""
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table.name), _columns(table))
    with connection.cursor().copy(statement) as copying:
        for block in blocks:
            copying.write(block)


def _columns(table: Table) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, table.columns))


def _as_merchant(merchant_id: int) -> sql.Composed:
    return sql.SQL("SET LOCAL tocsin.merchant = {}").format(sql.Literal(str(merchant_id)))
