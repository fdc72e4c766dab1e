"""The embedded database: durable, one process, one writer."""

import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tocsin.core import sqlite
from tocsin.core.sqlite import (
    EngineAffected,
    FileLocked,
    SqliteDatabase,
    connect_file,
    engine,
    require_sound_engine,
)
from tocsin.core.statement import Statement
from tocsin.core.tenant import create_merchant, list_merchants
from tocsin.core.vault import Vault
from tocsin.migrations.upgrade import upgrade_sqlite


@pytest.fixture
def path(tmp_path: Path) -> Path:
    upgrade_sqlite(tmp_path / "desk.sqlite")
    return tmp_path / "desk.sqlite"


@pytest.mark.parametrize("version", [(3, 7, 0), (3, 40, 1), (3, 51, 2)])
def test_an_affected_engine_is_refused(version: tuple[int, ...]) -> None:
    with pytest.raises(EngineAffected, match=r"\.".join(map(str, version))):
        require_sound_engine(version)


@pytest.mark.parametrize("version", [(3, 51, 3), (3, 53, 0), engine.sqlite_version_info])
def test_a_sound_engine_is_taken(version: tuple[int, ...]) -> None:
    assert require_sound_engine(version) is None


def test_a_database_does_not_open_on_an_affected_engine(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite.engine, "sqlite_version_info", (3, 40, 1))
    with pytest.raises(EngineAffected):
        SqliteDatabase(path, Vault(b"k" * 32))


def test_the_writer_is_durable_and_readers_cannot_write(path: Path) -> None:
    db = SqliteDatabase(path, Vault(b"k" * 32))

    def pragma(name: str) -> object:
        return db._writer.run(lambda connection: connection.execute(f"PRAGMA {name}").fetchone()[0])

    assert (pragma("synchronous"), pragma("journal_mode"), pragma("foreign_keys")) == (2, "wal", 1)
    with pytest.raises(engine.OperationalError, match="readonly"):
        db.read(0, lambda tx: create_merchant(tx, name="A"))
    db.close()


def test_another_process_is_refused(path: Path) -> None:
    db = SqliteDatabase(path, Vault(b"k" * 32))
    asking = (
        "import sys; from pathlib import Path; from tocsin.core.sqlite import SqliteDatabase, FileLocked\n"
        "from tocsin.core.vault import Vault\n"
        "try: SqliteDatabase(Path(sys.argv[1]), Vault(b'k' * 32))\n"
        "except FileLocked as refused: print(refused.code)\n"
    )

    def ask() -> str:
        found = subprocess.run(
            [sys.executable, "-c", asking, str(path)], env={**os.environ, "PYTHONPATH": "src"}, capture_output=True, check=True
        )  # fmt: skip
        return found.stdout.decode().strip()

    assert ask() == "file_locked"
    with pytest.raises(FileLocked, match="Another Tocsin"):
        SqliteDatabase(path, Vault(b"k" * 32))
    db.close()
    assert ask() == ""


def test_a_snapshot_does_not_see_what_came_later(path: Path) -> None:
    db = SqliteDatabase(path, Vault(b"k" * 32))
    with db.snapshot(0) as tx:
        assert list_merchants(tx) == []
        db.write(0, lambda tx: create_merchant(tx, name="A"))
        assert list_merchants(tx) == []
    assert [m.name for m in db.read(0, list_merchants)] == ["A"]
    db.close()


def test_what_was_acknowledged_is_in_the_file(path: Path, tmp_path: Path) -> None:
    db = SqliteDatabase(path, Vault(b"k" * 32))
    db.write(0, lambda tx: create_merchant(tx, name="A"))
    # A copy as a power cut leaves it: file and log, nothing else.
    for suffix in ("", "-wal"):
        (tmp_path / f"cut.sqlite{suffix}").write_bytes(Path(f"{path}{suffix}").read_bytes())
    cut = connect_file(tmp_path / "cut.sqlite")
    assert cut.execute("SELECT name FROM merchant").fetchall() == [("A",)]
    cut.close()
    db.close()


def test_a_long_result_is_streamed(path: Path) -> None:
    db = SqliteDatabase(path, Vault(b"k" * 32))
    counting = sa.text(
        "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM c WHERE n < 1300) SELECT n FROM c"
    )
    statement = Statement[tuple[int]](counting.columns(sa.column("n")))
    with db.snapshot(0) as tx:
        assert [row[0] for row in tx.stream(statement)] == list(range(1, 1301))
    db.close()


def test_a_write_that_can_not_be_prepared_is_never_a_silent_success(path: Path) -> None:
    """While a traceback keeps the cursor of a failed write, the same write again must fail too."""
    database = SqliteDatabase(path, Vault(b"k" * 32))
    create = Statement[None](sa.text("CREATE TABLE kept (n INTEGER)"))
    add = Statement[None](sa.text("INSERT INTO kept VALUES (1)"))
    database.write(0, lambda tx: (tx.run(create), tx.run(add)))
    other = connect_file(path)
    other.execute("ALTER TABLE kept RENAME TO away")
    faults = list[BaseException]()
    for _ in range(3):
        try:
            database.write(0, lambda tx: tx.run(add))
        except Exception as fault:
            faults.append(fault)
    assert len(faults) == 3
    assert other.execute("SELECT count(*) FROM away").fetchone() == (1,)
    other.close()
    database.close()


@pytest.fixture
def full_disk(path: Path) -> Iterator[Callable[[bool], None]]:
    """A disk that takes no byte beyond what the write-ahead log is now, as one that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(full: bool) -> None:
        size = path.with_name("desk.sqlite-wal").stat().st_size if full else before[0]
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))

    yield fill
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_that_takes_nothing_is_told_and_what_is_kept_since_is_seen(
    path: Path, full_disk: Callable[[bool], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "_MARK_EVERY_SECONDS", 0.0)
    db = SqliteDatabase(path, Vault(b"k" * 32))
    for n in range(20):
        db.write(0, lambda tx, n=n: create_merchant(tx, name=f"m{n}"))
    assert db.state().takes_changes()
    full_disk(True)
    with pytest.raises(engine.OperationalError):
        db.write(0, lambda tx: create_merchant(tx, name="lost"))
    assert not db.state().takes_changes()
    assert len(db.read(0, list_merchants)) == 20, "what only reads goes well"
    full_disk(False)
    assert db.state().takes_changes()
    db.close()


def test_the_disk_is_written_to_now_and_then_alone(path: Path) -> None:
    db, log = SqliteDatabase(path, Vault(b"k" * 32)), path.with_name("desk.sqlite-wal")
    db.state()
    size = log.stat().st_size
    assert size and db.state().takes_changes() and log.stat().st_size == size
    db._mark_due = 0.0
    assert db.state().takes_changes() and log.stat().st_size > size
    db.close()
