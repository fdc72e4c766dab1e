"""Migrations make exactly the tables that the chapters declare, and all or nothing."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from tests.databases import PostgresServer
from tocsin.core import sqlite
from tocsin.migrations import upgrade
from tocsin.migrations.tables import all_tables
from tocsin.migrations.upgrade import upgrade_postgres, upgrade_sqlite

BESIDE = ("order_search", "procrastinate_", "alembic_version")


def differences(engine: sa.Engine) -> list[object]:
    def ours(name: str | None, kind: str, _parents: object) -> bool:
        return not (kind == "table" and (name or "").startswith(BESIDE))

    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": ours, "compare_type": True})
        return list(compare_metadata(context, all_tables()))


def test_sqlite_has_what_is_declared(sqlite_template: Path) -> None:
    assert differences(sa.create_engine(f"sqlite:///{sqlite_template}", module=sqlite.engine)) == []


def test_postgresql_has_what_is_declared(postgres_server: PostgresServer, postgres_template: str) -> None:
    url = postgres_server.url(postgres_template).replace("postgresql://", "postgresql+psycopg://")
    assert differences(sa.create_engine(url, poolclass=sa.NullPool)) == []


def test_a_second_upgrade_changes_nothing(
    tmp_path: Path, postgres_server: PostgresServer, postgres_template: str
) -> None:
    upgrade_sqlite(tmp_path / "desk.sqlite")
    upgrade_sqlite(tmp_path / "desk.sqlite")
    upgrade_postgres(postgres_server.url(postgres_template))


def test_a_broken_upgrade_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise OSError("killed")

    monkeypatch.setattr("tocsin.migrations.walls.sqlite_walls", broken)
    with pytest.raises(OSError, match="killed"):
        upgrade_sqlite(tmp_path / "desk.sqlite")
    connection = sqlite.connect_file(tmp_path / "desk.sqlite")
    assert connection.execute("SELECT name FROM sqlite_master").fetchall() == []
    connection.close()
    monkeypatch.undo()
    upgrade_sqlite(tmp_path / "desk.sqlite")
    assert upgrade.HEAD == "0001"
