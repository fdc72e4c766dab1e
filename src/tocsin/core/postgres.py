"""The outgrown database: PostgreSQL through psycopg's pool, row-level security by merchant.

The pool's connections act as the role `tocsin_desk`, which owns nothing; each transaction says
its merchant by SET LOCAL, so a query that forgets its scope sees no other merchant's rows.
"""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from typing import Any, TypeVar

import psycopg
import sqlalchemy as sa
from psycopg_pool import ConnectionPool, PoolTimeout

from tocsin.core.beside import Beside
from tocsin.core.db import DESK_ROLE, DIRECTORY_SCOPE, Database, State, Tx
from tocsin.core.errors import DatabaseAway, DatabaseBusy, Outage
from tocsin.core.gather import Outcome, is_gathered, step_aside
from tocsin.core.postgres_end import ConnectionLost, commit, outage_of, roll_back
from tocsin.core.postgres_pipeline import DeskConnection
from tocsin.core.reaching import PATIENCE_THERE, reach, require_durable
from tocsin.core.statement import Statement
from tocsin.core.telemetry import box_of, doing, timed, within
from tocsin.core.together import Groups, commit_alone, commit_each
from tocsin.core.vault import Vault

R = TypeVar("R")
T = TypeVar("T")
_TRIES = 4
# A restart of a moment is waited for. The pool tries to connect when it is asked, not ever more seldom by itself.
_PATIENCE_SECONDS, _ASK_SECONDS = 10.0, 1.0
_IN_THE_WAY = (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure, psycopg.errors.UniqueViolation)  # fmt: skip
# A row that is let go is taken by who asks first, not by who waits longest: who was in the way asks a moment later.
_ASIDE_SECONDS = 0.02
# Of a change that waits for another's lock: it holds a thread, a connection, and what it has locked itself.
LOCK_PATIENCE = "5s"
# A snapshot keeps nobody waiting, and is asked as fast as who it is for reads what it gives.
_AT_LEISURE = "SET LOCAL idle_in_transaction_session_timeout = '10min'; SET LOCAL lock_timeout = 0"
_BEGUN = Statement[tuple[int]](
    sa.text(
        "SELECT (extract(epoch FROM min(xact_start)) * 1000000)::bigint AS us FROM pg_stat_activity"
        " WHERE datname = current_database() AND backend_xid IS NOT NULL"
    ).columns(sa.column("us"))
)


class PostgresDatabase(Database):
    """A pool of connections to one server."""

    dialect = "postgresql"
    carriers = 3

    def __init__(self, url: str, vault: Vault, *, connections: int = 8) -> None:
        self.url, self.vault, self._together = url, vault, Groups(self._write_all)
        self._beside = Beside(url)
        with psycopg.connect(reach(url), autocommit=True) as connection:
            require_durable(connection)
        self._pool: ConnectionPool[Any] = ConnectionPool(
            reach(url),
            connection_class=DeskConnection,
            min_size=1,
            max_size=connections,
            kwargs={"autocommit": True},
            configure=_act_as_desk,
            reconnect_timeout=0,
            open=True,
        )
        self._pool.wait(timeout=20)

    @timed("write")
    def write(self, merchant_id: int, verb: Callable[[Tx], R]) -> R:
        """Run a verb in a transaction; what another one, or a lost connection, got in the way of runs again and sees what was done.

        Raises:
            DatabaseAway: the server is not reached; nothing was changed.
            DatabaseBusy: others kept for too long what it needs; nothing was changed.
            OutcomeUnknown: it was lost while the change was being made durable.
        """
        return self._write(merchant_id, verb)

    def _write(self, merchant_id: int, verb: Callable[[Tx], R]) -> R:
        for attempt in range(_TRIES):
            try:
                with self._transaction(merchant_id, "BEGIN") as tx:
                    result = verb(tx)
            except (ConnectionLost, *_IN_THE_WAY) as fault:
                if attempt == _TRIES - 1:
                    raise
                if isinstance(fault, psycopg.errors.DeadlockDetected):
                    time.sleep(_ASIDE_SECONDS * 2**attempt * random.uniform(0.5, 1))
            else:
                tx.finish()
                return result
        raise AssertionError("unreachable")

    @timed("write")
    def write_together(self, merchant_id: int, verb: Callable[[Tx], R], *, adds: bool = False) -> R:
        """Run a verb in one transaction with gathered ones of its merchant; those that only add always, and without waiting for answers."""
        if is_gathered():
            return step_aside(self._add_each if adds else self._write_group, merchant_id, within(verb))  # type: ignore[no-any-return]
        # Of what is not gathered nobody knows how long it takes: its merchant's others do not wait for it.
        return self._together.of(merchant_id).run(within(verb)) if adds else self._write(merchant_id, verb)

    def write_each(self, merchant_id: int, verbs: Sequence[Callable[[Tx], Any]]) -> list[Outcome]:
        """Run verbs in one transaction, of which a refused one is undone alone; where it fails, each in one of its own."""
        with doing("write", box_of(verbs[0])):
            return self._write_shared(merchant_id, verbs, begin="BEGIN")

    def _write_group(self, merchant_id: int, verbs: Sequence[Callable[[Tx], Any]]) -> list[Outcome]:
        # One such transaction of a merchant at a time: each counts in several shops, in the order in which orders came.
        begin = f"BEGIN; SELECT pg_advisory_xact_lock({int(merchant_id)})"
        return self._write_shared(merchant_id, verbs, begin=begin)

    def _write_shared(
        self, merchant_id: int, verbs: Sequence[Callable[[Tx], Any]], *, begin: str
    ) -> list[Outcome]:
        if len(verbs) > 1:
            try:
                with self._transaction(merchant_id, begin) as tx:
                    found = [tx.attempt(verb) for verb in verbs]
            except Exception as fault:  # noqa: BLE001 - whose it is is seen when each is alone
                if isinstance(fault, Outage) and not isinstance(fault, ConnectionLost):
                    return [Outcome(fault=fault)] * len(verbs)
            else:
                tx.finish()
                return found
        return commit_alone(partial(self._write_all, merchant_id), verbs)

    def _add_each(self, merchant_id: int, verbs: Sequence[Callable[[Tx], Any]]) -> list[Outcome]:
        return commit_each(partial(self._write_all, merchant_id), verbs)

    def _write_all(self, merchant_id: int, verbs: Sequence[Callable[[Tx], Any]]) -> list[Any]:
        return self._write(merchant_id, lambda tx: [verb(tx) for verb in verbs])

    @timed("read")
    def read(self, merchant_id: int, verb: Callable[[Tx], R]) -> R:
        """Run a reading verb; each statement sees what is committed when it begins. Over a lost connection it runs again."""
        return self._read(merchant_id, verb)

    def _read(self, merchant_id: int, verb: Callable[[Tx], R]) -> R:
        for attempt in range(_TRIES):
            try:
                with self._transaction(merchant_id, "BEGIN READ ONLY") as tx:
                    return verb(tx)
            except ConnectionLost:
                if attempt == _TRIES - 1:
                    raise
        raise AssertionError("unreachable")

    def ask(self, merchant_id: int, statement: Statement[T], **params: Any) -> T | None:
        """Return the first row of one statement; gathered ones share a round trip."""
        with doing("read", statement.box):
            if is_gathered():
                return step_aside(self._ask_each, merchant_id, (statement, params))  # type: ignore[no-any-return]
            return self._read(merchant_id, lambda tx: tx.one(statement, **params))

    def _ask_each(
        self, merchant_id: int, asked: Sequence[tuple[Statement[Any], dict[str, Any]]]
    ) -> list[Outcome]:
        return commit_each(lambda some: self._read(merchant_id, lambda tx: tx.first_of_each(some)), asked)

    def state(self) -> State:
        """Return how the server is: the one of several that takes changes, if one does."""
        return self._beside.state()

    def begun_us(self) -> int:
        """Return since when the oldest change that is under way is; the sessions of the desk's user alone are seen."""
        with self._transaction(DIRECTORY_SCOPE, "BEGIN; SET LOCAL ROLE NONE") as tx:
            return min(tx.now_us, tx.value(_BEGUN) or tx.now_us)

    @contextmanager
    def snapshot(self, merchant_id: int) -> Iterator[Tx]:
        """Open a repeatable snapshot to stream from."""
        with self._transaction(
            merchant_id, f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {_AT_LEISURE}"
        ) as tx:
            yield tx

    def waiting(self) -> int:
        """Return how many wait for one of the pool's connections."""
        return self._pool.get_stats().get("requests_waiting", 0)

    def connect_alone(self) -> Any:
        """Open a connection beside the pool; a dead server is noticed within seconds by who speaks to it."""
        return psycopg.connect(desk_conninfo(self.url), autocommit=True, application_name="tocsin life")

    def compact(self) -> tuple[str, ...]:
        """Write the tables anew, as their owner, and overwrite the write-ahead log; see `compact_server`."""
        from tocsin.core.postgres_compact import compact_server

        return compact_server(self.url)

    def close(self) -> None:
        """Close the pool, and what is beside it."""
        self._pool.close()
        self._beside.close()

    @contextmanager
    def _transaction(self, merchant_id: int, begin: str) -> Iterator[Tx]:
        # One round trip: without parameters psycopg sends the text as a simple query.
        pool = self._pool
        statement = f"{begin}; SET LOCAL tocsin.merchant = '{int(merchant_id)}'"
        connection = _begin(pool, statement, until=time.monotonic() + _PATIENCE_SECONDS)
        try:
            try:
                cursor = connection.cursor()
                tx = Tx(cursor, dialect="postgresql", merchant_id=merchant_id, vault=self.vault)
                yield tx
                tx.settle()
            except BaseException as fault:
                roll_back(connection)
                if (outage := outage_of(connection, fault)) is not None:
                    raise outage from fault
                raise
            reads = "READ ONLY" in begin
            with nullcontext() if reads else doing("commit", "core.postgres"):
                commit(connection, reads=reads)
        finally:
            pool.putconn(connection)


def desk_conninfo(url: str) -> str:
    """Return a database's address for a connection of one's own that acts as the desk's role."""
    options = {"role": DESK_ROLE, **PATIENCE_THERE}
    return reach(url, options=" ".join(f"-c {name}={value}" for name, value in options.items()))


def _begin(pool: ConnectionPool[Any], statement: str, *, until: float) -> Any:
    """Return a connection that has begun; one that the server ended meanwhile is left for another, for nothing was done yet."""
    for left in reversed(range(pool.max_size + 1)):
        connection = _get(pool, until)
        try:
            connection.execute(statement)
        except BaseException as fault:
            roll_back(connection)
            pool.putconn(connection)
            if isinstance(fault, psycopg.errors.LockNotAvailable):
                raise DatabaseBusy from fault
            if not (connection.closed and isinstance(fault, psycopg.OperationalError)):
                raise
            if not left:
                raise DatabaseAway from fault
        else:
            return connection
    raise AssertionError("unreachable")


def _get(pool: ConnectionPool[Any], until: float) -> Any:
    while True:
        try:
            return pool.getconn(timeout=_ASK_SECONDS)
        except PoolTimeout as fault:
            if time.monotonic() >= until:
                raise DatabaseAway from fault


def _act_as_desk(connection: Any) -> None:
    require_durable(connection)  # of the standby too that became the primary
    settings = {"role": DESK_ROLE, **PATIENCE_THERE, "lock_timeout": LOCK_PATIENCE}
    connection.execute("; ".join(f"SET {name} = '{value}'" for name, value in settings.items()))
    with suppress(psycopg.errors.InvalidParameterValue):  # not every system can tell a server that is waiting
        connection.execute(f"SET client_connection_check_interval = '{LOCK_PATIENCE}'")
