"""A process is known to be gone as soon as its connection is, and not while it lives."""

import secrets
from pathlib import Path

import psycopg
import pytest

from tests.counter import wait_for
from tocsin.core.db import Database
from tocsin.core.life import _TAKE, Life, _key, is_gone

_END_ALL = """SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
 WHERE application_name = 'tocsin life' AND datname = current_database()"""


def gone(db: Database, name: str) -> bool:
    return db.write(0, lambda tx: is_gone(tx, name))


def test_a_process_is_alive_until_it_ends(db: Database) -> None:
    life, other, shared = Life(db), Life(db), db.dialect == "postgresql"
    assert gone(db, life.name) is shared, "nobody has seen it yet"
    for _ in range(2):
        life.begin()
    assert not gone(db, life.name) and gone(db, other.name) is shared
    assert not gone(db, secrets.token_hex(8)), "of a name that is no life's only its lease can say so"
    life.end()
    wait_for(lambda: gone(db, life.name) is shared)  # the server ends a session a moment after its line
    other.end()


def test_a_lost_connection_is_back_within_moments(db: Database) -> None:
    life, other = Life(db), Life(db)
    life.begin()
    other.begin()
    if db.dialect == "postgresql":
        with psycopg.connect(db.url, autocommit=True) as owner:  # type: ignore[attr-defined]
            assert owner.execute(_END_ALL).fetchone() == (2,)
        wait_for(lambda: not gone(db, life.name) and not gone(db, other.name), seconds=5)
        assert not db.write(0, lambda tx: other.sees_gone(tx, life.name))
    assert not gone(db, life.name)
    for each in (life, other):
        each.end()


def test_who_does_not_get_its_lock_asks_on(db: Database) -> None:
    life = Life(db)
    if db.dialect == "postgresql":
        own = db.connect_alone()
        (held,) = own.execute(
            _TAKE, (_key(life.name),)
        ).fetchone()  # a session of its own that is not ended there yet
        assert held
        life.begin()
        own.close()
        wait_for(lambda: life._held)
    life.begin()
    assert not gone(db, life.name)
    life.end()


def test_a_process_without_its_lock_works_by_its_leases_alone(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise OSError("too many connections")

    monkeypatch.setattr(db, "connect_alone", refuse)
    life = Life(db)
    life.begin()
    assert not db.write(0, lambda tx: life.sees_gone(tx, Life(db).name)), "it judges nobody"
    life.end()
    assert not life._thread.is_alive()


def test_one_that_has_ended_closes_no_file_of_another(db: Database, tmp_path: Path) -> None:
    """A descriptor is a number that the next file gets: whoever closes it twice closes somebody else's."""
    life = Life(db)
    life.begin()
    for close in (life.end, db.close):
        close()
        others = [(tmp_path / str(n)).open("w") for n in range(60)]
        close()
        assert [other.write("sound") and other.close() for other in others] == [None] * 60
