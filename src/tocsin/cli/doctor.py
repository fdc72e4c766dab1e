"""`tocsin doctor`: what the machine and the installation are like, and what to do about it."""

import ctypes
import os
import shutil
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import click

from tocsin.cli.look_at_server import (
    apart_seconds,
    look_at_connections,
    look_at_database,
    look_at_its_disk,
    look_at_months,
    look_at_standby,
)
from tocsin.cli.start import with_settings
from tocsin.cli.told import Told
from tocsin.core.clock import SECOND_US, now_us
from tocsin.core.errors import Refusal
from tocsin.core.sqlite import engine, require_sound_engine
from tocsin.fleet import Part
from tocsin.settings import Settings

_ASSETS = Path(__file__).parent.parent
_FILES = (
    "tickets/fonts/NotoSansSC-Regular.ttf", "tickets/fonts/NotoSansSC-Bold.ttf", "web/static/vendor/htmx.min.js",
)  # fmt: skip

_SLOW_WRITE_MS, _PARTS_SHOWN = 50.0, 5
_TIMEX_BYTES, _TIME_ERROR = 512, 5  # the struct is shorter
_CLOCKS_APART_SECONDS, _ROOM_LEAST_BYTES = 2.0, 1 << 30
# Nobody's shop is without any event for a year, and a clock that jumped back by minutes is put right by who keeps it.
_YEAR_US, _BEHIND_US = 366 * 24 * 3600 * SECOND_US, 120 * SECOND_US
_NEWEST_EVENTS = "SELECT at_us FROM event ORDER BY id DESC LIMIT 10000"
# What is done about a part in a state; else it is power, cable or paper.
_CURE = "look at power, cable and paper"
_CURES = {
    "untried": "try it, somebody has to hear it (Settings, Sirens)", "waits": "an owner lets it go on (/restored)",
    "clock": "set its machine's clock right", "new": "start `tocsin station run` on its machine",
}  # fmt: skip


@click.command()
@with_settings
@click.option("--host", help="Name to serve on.")
@click.option("--port", type=int, help="TCP port to serve on.")
def doctor(settings: Settings) -> None:
    """Look at the engine, the database, its connections, standby and months, the disk and its room, the clock, the fonts, the port, a running desk's parts and the backups; ends with 1 where something is not sound."""
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


def look_at_disk(settings: Settings) -> Told:
    """Tell how long the disk takes to keep one change: PostgreSQL's own where that is used."""
    if settings.database_url:
        return look_at_its_disk(settings, slow_ms=_SLOW_WRITE_MS)
    took_ms = _write_ms(settings.path())
    said = f"{took_ms:.1f} ms per durable write in {settings.path()}"
    slow = took_ms >= _SLOW_WRITE_MS
    return Told("disk", not slow, f"{said}: each order waits for one; use a local SSD" if slow else said)


def look_at_room(settings: Settings) -> Told:
    """Tell whether there is room in the data folder for what comes, and for the copy that a backup makes."""
    folder, file = settings.path(), settings.path("desk.sqlite")
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    copied = file.stat().st_size if not settings.database_url and file.is_file() else 0
    said = f"{_gb(free)} free in {folder}"
    if free < max(_ROOM_LEAST_BYTES, copied):
        needed = f"{_gb(max(_ROOM_LEAST_BYTES, copied))} are needed, for a backup's copy too"
        return Told("room", False, f"{said}; {needed}: remove old files, or move data_dir to a larger disk")
    return Told(
        "room", True, f"{said}; PostgreSQL's disk is not seen from here" if settings.database_url else said
    )


def look_at_clock(settings: Settings) -> Told:
    """Tell whether this machine's clock agrees with the database's, and whether the kernel knows of anybody who keeps it right.

    Source: Linux, adjtimex(2): mode 0 only reads, and the state says whether it is synchronised.
    """
    wrong = _apart(settings) if settings.database_url else _against_events(settings)
    if wrong:
        return Told("clock", False, f"{wrong}: keep it right by chrony or systemd-timesyncd")
    try:
        state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    except (OSError, AttributeError):
        state = -1
    # No fault: the host of a virtual machine or of a container may keep it right.
    unkept = "the kernel knows of nobody who keeps it right: chrony or systemd-timesyncd does, where no host does it"
    return Told("clock", True, unkept if state == _TIME_ERROR else "agrees, as far as it can be told")


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
    unwell = [part for one in found.merchants for part in one.unwell()]
    if not unwell:
        return Told("parts", True, "stations, printers and sirens answer, as far as they have been asked")
    return Told("parts", False, f"{'; '.join(_cures(unwell))}; the problems page tells more")


def look_at_files(_settings: Settings) -> Told:
    """Tell whether the ticket's fonts and the pages' scripts are there."""
    missing = [name for name in _FILES if not (_ASSETS / name).is_file()]
    cure = "install Tocsin anew; in a checkout `bin/setup` fetches them"
    said = f"missing: {', '.join(missing)}: {cure}" if missing else "fonts and scripts are there"
    return Told("files", not missing, said)


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
    from tocsin.backup.sealed_file import require_passphrase
    from tocsin.backup.seen import is_late, read_seen, see_place, shares_disk

    try:
        require_passphrase(
            Path(settings.backup_passphrase_file).read_text("utf-8").partition("\n")[0].strip()
        )
        if not settings.key_path().is_file():
            return Told("backups", True, f"none yet in {settings.backup_to}: there is no desk yet")
        seen = see_place(settings, read_seen(settings))
    except OSError:
        return Told("backups", False, "set backup_passphrase_file to a file that can be read")
    except Refusal as refusal:
        return Told("backups", False, refusal.message())
    age = seen.age_seconds()
    said = (
        f"{'none yet' if age is None else f'the newest is {age // 3600} hours old'}, in {settings.backup_to}"
    )
    if seen.problem:
        return Told("backups", False, f"{said}; the last try failed: {seen.problem}")
    beside = ", on the same disk as the data folder: what takes the one takes the other"
    return Told("backups", not is_late(settings, seen), said + (beside if shares_disk(settings) else ""))


LOOKS: tuple[Callable[[Settings], Told], ...] = (
    look_at_engine, look_at_database, look_at_connections, look_at_standby, look_at_months, look_at_disk, look_at_room, look_at_clock,
    look_at_files, look_at_port, look_at_parts, look_at_backups,
)  # fmt: skip


def _write_ms(folder: Path) -> float:
    folder.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        for _ in range(10):
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
    return (time.perf_counter() - began) * 100


def _apart(settings: Settings) -> str:
    apart = apart_seconds(settings)
    return f"{apart:.1f} seconds from the database's" if apart > _CLOCKS_APART_SECONDS else ""


def _against_events(settings: Settings) -> str:
    """Return what is wrong with the clock, judged by when things happened at this desk; empty where nothing is."""
    file, now = settings.path("desk.sqlite"), now_us()
    if not file.is_file():
        return ""
    try:
        with closing(engine.connect(f"file:{file}?mode=ro", uri=True, timeout=10)) as connection:
            at = [row[0] for row in connection.execute(_NEWEST_EVENTS)][::-1]
    except engine.Error:  # it is being restored, or of a version before any event
        return ""
    if at and at[-1] > now + _BEHIND_US:
        return f"{_days(at[-1] - now)} days before what happened here last: it is behind, or was ahead"
    # One that was put right since goes behind what stood before it was ahead, or near it.
    ahead = next((b - a for a, b in pairwise([*at, now]) if min(b, now) - a > _YEAR_US), 0)
    return (
        f"nothing happened here for {_days(ahead)} days: if the desk was in use, it is ahead" if ahead else ""
    )


def _cures(unwell: list[Part]) -> Iterator[str]:
    by_cure = defaultdict[str, list[str]](list)
    for part in unwell:
        by_cure[_CURES.get(part.state, _CURE)].append(f"{part.name} ({part.state or 'never seen'})")
    for cure, names in by_cure.items():
        more = f" and {len(names) - _PARTS_SHOWN} more" if len(names) > _PARTS_SHOWN else ""
        yield f"{cure}: {', '.join(names[:_PARTS_SHOWN])}{more}"


def _days(us: int) -> int:
    return us // (24 * 3600 * SECOND_US)


def _gb(size: int) -> str:
    return f"{size / (1 << 30):.1f} GB"
