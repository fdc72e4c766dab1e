"""A desk of before is upgraded with what is in it: people still sign in, keys still open."""

import time
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from tests.access.people import PASSWORD, right_hash
from tests.databases import PostgresServer
from tocsin.access.login import SignedIn, sign_in
from tocsin.core.db import Database
from tocsin.core.ident import new_id
from tocsin.core.postgres import PostgresDatabase
from tocsin.core.sqlite import SqliteDatabase
from tocsin.core.vault import Vault
from tocsin.migrations import upgrade
from tocsin.migrations.upgrade import TablesBusy

BEFORE = "0002"
PEOPLE = (
    "INSERT INTO merchant (id, name, demo, created_at_us) VALUES (7, 'm', 0, 1)",
    "INSERT INTO sign_in_name (name_key, merchant_id, operator_id) VALUES ('anne', 7, 9)",
    "INSERT INTO operator (merchant_id, id, name, display_name, role, active, locale, zone, created_at_us, created_by) "
    "VALUES (7, 9, 'anne', 'Anne', 'owner', 1, 'en', 'UTC', 1, 0)",
    f"INSERT INTO password (merchant_id, operator_id, hash, changed_at_us) VALUES (7, 9, '{right_hash()}', 1)",
)


def fill_at(monkeypatch: pytest.MonkeyPatch, run: object) -> None:
    """Upgrade to the schema of before, and put people in."""
    real = command.upgrade

    def to_before(config: object, _revision: str) -> None:
        real(config, BEFORE)  # type: ignore[arg-type]
        connection: sa.Connection = config.attributes["connection"]  # type: ignore[attr-defined]
        for statement in PEOPLE:
            connection.exec_driver_sql(statement)

    with monkeypatch.context() as patched:
        patched.setattr(upgrade.command, "upgrade", to_before)
        run()  # type: ignore[operator]


def enters(db: Database) -> bool:
    try:
        return isinstance(sign_in(db, name="Anne", password=PASSWORD, address="192.0.2.1"), SignedIn)
    finally:
        db.close()


def test_sqlite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, vault: Vault) -> None:
    path = tmp_path / "desk.sqlite"
    fill_at(monkeypatch, lambda: upgrade.upgrade_sqlite(path))
    upgrade.upgrade_sqlite(path)
    assert enters(SqliteDatabase(path, vault))


def test_postgresql(postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch, vault: Vault) -> None:
    name = f"before_{new_id()}"
    postgres_server.sql(f"CREATE DATABASE {name}")
    url = postgres_server.url(name)
    fill_at(monkeypatch, lambda: upgrade.upgrade_postgres(url))
    upgrade.upgrade_postgres(url)
    assert enters(PostgresDatabase(url, vault, connections=2))


def test_a_table_in_use_keeps_the_upgrade_from_it_and_nobody_else_for_long(
    postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backup reads a table for as long as it sends it; who waits for it with an ALTER makes every desk wait."""
    name, waited = f"before_{new_id()}", list[float]()
    postgres_server.sql(f"CREATE DATABASE {name}")
    url = postgres_server.url(name)
    fill_at(monkeypatch, lambda: upgrade.upgrade_postgres(url))
    monkeypatch.setattr(upgrade, "_TRIES", 3)
    monkeypatch.setattr(upgrade, "_PATIENCE", "SET LOCAL lock_timeout = '50ms'")
    monkeypatch.setattr(time, "sleep", waited.append)
    real = command.upgrade

    def alter(config: Config, revision: str) -> None:
        config.attributes["connection"].exec_driver_sql("ALTER TABLE operator ADD COLUMN more TEXT")
        real(config, revision)

    with monkeypatch.context() as patched, psycopg.connect(url) as backup:
        patched.setattr(upgrade.command, "upgrade", alter)
        backup.execute("SELECT * FROM operator")
        with pytest.raises(TablesBusy):
            upgrade.upgrade_postgres(url)
        assert len(waited) == 2, "whom it kept waiting goes first"
        monkeypatch.setattr(time, "sleep", lambda _: backup.rollback())
        upgrade.upgrade_postgres(url)
    found = postgres_server.sql("SELECT more, version_num FROM operator, alembic_version", database=name)
    assert found == [(None, upgrade.HEAD)]
