"""Backups by themselves: the desk makes one when the newest is old enough, keeps the newest, and says so where none comes.

A child process makes it: what it takes of memory is given back, and requests wait for nothing. Of several processes on
PostgreSQL one at a time does so. How old the newest is, the place itself says.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

import msgspec

from tocsin.alarm.incident import end_incident, raise_incident
from tocsin.alarm.record import find_open, open_incidents
from tocsin.core.db import DIRECTORY_SCOPE, Database, Tx
from tocsin.core.errors import Refusal
from tocsin.core.log import get_log
from tocsin.core.loop import Loop
from tocsin.core.tenant import list_merchants
from tocsin.settings import Settings

LATE = "backup_late"
LATE_TIMES = 2
_LOOK_SECONDS, _POLL_SECONDS, _END_SECONDS = 300.0, 0.5, 10.0
_HOUR_SECONDS = 3_600
_LOCK = "SELECT pg_try_advisory_lock(7180719)"
_log = get_log("backup")


def backup_loops(settings: Settings, db: Database, *, is_closing: Callable[[], bool]) -> list[Loop]:
    """Return the loop that makes backups, where the settings name a place."""
    if not settings.backup_to:
        return []
    return [
        Loop("backups", lambda: tend_backups(settings, db, is_closing=is_closing), idle_seconds=_LOOK_SECONDS)
    ]


def tend_backups(settings: Settings, db: Database, *, is_closing: Callable[[], bool] = lambda: False) -> int:
    """Make a backup if one is due; return 0: a failure is told, and tried again in minutes."""
    with _alone(db) as mine:
        if not mine:
            return 0
        try:
            age = newest_age_seconds(settings)
            if age is None or age >= settings.backup_hours * _HOUR_SECONDS:
                _make(settings, is_closing)
                age = newest_age_seconds(settings)
        except Refusal as refusal:
            _log.error("backup_failed", code=refusal.code, problem=refusal.message())
            age = None
        except Exception as fault:  # noqa: BLE001 - that none was made is told whatever kept it
            _log.error("backup_failed", exc_info=fault)
            age = None
        _tell(db, settings, age)
    return 0


def newest_age_seconds(settings: Settings) -> int | None:
    """Return how old the newest backup of this desk is; None where its place holds none.

    Raises:
        PlaceBroken: the place does not answer.
        KeyFileMissing, KeyFileWrong: the desk has no key yet, or another's.
    """
    from tocsin.backup.make import installation_mark
    from tocsin.backup.places import open_place

    found = open_place(settings.backup_to, settings).listed(installation_mark(settings))
    return int((datetime.now(UTC) - found[-1].made_at()).total_seconds()) if found else None


def is_late(settings: Settings, age_seconds: int | None) -> bool:
    """Tell whether there should have been a backup long ago."""
    return age_seconds is None or age_seconds >= LATE_TIMES * settings.backup_hours * _HOUR_SECONDS


def _make(settings: Settings, is_closing: Callable[[], bool]) -> None:
    given = msgspec.structs.asdict(settings)
    environment = {**os.environ, **{f"TOCSIN_{name.upper()}": str(value) for name, value in given.items()}}
    words = [sys.executable, "-m", "tocsin", "backup", "--keep", str(settings.backup_keep)]
    with subprocess.Popen(
        words, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:  # fmt: skip
        while True:
            try:
                said, _ = process.communicate(timeout=_POLL_SECONDS)
            except subprocess.TimeoutExpired:
                if is_closing():
                    process.terminate()
                    with suppress(subprocess.TimeoutExpired):
                        process.wait(_END_SECONDS)
                    process.kill()
                    return
            else:
                break
    made = process.returncode == 0
    (_log.info if made else _log.error)("backup_made" if made else "backup_failed", said=said[-500:].strip())


def _tell(db: Database, settings: Settings, age_seconds: int | None) -> None:
    """Let the first merchant, whose people run the desk, see that none was made for long; it ends with the next."""
    late = is_late(settings, age_seconds)
    for merchant in db.read(DIRECTORY_SCOPE, list_merchants)[:1]:
        told = any(one.key == LATE for one in db.read(merchant.id, open_incidents))
        if late != told:
            db.write(merchant.id, lambda tx: _raise(tx, settings) if late else _end(tx))


def _raise(tx: Tx, settings: Settings) -> None:
    told = {"hours": LATE_TIMES * settings.backup_hours}
    raise_incident(tx, kind=LATE, key=LATE, level="light", why=LATE, why_data=told, alert=False)


def _end(tx: Tx) -> None:
    present = find_open(tx, key=LATE)
    if present is not None:
        end_incident(tx, None, present, outcome="back")


@contextmanager
def _alone(db: Database) -> Iterator[bool]:
    """Keep other processes from making one at the same time; False where one does."""
    connection = db.connect_alone()
    if connection is None:
        yield True
        return
    try:
        yield bool(connection.execute(_LOCK).fetchone()[0])
    finally:
        connection.close()
