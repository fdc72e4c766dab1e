"""Brings a database to the newest schema; a killed upgrade leaves the old one."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from tocsin.core import sqlite
from tocsin.core.errors import Refusal

HEAD = "0014"
_TRIES, _PAUSE_SECONDS = 60, 2.0
# Who waits for a table makes all others wait behind him, and a backup holds each until it has sent it.
_IN_USE = ("55P03", "40P01")  # lock_not_available, deadlock_detected
_PATIENCE = "SET LOCAL lock_timeout = '2s'"


class TablesBusy(Refusal):
    """A table that the upgrade changes was in use all the time, by a backup or a long download: start again when it has ended"""

    kind, code = "locked", "tables_busy"


def upgrade_sqlite(path: Path) -> None:
    """Upgrade the database file, in one transaction."""
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(f"sqlite:///{path}", module=sqlite.engine, poolclass=sa.NullPool)

    # The driver must not commit before DDL: the upgrade is whole or not at all.
    @sa.event.listens_for(engine, "connect")
    def _manual(connection: Any, _record: Any) -> None:
        connection.isolation_level = None

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    with engine.begin() as connection:
        migrate(connection)
    engine.dispose()


def upgrade_postgres(url: str) -> None:
    """Upgrade a PostgreSQL database with the rights of the URL's user; one process at a time.

    While desks of before serve it, they are kept waiting for two seconds at most; it is tried again for some minutes.

    Raises:
        TablesBusy: nothing was changed.
    """
    for tries_left in reversed(range(_TRIES)):
        try:
            with migrating_postgres(url) as connection:
                connection.exec_driver_sql(_PATIENCE)
                migrate(connection)
        except sa.exc.OperationalError as fault:
            if getattr(fault.orig, "sqlstate", "") not in _IN_USE:
                raise
            if not tries_left:
                raise TablesBusy from fault
            time.sleep(_PAUSE_SECONDS)  # whom it held up goes first
        else:
            return


@contextmanager
def migrating_postgres(url: str) -> Iterator[sa.Connection]:
    """Open the transaction of an upgrade; what else is done in it stands or falls with it."""
    import psycopg

    from tocsin.core.reaching import reach

    # Several hosts are nothing that an engine's own address takes.
    connect = partial(psycopg.connect, reach(url))
    engine = sa.create_engine("postgresql+psycopg://", creator=connect, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(7180717)"))
        yield connection
    engine.dispose()


def migrate(connection: sa.Connection, *, to: str = "head") -> None:
    """Bring an open transaction's database to a schema, by its number."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("version_path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, to)
