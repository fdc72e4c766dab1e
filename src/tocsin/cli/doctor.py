"""`tocsin doctor`: what the machine and the installation are like, and what to do about it."""

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import click
import msgspec

from tocsin.cli.start import with_settings
from tocsin.core.errors import Refusal
from tocsin.core.sqlite import engine, require_sound_engine
from tocsin.settings import Settings

_ASSETS = Path(__file__).parent.parent
_FILES = (
    "tickets/fonts/NotoSansSC-Regular.ttf", "tickets/fonts/NotoSansSC-Bold.ttf", "web/static/vendor/htmx.min.js",
)  # fmt: skip


class Told(msgspec.Struct, frozen=True):
    """One thing looked at."""

    what: str
    sound: bool
    said: str


@click.command()
@with_settings
@click.option("--host", help="Name to serve on.")
@click.option("--port", type=int, help="TCP port to serve on.")
def doctor(settings: Settings) -> None:
    """Look at the engine, the database, the disk, the fonts, the port and the backups; ends with 1 where something is not sound."""
    found = [look(settings) for look in LOOKS]
    for one in found:
        click.echo(f"{'ok ' if one.sound else 'NO '} {one.what}: {one.said}")
    raise SystemExit(0 if all(one.sound for one in found) else 1)


def look_at_engine(_settings: Settings) -> Told:
    """Tell whether SQLite's version is free of the WAL-reset bug."""
    try:
        require_sound_engine(engine.sqlite_version_info)
    except Refusal as refusal:
        return Told("engine", False, refusal.message())
    return Told("engine", True, f"SQLite {engine.sqlite_version}")


def look_at_database(settings: Settings) -> Told:
    """Tell which PostgreSQL answers and which schema it holds, or that the embedded database is used."""
    if not settings.database_url:
        return Told("database", True, f"embedded, in {settings.path()}")
    from tocsin.opening import newest_version, postgres_versions

    try:
        server, schema = postgres_versions(settings.database_url)
    except Refusal as refusal:
        return Told("database", False, refusal.message())
    newest = newest_version()
    then = "" if schema == newest else f", {newest} after the next start"
    return Told("database", True, f"PostgreSQL {server}, schema {schema or 'none yet'}{then}")


def look_at_disk(settings: Settings) -> Told:
    """Tell how long the disk takes to keep one write."""
    folder = settings.path()
    folder.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        for _ in range(10):
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
    return Told("disk", True, f"{(time.perf_counter() - began) * 100:.1f} ms per durable write in {folder}")


def look_at_files(_settings: Settings) -> Told:
    """Tell whether the ticket's fonts and the pages' scripts are there."""
    missing = [name for name in _FILES if not (_ASSETS / name).is_file()]
    return Told(
        "files", not missing, f"missing: {', '.join(missing)}" if missing else "fonts and scripts are there"
    )


def look_at_port(settings: Settings) -> Told:
    """Tell whether the port is free."""
    from tocsin.console.wire import connect, console_path
    from tocsin.server import addresses_of, require_free

    running = connect(console_path(settings))
    if running is not None:
        running.close()
        return Told("port", True, f"a desk serves the data in {settings.path().resolve()}")
    try:
        for address in addresses_of(settings.host):
            require_free(address, settings.port)
    except Refusal as refusal:
        return Told("port", False, refusal.message())
    return Told("port", True, f"{settings.port} is free")


def look_at_backups(settings: Settings) -> Told:
    """Tell how old the newest backup is, or that none is made."""
    if not settings.backup_to:
        return Told("backups", True, "none is made by itself: set backup_to and backup_passphrase_file")
    from tocsin.backup.schedule import is_late, newest_age_seconds
    from tocsin.backup.sealed_file import require_passphrase

    try:
        require_passphrase(
            Path(settings.backup_passphrase_file).read_text("utf-8").partition("\n")[0].strip()
        )
        if not settings.key_path().is_file():
            return Told("backups", True, f"none yet in {settings.backup_to}: there is no desk yet")
        age = newest_age_seconds(settings)
    except OSError:
        return Told("backups", False, "set backup_passphrase_file to a file that can be read")
    except Refusal as refusal:
        return Told("backups", False, refusal.message())
    said = "none yet" if age is None else f"the newest is {age // 3600} hours old"
    return Told("backups", not is_late(settings, age), f"{said}, in {settings.backup_to}")


LOOKS: tuple[Callable[[Settings], Told], ...] = (
    look_at_engine, look_at_database, look_at_disk, look_at_files, look_at_port, look_at_backups,
)  # fmt: skip
