"""Databases for tests: a SQLite file and a database of a private PostgreSQL, each migrated once and copied."""

import atexit
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import psycopg
import pytest

from tests.shelf import Shelf
from tocsin.core.db import Database
from tocsin.core.postgres import PostgresDatabase
from tocsin.core.sqlite import SqliteDatabase
from tocsin.core.vault import Vault, open_vault
from tocsin.migrations.upgrade import upgrade_postgres, upgrade_sqlite

__all__ = [
    "db",
    "make_db",
    "postgres_server",
    "postgres_shelf",
    "postgres_template",
    "sqlite_template",
    "vault",
]


def find_postgres() -> Path:
    """Return the folder of PostgreSQL's programs, newest first; without one the tests can't run."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: float(p.parent.name))
    if not found:
        raise RuntimeError("PostgreSQL is missing: apt-get install postgresql")
    return found[-1]


def as_server_user(*command: str) -> list[str]:
    """PostgreSQL refuses to run as root: then it runs as the user that Debian's package made."""
    return (
        ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command]
        if os.geteuid() == 0
        else [*command]
    )


def free_port() -> int:
    """Return a TCP port of the loopback that nobody listens on."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


class PostgresServer:
    """A private PostgreSQL on a free port, durable as in production; its planner learns nothing between two tests."""

    def __init__(self) -> None:
        self.folder, self._migrated = Path(tempfile.mkdtemp(prefix="tocsin-pg-")), ""
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
        self.port, bin_ = free_port(), find_postgres()
        subprocess.run(
            as_server_user(str(bin_ / "initdb"), "-D", str(self.folder / "data"), "-A", "trust", "-U", "owner", "-E", "UTF8", "--locale=C.UTF-8"),
            check=True, capture_output=True, cwd="/",
        )  # fmt: skip
        self.process = subprocess.Popen(
            as_server_user(
                str(bin_ / "postgres"), "-D", str(self.folder / "data"), "-p", str(self.port), "-k", str(self.folder),
                "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200", "-c", "shared_buffers=256MB",
                "-c", "autovacuum=off",
            ),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/",
        )  # fmt: skip
        for _ in range(200):
            try:
                psycopg.connect(self.url("postgres")).close()
                break
            except psycopg.OperationalError:
                if self.process.poll() is not None:
                    raise
                __import__("time").sleep(0.05)

    def url(self, name: str) -> str:
        """Return the address of a database."""
        return f"postgresql://owner@127.0.0.1:{self.port}/{name}"

    def copy(self, template: str, name: str) -> None:
        """Make a database like another, by copying its files: half the work of copying through the log."""
        self.sql(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")

    def migrated(self) -> str:
        """Return the name of a migrated database to copy from: made once."""
        if not self._migrated:
            self.sql("CREATE DATABASE template_desk")
            upgrade_postgres(self.url("template_desk"))
            self._migrated = "template_desk"
        return self._migrated

    def sql(self, statement: str, *, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run a statement as the owner; return its rows."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def stop(self) -> None:
        """Stop the server and remove its files."""
        self.process.send_signal(signal.SIGQUIT)  # at once: what it holds is thrown away
        self.process.wait(20)
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A private PostgreSQL for the whole run."""
    server = PostgresServer()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgres_template(postgres_server: PostgresServer) -> str:
    """Name of a migrated database to copy from."""
    return postgres_server.migrated()


@pytest.fixture(scope="session")
def postgres_shelf(postgres_server: PostgresServer, postgres_template: str) -> Iterator[Shelf]:
    """Databases like the template, used again and again."""
    shelf = Shelf(postgres_server, postgres_template)
    yield shelf
    shelf.close()


@cache
def migrated_file() -> Path:
    """Return a migrated file to copy from: made once in a process."""
    path = Path(tempfile.mkdtemp(prefix="tocsin-template-")) / "desk.sqlite"
    atexit.register(shutil.rmtree, path.parent, ignore_errors=True)
    upgrade_sqlite(path)
    return path


def lay_out(folder: Path) -> None:
    """Put a migrated database into the folder of a desk that is new: it starts without the migrations."""
    folder.mkdir(mode=0o700, parents=True)
    shutil.copy(migrated_file(), folder / "desk.sqlite")


@pytest.fixture(scope="session")
def sqlite_template() -> Path:
    """A migrated file to copy from."""
    return migrated_file()


@pytest.fixture(scope="session")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    """A vault with a key of its own."""
    return open_vault(tmp_path_factory.mktemp("keys") / "installation.key")


def leases_of(opened: list[Database]) -> list[threading.Thread]:
    """Return the threads that still renew a lease in one of the databases."""
    leases = [thread for thread in threading.enumerate() if thread.name == "node"]
    # One that has ended meanwhile has no target any more.
    kept = [(thread, getattr(thread, "_target", None)) for thread in leases]
    return [thread for thread, target in kept if target is not None and target.__self__._db in opened]


@pytest.fixture(params=["sqlite", "postgresql"])
def make_db(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Database]]:
    """Opens (again and again) one fresh, migrated database of the engine; closes what is left open."""
    opened: list[Database] = []
    if request.param == "sqlite":
        path = tmp_path / "desk.sqlite"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)

        def open_() -> Database:
            opened.append(SqliteDatabase(path, Vault(request.getfixturevalue("vault")._key)))
            return opened[-1]
    else:
        server, shelf = request.getfixturevalue("postgres_server"), request.getfixturevalue("postgres_shelf")
        name = shelf.lend()

        def open_() -> Database:
            vault = Vault(request.getfixturevalue("vault")._key)
            again = PostgresDatabase(server.url(name), vault, connections=6) if opened else None
            opened.append(again or shelf.open(name, vault))
            return opened[-1]

    yield open_
    left = leases_of(opened)
    for database in opened:
        database.close()
    if request.param == "postgresql":
        shelf.take_back(name)
    assert not left, "a desk was left open: its lease is renewed for as long as the tests run: close it"


@pytest.fixture
def db(make_db: Callable[[], Database]) -> Database:
    """A fresh, migrated database: the test runs once on SQLite and once on PostgreSQL."""
    return make_db()
