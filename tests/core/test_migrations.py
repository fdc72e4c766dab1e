"""Migrations make exactly the tables that the chapters declare, and all or nothing."""

from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from tests.databases import PostgresServer
from tocsin.core import sqlite
from tocsin.core.db import DESK_ROLE
from tocsin.migrations import upgrade
from tocsin.migrations.plans import planner_figures
from tocsin.migrations.tables import all_tables
from tocsin.migrations.upgrade import upgrade_postgres, upgrade_sqlite
from tocsin.migrations.walls import walls_of

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
    made = []
    for _ in range(2):
        upgrade_sqlite(tmp_path / "desk.sqlite")
        connection = sqlite.connect_file(tmp_path / "desk.sqlite", read_only=True)
        made.append(connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall())
        connection.close()
    assert made[0] == made[1] and len(made[0]) > 50
    upgrade_postgres(postgres_server.url(postgres_template))


def test_each_table_has_its_walls(
    sqlite_template: Path, postgres_server: PostgresServer, postgres_template: str
) -> None:
    tables = all_tables().sorted_tables
    triggers = {name for t in tables for name in _named(walls_of(t, "sqlite"), "CREATE TRIGGER")}
    connection = sqlite.connect_file(sqlite_template, read_only=True)
    assert triggers == {
        row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
    }
    assert len(triggers) > 10
    figures = connection.execute("SELECT tbl, idx, stat FROM sqlite_stat1").fetchall()
    assert sorted(figures) == sorted(planner_figures(tables))
    connection.close()
    rights = postgres_server.sql(
        "SELECT table_name, string_agg(privilege_type, ', ' ORDER BY privilege_type) FROM information_schema.table_privileges"
        f" WHERE grantee = '{DESK_ROLE}' GROUP BY table_name",
        database=postgres_template,
    )
    told = {str(name): set(str(kinds).split(", ")) for name, kinds in rights}
    for table in tables:
        granted = walls_of(table, "postgresql")[0].removeprefix("GRANT ").split(" ON ")[0]
        assert told[table.name] == set(granted.split(", ")), table.name


def _named(statements: list[str], beginning: str) -> set[str]:
    return {each.removeprefix(beginning).split()[0] for each in statements if each.startswith(beginning)}


def test_a_new_table_behind_its_walls_shows_a_merchant_his_own_rows(
    postgres_server: PostgresServer, postgres_template: str
) -> None:
    table = sa.Table(
        "later", sa.MetaData(), sa.Column("merchant_id", sa.BigInteger), info={"append_only": True}
    )
    postgres_server.copy(postgres_template, "later")
    for statement in ["CREATE TABLE later (merchant_id bigint)", *walls_of(table, "postgresql")]:
        postgres_server.sql(statement, database="later")
    as_desk = f"SET ROLE {DESK_ROLE}; SET tocsin.merchant = '7'; "
    postgres_server.sql(as_desk + "INSERT INTO later VALUES (7)", database="later")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        postgres_server.sql(as_desk + "INSERT INTO later VALUES (8)", database="later")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        postgres_server.sql(as_desk + "DELETE FROM later", database="later")
    with psycopg.connect(postgres_server.url("later"), autocommit=True) as connection:
        connection.execute(f"SET ROLE {DESK_ROLE}")
        for merchant, rows in (("8", 0), ("7", 1)):
            connection.execute(f"SET tocsin.merchant = '{merchant}'")
            assert connection.execute("SELECT count(*) FROM later").fetchone() == (rows,)


def test_a_broken_upgrade_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise OSError("killed")

    monkeypatch.setattr("tocsin.migrations.plans.planner_figures", broken)
    with pytest.raises(OSError, match="killed"):
        upgrade_sqlite(tmp_path / "desk.sqlite")
    connection = sqlite.connect_file(tmp_path / "desk.sqlite")
    assert connection.execute("SELECT name FROM sqlite_master").fetchall() == []
    connection.close()
    monkeypatch.undo()
    upgrade_sqlite(tmp_path / "desk.sqlite")
    assert upgrade.HEAD == "0014"
