"""A database that a test gives back is like a new one, or nobody gets it again."""

from contextlib import suppress

import psycopg
import pytest
from psycopg_pool import PoolClosed

from tests.databases import PostgresServer
from tests.house import make_house
from tests.shelf import Shelf
from tocsin.core.db import Tx
from tocsin.core.postgres import PostgresDatabase
from tocsin.core.vault import Vault


@pytest.fixture
def shelf(postgres_server: PostgresServer, postgres_template: str) -> Shelf:
    return Shelf(postgres_server, postgres_template)


def test_what_a_test_wrote_is_gone_for_the_next(postgres_server: PostgresServer, shelf: Shelf) -> None:
    name = shelf.lend()
    db = PostgresDatabase(postgres_server.url(name), Vault(b"k" * 32), connections=2)
    make_house(db)
    db.close()
    postgres_server.sql("SELECT nextval('procrastinate_jobs_id_seq')", database=name)
    shelf.take_back(name)
    assert shelf.lend() == name
    for told, asked in (
        (0, "SELECT count(*) FROM merchant"),
        (0, "SELECT pg_relation_size('merchant')"),
        (1, "SELECT nextval('procrastinate_jobs_id_seq')"),
    ):
        assert postgres_server.sql(asked, database=name) == [(told,)], asked


@pytest.mark.parametrize(
    "changed",
    [
        "CREATE TABLE later (id bigint)",
        "DROP INDEX ix_event_merchant_id",
        "ALTER TABLE merchant ALTER COLUMN name DROP NOT NULL",
        "ALTER TABLE order_head NO FORCE ROW LEVEL SECURITY",
        "GRANT DELETE ON journal TO tocsin_desk",
        "DROP TABLE order_search CASCADE",
        "UPDATE alembic_version SET version_num = '0001'",
        "ANALYZE",
    ],
)
def test_what_it_changed_beyond_rows_nobody_gets_again(
    postgres_server: PostgresServer, shelf: Shelf, changed: str
) -> None:
    name = shelf.lend()
    postgres_server.sql(changed, database=name)
    shelf.take_back(name)
    assert shelf.lend() != name
    assert postgres_server.sql(f"SELECT 1 FROM pg_database WHERE datname = '{name}'") == []


def test_who_still_has_a_connection_open_might_write_later(
    postgres_server: PostgresServer, shelf: Shelf
) -> None:
    name = shelf.lend()
    with psycopg.connect(postgres_server.url(name), autocommit=True) as left:
        shelf.take_back(name)
        assert shelf.lend() != name
        with pytest.raises(psycopg.OperationalError):
            left.execute("SELECT 1")


def test_connections_stay_open_for_the_next_test_and_nobody_of_the_last_has_them(shelf: Shelf) -> None:
    name = shelf.lend()
    kept = []
    for _ in range(2):
        db = shelf.open(name, Vault(b"k" * 32))
        make_house(db)
        db.close()
        with pytest.raises(PoolClosed):
            db.read(1, _pid)
        shelf.take_back(name)
        kept.append({held.info.backend_pid for held in shelf._pools[name]._pool})
        assert shelf.lend() == name
    assert kept[0] and kept[0] <= kept[1]


def test_a_connection_that_a_test_keeps_or_breaks_is_no_other_test_s(
    postgres_server: PostgresServer, shelf: Shelf
) -> None:
    name = shelf.lend()
    db = shelf.open(name, Vault(b"k" * 32))
    with suppress(psycopg.OperationalError), db.snapshot(1) as kept:
        db.close()
        shelf.take_back(name)
        assert shelf.lend() != name
        with pytest.raises(psycopg.OperationalError):
            _pid(kept)
    name = shelf.lend()
    db = shelf.open(name, Vault(b"k" * 32))
    postgres_server.sql(f"SELECT pg_terminate_backend({db.read(1, _pid)})")
    db.close()
    shelf.take_back(name)
    db = shelf.open(shelf.lend(), Vault(b"k" * 32))
    assert db.read(1, _pid)


def _pid(tx: Tx) -> int:
    return int(tx._cursor.execute("SELECT pg_backend_pid()").fetchone()[0])
