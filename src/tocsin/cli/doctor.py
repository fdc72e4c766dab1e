"""`tocsin doctor`: what the machine and the installation are like, and what to do about it."""

import ctypes
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

_SLOW_WRITE_MS, _PARTS_SHOWN = 50.0, 5
_TIMEX_BYTES, _TIME_ERROR = 512, 5  # the struct is shorter
_CLOCKS_APART_SECONDS, _THEIR_SECONDS = 2.0, "SELECT extract(epoch FROM clock_timestamp())"


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
    """Look at the engine, the database, its months, the disk, the clock, the fonts, the port, a running desk's parts and the backups; ends with 1 where something is not sound."""
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
    try:
        import psycopg

        from tocsin.core.reaching import reach, require_durable

        with psycopg.connect(reach(settings.database_url), autocommit=True) as connection:
            require_durable(connection)
    except Refusal as refusal:
        return Told("database", False, refusal.message())
    newest = newest_version()
    then = "" if schema == newest else f", {newest} after the next start"
    return Told("database", True, f"PostgreSQL {server}, schema {schema or 'none yet'}{then}")


def look_at_months(settings: Settings) -> Told:
    """Tell whether the next month's partitions are there, where the lines of orders are kept in months."""
    if not settings.database_url:
        return Told("months", True, "the embedded database has none")
    import psycopg

    from tocsin.core.reaching import reach
    from tocsin.migrations.months import MONTHLY, is_monthly, lacking_months

    try:
        with psycopg.connect(reach(settings.database_url), autocommit=True) as connection:
            monthly = [table for table in MONTHLY if is_monthly(connection, table)]
            lacking = lacking_months(connection)
    except psycopg.Error:  # that it is away is told beside
        return Told("months", True, "not asked")
    if lacking:
        said = f"{', '.join(lacking)} lack: a desk or a worker that runs makes them, or `tocsin partition`"
        return Told("months", False, said)
    return Told("months", True, f"{', '.join(monthly)} by month, ahead" if monthly else "not used")


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
    took_ms = (time.perf_counter() - began) * 100
    said = f"{took_ms:.1f} ms per durable write in {folder}"
    slow = took_ms >= _SLOW_WRITE_MS
    return Told("disk", not slow, f"{said}: each order waits for one; use a local SSD" if slow else said)


def look_at_clock(settings: Settings) -> Told:
    """Tell whether this machine's clock agrees with the database's, and whether the kernel knows of anybody who keeps it right.

    Source: Linux, adjtimex(2): mode 0 only reads, and the state says whether it is synchronised.
    """
    apart_seconds = _apart_seconds(settings) if settings.database_url else 0.0
    if apart_seconds > _CLOCKS_APART_SECONDS:
        said = (
            f"{apart_seconds:.1f} seconds from the database's: keep both right by chrony or systemd-timesyncd"
        )
        return Told("clock", False, said)
    try:
        state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    except (OSError, AttributeError):
        state = -1
    # No fault: the host of a virtual machine or of a container may keep it right.
    unkept = "the kernel knows of nobody who keeps it right: chrony or systemd-timesyncd does, where no host does it"
    return Told("clock", True, unkept if state == _TIME_ERROR else "agrees, as far as it can be told")


def _apart_seconds(settings: Settings) -> float:
    import psycopg

    from tocsin.core.reaching import reach

    try:
        with psycopg.connect(reach(settings.database_url), autocommit=True) as connection:
            (there,) = connection.execute(_THEIR_SECONDS).fetchone() or (time.time(),)
            return abs(time.time() - float(there))
    except psycopg.Error:  # that it is away is told beside
        return 0.0


def look_at_parts(settings: Settings) -> Told:
    """Tell which stations, printers and sirens of a running desk need somebody."""
    from tocsin.console.ask import ask
    from tocsin.console.merchants import Nothing
    from tocsin.console.wire import connect, console_path
    from tocsin.fleet import Fleet

    running = connect(console_path(settings))
    if running is None:
        return Told("parts", True, "no desk runs here that could tell of its printers and sirens")
    running.close()
    try:
        found = ask(settings, "fleet.read", Nothing(), result=Fleet)
    except Refusal as refusal:
        return Told("parts", False, refusal.message())
    unwell = [f"{part.name} ({part.state})" for one in found.merchants for part in one.unwell()]
    if not unwell:
        return Told("parts", True, "stations, printers and sirens answer, as far as they have been asked")
    shown = ", ".join(unwell[:_PARTS_SHOWN])
    return Told(
        "parts",
        False,
        f"look at power, cable and paper of {len(unwell)}: {shown}; the problems page tells more",
    )


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
    look_at_engine, look_at_database, look_at_months, look_at_disk, look_at_clock, look_at_files, look_at_port, look_at_parts, look_at_backups,
)  # fmt: skip
