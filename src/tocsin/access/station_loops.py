"""What the desk does about stations in the background: it misses silent ones, ends attempts, sweeps."""

from tocsin.access.finger_record import expire_attempts, has_overdue, sweep_finger_attempts
from tocsin.access.presence import Presence
from tocsin.core.db import Database
from tocsin.core.loop import Loop, for_each_merchant

_LOOK_SECONDS, _DAY_SECONDS = 5.0, 86_400.0


def station_loops(db: Database) -> list[Loop]:
    """Return the loops of stations, not yet started; silence counts from now on."""
    presence = Presence(db)
    return [
        Loop("stations", lambda: presence.watch() + _end_attempts(db), idle_seconds=_LOOK_SECONDS),
        Loop("station rows", lambda: presence.sweep() + _sweep(db), idle_seconds=_DAY_SECONDS),
    ]


def _end_attempts(db: Database) -> int:
    return for_each_merchant(
        db, lambda each: db.write(each, expire_attempts) if db.read(each, has_overdue) else 0
    )


def _sweep(db: Database) -> int:
    return for_each_merchant(db, lambda each: db.write(each, sweep_finger_attempts))
