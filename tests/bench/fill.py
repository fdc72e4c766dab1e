"""A desk's database for the bench: opened empty, and filled with copies by SQL."""

from pathlib import Path

import psycopg

from tests.bench.multiply import multiply_desk, multiply_search
from tests.bench.product import Product
from tests.databases import PostgresServer
from tocsin.core.db import Database
from tocsin.core.postgres import PostgresDatabase
from tocsin.core.sqlite import SqliteDatabase, connect_file
from tocsin.core.vault import open_vault
from tocsin.migrations.upgrade import upgrade_postgres, upgrade_sqlite


def open_product(server: PostgresServer | None, folder: Path) -> tuple[Database, str | Path]:
    """Return an empty, migrated database for the desk, and where the raw engine's goes."""
    vault = open_vault(folder / "key")
    if server is None:
        upgrade_sqlite(folder / "desk" / "desk.sqlite")
        return SqliteDatabase(folder / "desk" / "desk.sqlite", vault), folder / "raw.sqlite"
    for database in ("desk", "raw"):
        server.sql(f"CREATE DATABASE {database}")
    upgrade_postgres(server.url("desk"))
    return PostgresDatabase(server.url("desk"), vault), server.url("raw")


def multiply(
    server: PostgresServer | None, folder: Path, product: Product, *, orders: int, times: int
) -> None:
    """Copy the desk's orders by SQL."""
    if server:
        with psycopg.connect(server.url("desk"), autocommit=True) as connection:
            multiply_desk(connection, "postgresql", times=times)
        return
    file = connect_file(folder / "desk" / "desk.sqlite")
    multiply_desk(file, "sqlite", times=times)
    multiply_search(file, product.tokens(orders), times=times)
    file.close()
