"""Backups by themselves: the desk makes one when the newest is old enough, keeps the newest, and says so where none comes.

A child process makes it: what it takes of memory is given back, and requests wait for nothing. Of several processes on
PostgreSQL one at a time does so. How old the newest is, the place itself says.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import msgspec
from msgspec.structs import replace

from tocsin.alarm.incident import end_incident, list_incidents, raise_incident
from tocsin.alarm.record import find_open, open_incidents, store_incident
from tocsin.backup.seen import LATE_TIMES, Seen, is_due, is_late, keep_seen, read_seen, see_place
from tocsin.core.actor import desk_actor
from tocsin.core.clock import MINUTE_US
from tocsin.core.db import DIRECTORY_SCOPE, Database, Tx
from tocsin.core.errors import Refusal
from tocsin.core.log import get_log
from tocsin.core.loop import Loop
from tocsin.core.tenant import list_merchants
from tocsin.settings import Settings

LATE, FAILED, _BACK = "backup_late", "backup_failed", "back"
_LOOK_SECONDS, _POLL_SECONDS, _END_SECONDS = 300.0, 0.5, 10.0
_PROBLEM_MOST = 300
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
    """Make a backup if one is due; return 0: a failure is kept and told, and tried again in minutes."""
    with _alone(db) as mine:
        if not mine:
            return 0
        seen = read_seen(settings)
        try:
            seen = _make_due(settings, seen, is_closing)
        except Refusal as refusal:
            _log.error("backup_failed", code=refusal.code, problem=refusal.message())
            seen = replace(seen, problem=refusal.message())
        except Exception as fault:  # noqa: BLE001 - that none was made is told whatever kept it
            _log.error("backup_failed", exc_info=fault)
            seen = replace(seen, problem=f"{type(fault).__name__}: {fault}"[:_PROBLEM_MOST])
        _tell(db, settings, seen)
        keep_seen(settings, seen)  # last: a disk that is full keeps nobody from being told
    return 0


def _make_due(settings: Settings, seen: Seen, is_closing: Callable[[], bool]) -> Seen:
    seen = replace(see_place(settings, seen), problem="")
    if not is_due(settings, seen):
        return seen
    problem = _make(settings, is_closing)
    return replace(see_place(settings, seen), problem=problem)


def _make(settings: Settings, is_closing: Callable[[], bool]) -> str:
    """Let a child process make one; return why it could not, nothing where it could or was ended."""
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
                    return ""
            else:
                break
    if process.returncode == 0:
        _log.info("backup_made", said=said[-500:].strip())
        return ""
    _log.error("backup_failed", said=said[-500:].strip())
    # The last line says it, of a refusal and of a traceback.
    return (said.strip() or f"it ended with {process.returncode}").splitlines()[-1][:_PROBLEM_MOST]


def _tell(db: Database, settings: Settings, seen: Seen) -> None:
    """Let the first merchant, whose people run the desk, see that none was made for long, and why; it ends with the next."""
    late = is_late(settings, seen)
    for merchant in db.read(DIRECTORY_SCOPE, list_merchants)[:1]:
        told = [one for one in db.read(merchant.id, open_incidents) if one.key == LATE]
        if late and not any(one.why_fields().get("problem", "") == seen.problem for one in told):
            db.write(merchant.id, lambda tx: _raise(tx, settings, seen.problem))
        elif told and not late:
            db.write(merchant.id, _end)


def _raise(tx: Tx, settings: Settings, problem: str) -> None:
    if find_open(tx, key=LATE) is None and _came_lately(tx, settings):
        return
    why, data = FAILED if problem else LATE, {"hours": LATE_TIMES * settings.backup_hours, "problem": problem}
    raise_incident(tx, kind=LATE, key=LATE, level="light", why=why, why_data=data, alert=False)
    present = find_open(tx, key=LATE)
    if present is not None:  # the newest reason is the one to look after
        store_incident(tx, replace(present, why=why, why_data=msgspec.json.encode(data).decode()))


def _came_lately(tx: Tx, settings: Settings) -> bool:
    """Tell whether the last incident ended by a backup not long ago: of several machines one may reach what this one does not."""
    since_us = tx.now_us - LATE_TIMES * settings.backup_hours * 60 * MINUTE_US
    newest = next((one for one in list_incidents(tx, desk_actor(tx.merchant_id)) if one.key == LATE), None)
    return newest is not None and newest.outcome == _BACK and (newest.cleared_at_us or 0) > since_us


def _end(tx: Tx) -> None:
    present = find_open(tx, key=LATE)
    if present is not None:
        end_incident(tx, None, present, outcome=_BACK)


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
