"""What the desk does about stations in the background: it misses silent ones, ends attempts, sweeps."""

from tocsin.access.finger_record import expire_attempts, has_overdue, sweep_finger_attempts
from tocsin.access.presence import Presence
from tocsin.core.db import DIRECTORY_SCOPE, Database
from tocsin.core.loop import Loop
from tocsin.core.tenant import list_merchants

_LOOK_SECONDS, _DAY_SECONDS = 5.0, 86_400.0


def station_loops(db: Database) -> list[Loop]:
    """Return the loops of stations, not yet started; silence counts from now on."""
    presence = Presence(db)
    return [
        Loop("stations", lambda: presence.watch() + _end_attempts(db), idle_seconds=_LOOK_SECONDS),
        Loop("station rows", lambda: presence.sweep() + _sweep(db), idle_seconds=_DAY_SECONDS),
    ]


def _end_attempts(db: Database) -> int:
    merchants = db.read(DIRECTORY_SCOPE, list_merchants)
    return sum(
        db.write(merchant.id, expire_attempts) for merchant in merchants if db.read(merchant.id, has_overdue)
    )


def _sweep(db: Database) -> int:
    return sum(
        db.write(merchant.id, sweep_finger_attempts) for merchant in db.read(DIRECTORY_SCOPE, list_merchants)
    )
