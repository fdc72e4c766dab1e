"""The write-ahead log is emptied when nobody reads from it; whoever reads for long keeps no writer waiting meanwhile."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tocsin.core.sqlite import SqliteDatabase
from tocsin.core.tenant import create_merchant, list_merchants
from tocsin.core.vault import Vault
from tocsin.migrations.upgrade import upgrade_sqlite

SOON_SECONDS = 10.0


@pytest.fixture
def db(tmp_path: Path) -> Iterator[SqliteDatabase]:
    upgrade_sqlite(tmp_path / "desk.sqlite")
    opened = SqliteDatabase(tmp_path / "desk.sqlite", Vault(b"k" * 32))
    yield opened
    opened.close()


def add(db: SqliteDatabase) -> None:
    db.write(0, lambda tx: create_merchant(tx, name="A"))


def log_bytes(db: SqliteDatabase) -> int:
    return Path(f"{db.path}-wal").stat().st_size


def becomes_empty(db: SqliteDatabase) -> bool:
    until = time.monotonic() + SOON_SECONDS
    while log_bytes(db) and time.monotonic() < until:
        time.sleep(0.05)
    return log_bytes(db) == 0


def test_writers_wait_for_no_reader_while_the_log_is_emptied(db: SqliteDatabase) -> None:
    add(db)
    found, longest = list[bool](), 0.0
    settling = threading.Thread(target=lambda: found.append(db.settle_freed()))
    with db.snapshot(0) as tx:
        list_merchants(tx)  # from here on it reads this state
        add(db)
        settling.start()
        while settling.is_alive():
            began = time.monotonic()
            add(db)
            longest = max(longest, time.monotonic() - began)
            time.sleep(0.01)
        assert (found, longest < 1.0, log_bytes(db) > 0) == ([False], True, True), longest
    assert becomes_empty(db), "it is tried again once nobody reads"
    add(db)
    assert (db.settle_freed(), log_bytes(db)) == (True, 0)


def test_what_is_still_read_keeps_no_desk_from_ending(db: SqliteDatabase) -> None:
    with db.snapshot(0) as tx:
        list_merchants(tx)
        add(db)
        assert not db.settle_freed()
        began = time.monotonic()
        db._freed.close()
        assert time.monotonic() - began < 5.0


def test_what_an_end_left_in_the_log_is_emptied_after_the_next_start(tmp_path: Path) -> None:
    upgrade_sqlite(tmp_path / "first" / "desk.sqlite")
    first = SqliteDatabase(tmp_path / "first" / "desk.sqlite", Vault(b"k" * 32))
    add(first)
    killed = tmp_path / "killed"
    killed.mkdir()
    for name in ("desk.sqlite", "desk.sqlite-wal"):
        (killed / name).write_bytes((tmp_path / "first" / name).read_bytes())
    first.close()
    again = SqliteDatabase(killed / "desk.sqlite", Vault(b"k" * 32))
    assert becomes_empty(again)
    assert [one.name for one in again.read(0, list_merchants)] == ["A"]
    again.close()
