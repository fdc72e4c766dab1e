"""The database: SQLite by default, PostgreSQL when outgrown, one way to ask either.

A verb is a function of an open transaction. `write` runs it whole and returns when it is
durable; `read` gives it a snapshot. Nothing slow belongs inside: no hashing of passwords,
drawing, parsing or network.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from tocsin.core import clock
from tocsin.core.errors import Refusal
from tocsin.core.gather import Outcome
from tocsin.core.later import Later
from tocsin.core.log import get_log
from tocsin.core.statement import Statement
from tocsin.core.telemetry import doing, within

if TYPE_CHECKING:
    from tocsin.core.vault import Vault

R = TypeVar("R")
T = TypeVar("T")
DIRECTORY_SCOPE = 0
DESK_ROLE = "tocsin_desk"  # acts on PostgreSQL, and owns nothing
STREAM_ROWS = 500
_NO_SERVER = "SQLite's writer has savepoints of its own, and nothing there is waited for"
_log = get_log("db")


class State(msgspec.Struct, frozen=True):
    """How a database is: its schema's number, and whether it takes changes (a standby does not)."""

    schema: str
    read_only: str

    def takes_changes(self) -> bool:
        """Tell whether something can be changed."""
        return self.read_only == "off"


class Tx:
    """An open transaction in one merchant's scope (0 is the directory's)."""

    __slots__ = (
        "_after",
        "_cursor",
        "_later",
        "_streams",
        "dialect",
        "kept",
        "merchant_id",
        "now_us",
        "vault",
    )

    def __init__(
        self,
        cursor: Any,
        *,
        dialect: str,
        merchant_id: int,
        vault: "Vault",
        kept: dict[object, Any] | None = None,
    ) -> None:
        self._cursor, self.dialect, self.merchant_id, self.vault = cursor, dialect, merchant_id, vault
        self.now_us, self._streams = clock.now_us(), 0
        self._after: list[Callable[[], None]] = []
        self._later = None if dialect == "sqlite" else Later(cursor.connection)
        # What was read once and is asked for again, by what it is; who changes it takes it out.
        self.kept: dict[object, Any] = {} if kept is None else kept

    def add(self, statement: Statement[Any], **params: Any) -> None:
        """Run a statement that nobody asks about: its fault may be told by a later one, or at the end."""
        if self._later is None:
            self._execute(statement, params)
            return
        sql, bound = self._bound(statement, params)
        with doing("added", statement.box, sql=sql):
            self._later.put(sql, bound, box=statement.box)

    def run(self, statement: Statement[Any], **params: Any) -> int:
        """Run a statement; return how many rows it touched."""
        return int(self._execute(statement, params).rowcount)

    def rows(self, statement: Statement[T], **params: Any) -> list[T]:
        """Return all rows as the statement's structs, or as tuples where it names none."""
        cursor, row = self._execute(statement, params), statement.row
        return [row(*values) for values in cursor.fetchall()] if row else cursor.fetchall()

    def one(self, statement: Statement[T], **params: Any) -> T | None:
        """Return the first row, or None."""
        values = self._execute(statement, params).fetchone()
        return values if values is None or statement.row is None else statement.row(*values)

    def value(self, statement: Statement[Any], **params: Any) -> Any:
        """Return the first column of the first row, or None."""
        values = self._execute(statement, params).fetchone()
        return None if values is None else values[0]

    def first_of_each(self, asked: Sequence[tuple[Statement[Any], dict[str, Any]]]) -> list[Any]:
        """Return the first row of each of some statements, or None, all in one round trip of a server."""
        assert self._later is not None, _NO_SERVER
        cursors = [
            self._later.ask(*self._bound(statement, params), box=statement.box) for statement, params in asked
        ]
        with doing("statement", "core.later", beside=self._later.boxes()):
            self._later.settle()
        found = (
            (cursor.fetchone(), statement.row) for cursor, (statement, _) in zip(cursors, asked, strict=True)
        )
        return [row(*values) if values and row else values for values, row in found]

    def many(self, statement: Statement[Any], rows: Iterable[Mapping[str, Any]]) -> None:
        """Run a statement once per mapping of binds; as `add`, nobody asks about it."""
        sql, constants = statement.compiled(self.dialect)
        shared = {**constants, "merchant_id": self.merchant_id}
        bound = [{**shared, **row} for row in rows]
        with doing("statement" if self._later is None else "added", statement.box, sql=sql):
            if self._later is None:
                self._cursor.executemany(sql, bound)
            else:
                self._later.put_many(sql, bound, box=statement.box)

    def stream(self, statement: Statement[T], **params: Any) -> Iterator[T]:
        """Yield rows as they come, on a cursor of its own: other statements may run meanwhile."""
        self._streams += 1
        self.settle()
        own = (
            {} if self.dialect == "sqlite" else {"name": f"stream_{self._streams}"}
        )  # rows stay on the server
        cursor, row = self._cursor.connection.cursor(**own), statement.row
        sql, bound = self._bound(statement, params)
        with doing("statement", statement.box, sql=sql):
            cursor.execute(sql, bound)
        while batch := cursor.fetchmany(STREAM_ROWS):
            for values in batch:
                yield row(*values) if row else values

    def settle(self) -> None:
        """Run what was only added so far; raises its fault."""
        if self._later is not None and self._later.waits():
            with doing("statement", "core.later", beside=self._later.boxes()):
                self._later.settle()

    def attempt(self, verb: Callable[["Tx"], Any]) -> Outcome:
        """Run a verb within this transaction of a server; where it refuses, what it did is undone, and the transaction goes on."""
        assert self._later is not None, _NO_SERVER
        kept = len(self._after)
        self._later.put("SAVEPOINT attempt")
        try:
            outcome = Outcome(verb(self))
        except Refusal as refused:
            self._later.put("ROLLBACK TO attempt")
            del self._after[kept:]
            self.kept.clear()
            outcome = Outcome(fault=refused)
        self._later.put("RELEASE attempt")
        return outcome

    def after_commit(self, action: Callable[[], None]) -> None:
        """Do something once this transaction is durable: devices and wake-ups wait for it."""
        self._after.append(within(action))

    def finish(self) -> None:
        """Do what waited for the commit (for the database alone to call)."""
        for action in self._after:
            try:
                action()
            except Exception as fault:  # noqa: BLE001 - the change is durable: its author must not be told that it failed
                _log.error("after_commit_failed", exc_info=fault)

    def _execute(self, statement: Statement[Any], params: dict[str, Any]) -> Any:
        sql, bound = self._bound(statement, params)
        beside = () if self._later is None else self._later.boxes()
        with doing("statement", statement.box, sql=sql, beside=beside):
            if self._later is None:
                self._cursor.execute(sql, bound)
            else:
                self._later.send(self._cursor, sql, bound)
        return self._cursor

    def _bound(self, statement: Statement[Any], params: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        sql, constants = statement.compiled(self.dialect)
        bound = {**constants, "merchant_id": self.merchant_id, **params}
        if self.dialect == "sqlite":
            for name, value in params.items():
                if isinstance(value, (list, tuple)):
                    bound[name] = msgspec.json.encode(value).decode()
        return sql, bound


class Database:
    """What both engines promise; see `SqliteDatabase` and `PostgresDatabase`."""

    dialect: str
    # How many threads may gather short requests: one where all share one interpreter and one writer, more where each answer is waited for.
    carriers = 1
    vault: "Vault"

    def write(self, merchant_id: int, verb: Callable[[Tx], R]) -> R:
        """Run a verb in a transaction of a merchant; return its result once it is durable."""
        raise NotImplementedError

    def write_together(self, merchant_id: int, verb: Callable[[Tx], R], *, adds: bool = False) -> R:
        """Run a verb in one transaction with others of the merchant that come at once; durable as `write` is.

        Where the transaction fails, each of its verbs is run again alone. Nothing may be held meanwhile that another waits for.

        Args:
            adds: it only adds rows, and asks for none: the answers are not waited for one by one.
        """
        return self.write(merchant_id, verb)

    def write_short(self, merchant_id: int, verb: Callable[[Tx], R]) -> R:
        """Run a short verb that locks rows: as `write_together` where the engine has one writer, which keeps nobody's rows meanwhile."""
        return self.write(merchant_id, verb)

    def write_each(self, merchant_id: int, verbs: Sequence[Callable[[Tx], Any]]) -> list[Outcome]:
        """Run verbs of a merchant, which share commits; return what became of each once all are durable.

        A few short ones: on PostgreSQL the locks that they take are held until the last has run.
        """
        raise NotImplementedError

    def read(self, merchant_id: int, verb: Callable[[Tx], R]) -> R:
        """Run a verb that only reads, on one snapshot."""
        raise NotImplementedError

    def ask(self, merchant_id: int, statement: Statement[T], **params: Any) -> T | None:
        """Return the first row of one statement that only reads, or None: a snapshot by itself."""
        return self.read(merchant_id, lambda tx: tx.one(statement, **params))

    def connect_alone(self) -> Any:
        """Open a connection apart from all others, each of its statements by itself; None where there is no server."""
        return None

    def state(self) -> State:
        """Return how the database is, asked of it now, on the way of what changes something."""
        raise NotImplementedError

    def waiting(self) -> int:
        """Return how many wait for a connection, or for the writer."""
        raise NotImplementedError

    def begun_us(self) -> int:
        """Return since when the oldest change that is under way is, now where none is: whatever is older is to be seen.

        A change that waits for its standby is under way, however long that takes.
        """
        return clock.now_us()

    def settle_freed(self) -> bool:
        """Let what was overwritten reach the files; `compact` makes them new, which takes long and stops writers."""
        return True

    def compact(self) -> tuple[str, ...]:
        """Write the files anew without what was freed, as after an erasure; writers wait meanwhile.

        Returns what could not be done: `wal`, `checkpoint`, or tables that somebody kept busy.
        """
        raise NotImplementedError

    @contextmanager
    def snapshot(self, merchant_id: int) -> Iterator[Tx]:
        """Open a snapshot to stream from; one connection is busy until it closes."""
        raise NotImplementedError
        yield  # type: ignore[unreachable] # makes it a generator

    def close(self) -> None:
        """Finish what was accepted and close every connection."""
        raise NotImplementedError
