"""Asking how PostgreSQL is, beside the pool: in no line, and right after a connection was lost or a server became a standby."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.databases import PostgresServer
from tocsin.core.errors import DatabaseAway
from tocsin.core.postgres import PostgresDatabase
from tocsin.core.vault import Vault

_ENDED = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tocsin health' AND datname = '{name}'"


@pytest.fixture
def db(postgres_server: PostgresServer, name: str) -> Iterator[PostgresDatabase]:
    made = PostgresDatabase(postgres_server.url(name), Vault(b"k" * 32), connections=2)
    yield made
    made.close()


def test_a_pool_that_is_busy_is_no_database_that_is_away(db: PostgresDatabase) -> None:
    with ExitStack() as busy:
        for _ in range(2):
            busy.enter_context(db.snapshot(0))
        assert db.state().takes_changes()


def test_a_connection_that_was_ended_is_opened_again(
    db: PostgresDatabase, postgres_server: PostgresServer, name: str
) -> None:
    sound = db.state()
    assert postgres_server.sql(_ENDED.format(name=name)) == [(True,)]
    assert db.state() == sound


def test_a_server_that_takes_no_changes_any_more_is_asked_anew_and_told(
    db: PostgresDatabase, postgres_server: PostgresServer, name: str
) -> None:
    assert db.state().takes_changes()
    for read_only, takes in (("on", False), ("off", True)):
        postgres_server.sql(f"ALTER DATABASE {name} SET default_transaction_read_only = {read_only}")
        postgres_server.sql(_ENDED.format(name=name))
        assert db.state().takes_changes() is takes


def test_one_that_can_t_be_reached_is_away(
    db: PostgresDatabase, postgres_server: PostgresServer, name: str
) -> None:
    db.state()
    postgres_server.sql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    postgres_server.sql(_ENDED.format(name=name))
    with pytest.raises(DatabaseAway):
        db.state()
