"""A process is known to be gone as soon as its connection is, and not while it lives."""

import secrets

from tests.counter import wait_for
from tocsin.core.db import Database
from tocsin.core.life import Life, is_gone


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
    assert gone(db, life.name) is shared
    other.end()


def test_a_lost_connection_is_a_life_lost_until_it_is_back(db: Database) -> None:
    life = Life(db)
    life.begin()
    if db.dialect == "postgresql":
        life._connection.close()
        wait_for(lambda: gone(db, life.name))
        wait_for(lambda: not gone(db, life.name))
    assert not gone(db, life.name)
    life.end()
