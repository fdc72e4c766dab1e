"""The outgrown database: PostgreSQL through psycopg's pool, row-level security by merchant.

The pool's connections act as the role `tocsin_desk`, which owns nothing; each transaction says
its merchant by SET LOCAL, so a query that forgets its scope sees no other merchant's rows.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
import sqlalchemy as sa
from psycopg import sql
from psycopg.conninfo import make_conninfo
from psycopg_pool import ConnectionPool

from tocsin.core.db import DESK_ROLE, DIRECTORY_SCOPE, Database, State, Tx
from tocsin.core.errors import Refusal
from tocsin.core.statement import Statement
from tocsin.core.vault import Vault

R = TypeVar("R")
_TRIES = 4
_IN_THE_WAY = (
    psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure, psycopg.errors.UniqueViolation
)  # fmt: skip
_STATE = Statement(
    sa.text("SELECT version_num AS schema, current_setting('transaction_read_only') AS read_only FROM alembic_version").columns(
        sa.column("schema"), sa.column("read_only")
    ),
    State,
)  # fmt: skip
_TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace ORDER BY relname"
_SEGMENTS = "SELECT count(*) FROM pg_ls_waldir() WHERE name ~ '^[0-9A-F]{24}$'"


class NotDurable(Refusal):
    """PostgreSQL runs with {setting} off and would lose acknowledged orders: turn it on"""

    kind, code = "broken", "not_durable"


class NotCommitted(Refusal):
    """The change was rolled back after an error inside it: nothing was saved, try again"""

    kind, code = "broken", "not_committed"


class PostgresDatabase(Database):
    """A pool of connections to one server."""

    dialect = "postgresql"

    def __init__(self, url: str, vault: Vault, *, connections: int = 8) -> None:
        self.url, self.vault = url, vault
        self._pool: ConnectionPool[Any] = ConnectionPool(
            url,
            min_size=1,
            max_size=connections,
            kwargs={"autocommit": True},
            configure=_act_as_desk,
            open=True,
        )
        self._pool.wait(timeout=20)
        self._require_durable()

    def write(self, merchant_id: int, verb: Callable[[Tx], R]) -> R:
        """Run a verb in a transaction; what another one got in the way of runs again and sees what it did."""
        for attempt in range(_TRIES):
            try:
                with self._transaction(merchant_id, "BEGIN") as tx:
                    result = verb(tx)
            except _IN_THE_WAY:
                if attempt == _TRIES - 1:
                    raise
            else:
                tx.finish()
                return result
        raise AssertionError("unreachable")

    def read(self, merchant_id: int, verb: Callable[[Tx], R]) -> R:
        """Run a reading verb; each statement sees what is committed when it begins."""
        with self._transaction(merchant_id, "BEGIN READ ONLY") as tx:
            return verb(tx)

    def state(self) -> State:
        """Return how the server is: the one of several that takes changes, if one does."""
        with self._transaction(
            DIRECTORY_SCOPE, "BEGIN; SET LOCAL ROLE NONE"
        ) as tx:  # its schema is the owner's to read
            return tx.one(_STATE) or State("", "on")

    @contextmanager
    def snapshot(self, merchant_id: int) -> Iterator[Tx]:
        """Open a repeatable snapshot to stream from."""
        with self._transaction(merchant_id, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY") as tx:
            yield tx

    def connect_alone(self) -> Any:
        """Open a connection beside the pool; a dead server is noticed within seconds by who speaks to it."""
        return psycopg.connect(
            desk_conninfo(self.url), autocommit=True, application_name="tocsin life", connect_timeout=5, keepalives_idle=10,
            tcp_user_timeout=10_000,
        )  # fmt: skip

    def compact(self) -> tuple[str, ...]:
        """Write the tables anew, as their owner; each is locked while its turn is. Then overwrite the write-ahead log.

        The log needs the rights of `pg_checkpoint` and `pg_monitor`, and to execute `pg_switch_wal`.
        """
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(
                "SET lock_timeout = '5s'"
            )  # who waits for a table makes all others wait behind him
            left = [name for (name,) in connection.execute(_TABLES) if not _vacuum(connection, name)]
            for name, overwrite in (("checkpoint", _checkpoint), ("wal", _overwrite_wal)):
                try:
                    overwrite(connection)
                except psycopg.errors.InsufficientPrivilege:
                    left.append(name)
        return tuple(left)

    def close(self) -> None:
        """Close the pool."""
        self._pool.close()

    @contextmanager
    def _transaction(self, merchant_id: int, begin: str) -> Iterator[Tx]:
        # One round trip: without parameters psycopg sends the text as a simple query.
        pool = self._pool
        connection = _begin(pool, f"{begin}; SET LOCAL tocsin.merchant = '{int(merchant_id)}'")
        try:
            try:
                cursor = connection.cursor()
                yield Tx(cursor, dialect="postgresql", merchant_id=merchant_id, vault=self.vault)
            except BaseException:
                if not connection.closed:
                    connection.execute("ROLLBACK")
                raise
            # A verb that swallowed a failed statement leaves a transaction that COMMIT rolls back without a word.
            if connection.execute("COMMIT").statusmessage != "COMMIT":
                raise NotCommitted
        finally:
            pool.putconn(connection)

    def _require_durable(self) -> None:
        with self._pool.connection() as connection:
            for setting in ("fsync", "full_page_writes", "synchronous_commit"):
                if connection.execute(f"SHOW {setting}").fetchone()[0] == "off":
                    raise NotDurable(setting=setting)


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


def desk_conninfo(url: str) -> str:
    """Return a database's address for a connection of one's own that acts as the desk's role."""
    return make_conninfo(url, options=f"-c role={DESK_ROLE}")


def _begin(pool: ConnectionPool[Any], statement: str) -> Any:
    """Return a connection that has begun; one that the server ended meanwhile is left for another, for nothing was done yet."""
    for left in reversed(range(pool.max_size + 1)):
        connection = pool.getconn()
        try:
            connection.execute(statement)
        except BaseException as fault:
            pool.putconn(connection)
            if not (left and connection.closed and isinstance(fault, psycopg.OperationalError)):
                raise
        else:
            return connection
    raise AssertionError("unreachable")


def _act_as_desk(connection: Any) -> None:
    connection.execute(f"SET ROLE {DESK_ROLE}")
