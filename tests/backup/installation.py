"""Installations of either engine, with a life in them, and the empty places into which their backups go."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from tests.databases import PostgresServer, lay_out
from tocsin.core.ident import new_id
from tocsin.core.sqlite import engine
from tocsin.settings import Settings

PASSPHRASE = "six green kettles sing at night"
Make = Callable[..., Settings]


def make_settings(folder: Path, server: PostgresServer | None, *, empty: bool = False) -> Settings:
    """Return the settings of a migrated installation without a merchant, or of an empty place."""
    url = ""
    if server is not None:
        name = f"backup_{new_id()}"
        if empty:
            server.sql(f"CREATE DATABASE {name}")
        else:
            server.copy(server.migrated(), name)
        url = server.url(name)
    elif not empty:
        lay_out(folder)
    return Settings(data_dir=str(folder), database_url=url)


def rows_of(settings: Settings, table: str, columns: str = "*") -> list[tuple[Any, ...]]:
    """Return a table's rows past the product, in an order of their own."""
    statement = f"SELECT {columns} FROM {table}"
    if settings.database_url:
        with psycopg.connect(settings.database_url) as connection:
            found = connection.execute(statement).fetchall()
    else:
        connection = engine.connect(str(settings.path("desk.sqlite")))
        found = connection.execute(statement).fetchall()
        connection.close()
    return sorted(found, key=repr)


def tables_of(settings: Settings) -> list[str]:
    """Return the names of the tables that a backup keeps row by row."""
    if settings.database_url:
        with psycopg.connect(settings.database_url) as connection:
            named = connection.execute(
                "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
                " AND relname NOT LIKE 'procrastinate%'"
            ).fetchall()
    else:
        connection = engine.connect(str(settings.path("desk.sqlite")))
        named = connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' AND name NOT LIKE 'sqlite_%'"
        ).fetchall()
        connection.close()
    return sorted(name for (name,) in named)


def walls_of(settings: Settings) -> list[tuple[Any, ...]]:
    """Return of each table of a PostgreSQL whether each merchant sees his own rows alone, and whether its owner does too."""
    if not settings.database_url:
        return []
    with psycopg.connect(settings.database_url) as connection:
        return connection.execute(
            "SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class"
            " WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace ORDER BY relname"
        ).fetchall()


def run(settings: Settings, statement: str) -> None:
    """Change rows past the product."""
    if settings.database_url:
        with psycopg.connect(settings.database_url) as connection:
            connection.execute(statement)
        return
    connection = engine.connect(str(settings.path("desk.sqlite")))
    connection.execute(statement)
    connection.commit()
    connection.close()
