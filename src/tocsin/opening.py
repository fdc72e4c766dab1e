"""Opening the settings' database: upgraded where it is behind, and with the key that it was made with."""

import logging
import os
import re
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from tocsin.core.db import Database
from tocsin.core.errors import Refusal
from tocsin.core.installation import HAS_KEY_SQL, require_own_key
from tocsin.core.reaching import reach
from tocsin.core.sqlite import SqliteDatabase, SqliteReader, engine, lock_folder
from tocsin.core.vault import open_vault
from tocsin.settings import Settings

if TYPE_CHECKING:
    import psycopg

_VERSIONS = Path(__file__).parent / "migrations" / "versions"


class DatabaseUnreachable(Refusal):
    """PostgreSQL does not let the desk in at {address} ({problem}): start it, or correct the database's address"""

    kind, code = "broken", "database_unreachable"


class NothingThere(Refusal):
    """There is no desk in {place}: name the data folder or the database of the desk that is meant"""

    kind, code = "missing", "nothing_there"


class SchemaOther(Refusal):
    """The database has schema {schema}, this version of Tocsin has {newest}: use the version that serves it, or start the desk once"""

    kind, code = "conflict", "schema_other"


def open_database(settings: Settings) -> Database:
    """Open the settings' database, upgraded where it is behind, with the key that it was made with.

    Raises:
        SchemaOther: a later version has upgraded it.
        DatabaseUnreachable, KeyFileMissing, KeyFileWrong, KeyMismatch
    """
    key_file = settings.key_path()
    db = _open_postgres(settings, key_file) if settings.database_url else _open_sqlite(settings, key_file)
    try:
        require_own_key(db, key_file)
    except BaseException:
        db.close()
        raise
    return db


def open_reader(settings: Settings) -> Database:
    """Open the settings' database to read it beside a desk that serves; its schema must be this version's.

    Raises:
        NothingThere: there is no database.
        SchemaOther: it is of another version.
        DatabaseUnreachable, KeyFileMissing, KeyFileWrong, KeyMismatch
    """
    require_own_schema(settings)
    path, url = settings.path("desk.sqlite"), settings.database_url
    vault = open_vault(settings.key_path(), create=False)
    if url:
        from tocsin.core.postgres import PostgresDatabase

        db: Database = PostgresDatabase(url, vault, connections=1)
    else:
        db = SqliteReader(path, vault)
    require_own_key(db, settings.key_path())
    return db


def require_own_schema(settings: Settings) -> None:
    """Refuse a database that is not there, or is of another version.

    Raises:
        NothingThere, SchemaOther, DatabaseUnreachable
    """
    url = settings.database_url
    there = postgres_versions(url)[1] if url else _sqlite_version(settings.path("desk.sqlite"))
    if not there:
        raise NothingThere(place=settings.path().resolve() if not url else "the database")
    if there != newest_version():
        raise SchemaOther(schema=there, newest=newest_version())


def _open_postgres(settings: Settings, key_file: Path) -> Database:
    import psycopg

    from tocsin.core.postgres import PostgresDatabase

    url = settings.database_url
    if _is_behind(postgres_versions(url)[1]):
        _quiet_upgrade()
        from tocsin.migrations.upgrade import upgrade_postgres

        upgrade_postgres(url)
    with psycopg.connect(reach(url)) as connection:
        (has_key,) = connection.execute(HAS_KEY_SQL).fetchone() or (False,)
    vault = open_vault(key_file, create=not has_key)
    return PostgresDatabase(url, vault, connections=settings.database_connections)


def _open_sqlite(settings: Settings, key_file: Path) -> Database:
    path = settings.path("desk.sqlite")
    path.parent.mkdir(parents=True, exist_ok=True)
    if _is_behind(_sqlite_version(path)):
        _upgrade_file(path)
    with closing(engine.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        (has_key,) = connection.execute(HAS_KEY_SQL).fetchone()
    return SqliteDatabase(
        path, open_vault(key_file, create=not has_key), readers=settings.database_connections
    )


def _is_behind(there: str) -> bool:
    newest = newest_version()
    if there > newest:
        raise SchemaOther(schema=there, newest=newest)
    return there < newest


def newest_version() -> str:
    """Return the newest schema's number by the migrations' file names: importing them is slow."""
    numbers = [found[1] for path in _VERSIONS.iterdir() if (found := re.match(r"v(\d{4})_", path.name))]
    return max(numbers)


def _quiet_upgrade() -> None:
    # Its lines about its own plug-ins would be the first thing that a new owner reads.
    logging.getLogger("alembic").setLevel(logging.WARNING)


def _upgrade_file(path: Path) -> None:
    _quiet_upgrade()
    from tocsin.migrations.upgrade import upgrade_sqlite

    lock = lock_folder(path.parent)
    try:
        upgrade_sqlite(path)
    finally:
        os.close(lock)


def _sqlite_version(path: Path) -> str:
    if not path.exists():
        return ""
    with engine.connect(f"file:{path}?mode=ro", uri=True) as connection:
        try:
            return str((connection.execute("SELECT version_num FROM alembic_version").fetchone() or [""])[0])
        except engine.OperationalError:
            return ""


def postgres_versions(url: str) -> tuple[str, str]:
    """Return the server's version and the schema's number, which is empty in a new database.

    Raises:
        DatabaseUnreachable: the server is not there, or refuses.
    """
    import psycopg

    try:
        with psycopg.connect(reach(url)) as connection:
            server = connection.info.parameter_status("server_version") or "?"
            try:
                row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            except psycopg.errors.UndefinedTable:
                return server, ""
    except psycopg.Error as wrong:
        raise DatabaseUnreachable(address=_address_of(url), problem=_one_line(wrong)) from wrong
    return server, str((row or [""])[0])


def _address_of(url: str) -> str:
    # Never the whole URL: it may hold the password.
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    try:
        parts = conninfo_to_dict(url)
    except psycopg.Error:
        return "the given address"
    hosts, ports = (
        str(parts.get(name, other)).split(",") for name, other in (("host", "localhost"), ("port", 5432))
    )
    ports = ports if len(ports) == len(hosts) else ports[:1] * len(hosts)
    return (
        ",".join(f"{host}:{port}" for host, port in zip(hosts, ports, strict=True))
        + f"/{parts.get('dbname', '')}"
    )


def _one_line(wrong: "psycopg.Error") -> str:
    import psycopg

    # What can't even be parsed is quoted back by the driver, a password with it.
    if not isinstance(wrong, psycopg.OperationalError) and wrong.sqlstate is None:
        return "it can't be read"
    return " ".join(str(wrong).split())[:300]
