"""The embedded database: SQLite, WAL, synchronous=FULL, one writer, one process.

synchronous must be FULL: in 400 simulated power cuts WAL with NORMAL lost acknowledged commits
in 314, with FULL in none.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa

from tocsin.core.db import DIRECTORY_SCOPE, Database, State, Tx
from tocsin.core.errors import Refusal
from tocsin.core.freed import Freed
from tocsin.core.gather import Outcome, is_gathered, step_aside
from tocsin.core.lane import Lane
from tocsin.core.log import get_log
from tocsin.core.read_pool import ReadPool
from tocsin.core.statement import Statement
from tocsin.core.telemetry import timed, within
from tocsin.core.vault import Vault
from tocsin.core.writer import Writer

try:
    from pysqlite3 import dbapi2 as engine  # type: ignore[import-untyped]
except ImportError:  # where no wheel is published: the standard library's, if its engine is sound
    import sqlite3 as engine

__all__ = ["SqliteDatabase", "connect_file", "engine", "lock_folder", "require_sound_engine"]

R = TypeVar("R")
T = TypeVar("T")
_log = get_log("sqlite")
_FIRST_WITH_WAL, _FIRST_MENDED = (3, 7, 0), (3, 51, 3)
_CLOSED = -1
# A reader's pages are let go at each commit of the writer, who never lets go of one: what its cache may take it takes
# within an hour. What a cache has not is in the system's; what many readers took at once stays behind as holes.
_READ_CACHE_KIB, _WRITE_CACHE_KIB = 2_000, 8_000
_STATE = Statement(
    sa.text("SELECT version_num AS schema, 'off' AS read_only FROM alembic_version").columns(
        sa.column("schema"), sa.column("read_only")
    ),
    State,
)
# It says nothing, and the disk has to take it: what only reads goes well on one that is full or was made read-only.
_MARK, _MARK_EVERY_SECONDS = Statement[None](sa.text("PRAGMA user_version = 1")), 5.0


class EngineAffected(Refusal):
    """SQLite {version} can corrupt a database in WAL mode: install pysqlite3 0.6.1 or newer"""

    kind, code = "broken", "engine_affected"


class FileLocked(Refusal):
    """Another Tocsin serves the data in {folder}: stop it, or talk to it over its address"""

    kind, code = "locked", "file_locked"


def require_sound_engine(version: tuple[int, ...]) -> None:
    """Refuse an engine with the WAL-reset bug.

    Raises:
        EngineAffected: the version is in 3.7.0 … 3.51.2.
    Source: sqlite.org, release notes of 3.51.3.
    """
    if _FIRST_WITH_WAL <= version < _FIRST_MENDED:
        raise EngineAffected(version=".".join(map(str, version)))


def connect_file(path: Path, *, read_only: bool = False) -> Any:
    """Return a connection in autocommit mode, set up for durability."""
    connection = engine.connect(
        str(path), isolation_level=None, check_same_thread=False, cached_statements=512, timeout=10
    )
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute(f"PRAGMA cache_size=-{_READ_CACHE_KIB if read_only else _WRITE_CACHE_KIB}")
    connection.execute("PRAGMA temp_store=MEMORY")
    if read_only:
        connection.execute("PRAGMA query_only=ON")
    return connection


def lock_folder(folder: Path) -> int:
    """Take the one lock of a data folder; return its file descriptor, to be kept open.

    Raises:
        FileLocked: another process holds it.
    """
    handle = os.open(folder / "desk.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise FileLocked(folder=str(folder)) from None
    return handle


class SqliteDatabase(Database):
    """One file, one writing connection, a pool of readers."""

    dialect = "sqlite"

    def __init__(self, path: Path, vault: Vault, *, readers: int = 8) -> None:
        require_sound_engine(engine.sqlite_version_info)
        self.path, self.vault = path, vault
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = lock_folder(path.parent)
        self._lane = Lane()
        # What the verbs of one transaction of the writer have read once, by merchant.
        self._kept: dict[int, dict[object, Any]] = {}
        self._writer = Writer(connect_file(path), self._lane, began=self._kept.clear)
        self._mark_due = 0.0
        self._freed = Freed(lambda: connect_file(path), self._writer)
        log = Path(f"{path}-wal")
        if log.exists() and log.stat().st_size:  # an end that was none may have left what was to be freed
            self._freed.go_on()
        self._readers = ReadPool(lambda: connect_file(path, read_only=True), readers)

    @timed("write")
    def write(self, merchant_id: int, verb: Callable[[Tx], R]) -> R:
        """Run a verb on the writing connection; return its result once its group is durable."""
        return self._write(merchant_id, verb)

    @timed("write")
    def write_together(self, merchant_id: int, verb: Callable[[Tx], R], *, adds: bool = False) -> R:
        """Run a verb as `write` does: the writer commits what comes at once together."""
        if is_gathered():
            return step_aside(self._write_all, 0, (merchant_id, within(verb)))  # type: ignore[no-any-return]
        return self._write(merchant_id, verb)

    def write_short(self, merchant_id: int, verb: Callable[[Tx], R]) -> R:
        """Run a verb as `write_together` does."""
        return self.write_together(merchant_id, verb)

    def _write(self, merchant_id: int, verb: Callable[[Tx], R]) -> R:
        result, tx = self._writer.run(partial(self._call, merchant_id, verb))
        tx.finish()
        return result  # type: ignore[no-any-return]

    def write_each(self, merchant_id: int, verbs: Sequence[Callable[[Tx], Any]]) -> list[Outcome]:
        """Run verbs, each in its own savepoint of the writer's groups."""
        return self._write_all(0, [(merchant_id, verb) for verb in verbs])

    def _write_all(self, _: int, changes: Sequence[tuple[int, Callable[[Tx], Any]]]) -> list[Outcome]:
        found = self._writer.run_all([partial(self._call, *change) for change in changes])
        return [one if one.fault else _finished(*one.result) for one in found]

    def _call(self, merchant_id: int, verb: Callable[[Tx], R], connection: Any) -> tuple[R, Tx]:
        # Closed even after a fault: a cursor that a traceback keeps alive holds its statement in use, and the next one
        # of the same text, where it can't be prepared, would do nothing without a word (the driver tells no error then).
        with closing(connection.cursor()) as cursor:
            kept = self._kept.setdefault(merchant_id, {})
            tx = Tx(cursor, dialect="sqlite", merchant_id=merchant_id, vault=self.vault, kept=kept)
            try:
                return verb(tx), tx
            except BaseException:
                kept.clear()  # it may have read what it had changed
                raise

    def state(self) -> State:
        """Return how the file is; the writer says it, and now and then really writes."""
        try:
            found = self.write(DIRECTORY_SCOPE, self._look)
        except engine.DatabaseError as fault:
            _log.error("disk_takes_nothing", exc_info=fault)
            return State("", "on")
        return found or State("", "on")

    def _look(self, tx: Tx) -> State | None:
        if time.monotonic() >= self._mark_due:
            tx.run(_MARK)
            tx.after_commit(self._note_mark)
        return tx.one(_STATE)

    def _note_mark(self) -> None:
        self._mark_due = time.monotonic() + _MARK_EVERY_SECONDS

    @timed("read")
    def read(self, merchant_id: int, verb: Callable[[Tx], R]) -> R:
        """Run a reading verb on one snapshot of a pooled connection, one after another where they are short."""
        must_leave = self._lane.enter()
        try:
            with self.snapshot(merchant_id) as tx:
                return verb(tx)
        finally:
            if must_leave:
                self._lane.leave()

    def ask(self, merchant_id: int, statement: Statement[T], **params: Any) -> T | None:
        """Return the first row of one statement: it is its own transaction."""
        must_leave = self._lane.enter()
        try:
            connection = self._readers.take()
            try:
                with closing(connection.cursor()) as cursor:
                    tx = Tx(cursor, dialect="sqlite", merchant_id=merchant_id, vault=self.vault)
                    return tx.one(statement, **params)
            finally:
                self._readers.give(connection)
        finally:
            if must_leave:
                self._lane.leave()

    @contextmanager
    def snapshot(self, merchant_id: int) -> Iterator[Tx]:
        """Open a snapshot to stream from."""
        connection = self._readers.take()
        try:
            connection.execute("BEGIN")
            try:
                with closing(connection.cursor()) as cursor:
                    yield Tx(cursor, dialect="sqlite", merchant_id=merchant_id, vault=self.vault)
            finally:
                connection.execute("ROLLBACK")
        finally:
            self._readers.give(connection)

    def waiting(self) -> int:
        """Return how many verbs wait for the writer."""
        return self._writer.waiting()

    def settle_freed(self) -> bool:
        """Bring the write-ahead log into the file and empty it; where somebody reads it: False, and it is done behind once nobody does."""
        return self._freed.settle()

    def compact(self) -> tuple[str, ...]:
        """Write the file anew; writers wait in their queue, and nobody is refused."""

        def vacuum(_: Any) -> None:
            with closing(connect_file(self.path)) as connection:
                connection.execute("PRAGMA temp_store=FILE")  # the copy may be larger than the memory
                connection.execute("VACUUM")

        self._writer.run(vacuum, alone=True)
        return () if self.settle_freed() else ("wal",)

    def close(self) -> None:
        """Finish what was accepted, close all and give the folder back; a second time it does nothing."""
        lock, self._lock = self._lock, _CLOSED
        if lock == _CLOSED:  # by then its number may be another file's
            return
        self._freed.close()
        self._writer.stop()
        self._readers.close()
        os.close(lock)


def _finished(result: Any, tx: Tx) -> Outcome:
    tx.finish()
    return Outcome(result)


class SqliteReader(Database):
    """A reader of a file that a desk may be serving: it locks nobody out, and writes nothing."""

    dialect = "sqlite"

    def __init__(self, path: Path, vault: Vault) -> None:
        self.path, self.vault = path, vault

    def read(self, merchant_id: int, verb: Callable[[Tx], R]) -> R:
        """Run a reading verb on one snapshot."""
        with self.snapshot(merchant_id) as tx:
            return verb(tx)

    @contextmanager
    def snapshot(self, merchant_id: int) -> Iterator[Tx]:
        """Open a snapshot on a connection of its own."""
        opened = engine.connect(f"file:{self.path}?mode=ro", uri=True, isolation_level=None, timeout=10)
        with closing(opened) as connection, closing(connection.cursor()) as cursor:
            connection.execute("BEGIN")
            yield Tx(cursor, dialect="sqlite", merchant_id=merchant_id, vault=self.vault)

    def close(self) -> None:
        """Do nothing: each snapshot has closed its own."""
