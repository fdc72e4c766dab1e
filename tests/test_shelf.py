"""A database that a test gives back is like a new one, or nobody gets it again."""

import psycopg
import pytest

from tests.databases import PostgresServer
from tests.house import make_house
from tests.shelf import Shelf
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
