"""What the desk has seen of its backups: where one lay, how new the newest was, and why none came of the last try.

It lies beside the database, not in it: a restored desk has seen nothing yet. A folder whose disk is not mounted looks like
one that is empty, and what is written there lies on the disk of the system; so a backup by itself goes only where one lies
already, or where none ever lay.
"""

from pathlib import Path

import msgspec
from msgspec import Struct

from tocsin.backup.places import open_place
from tocsin.core.clock import SECOND_US, from_datetime, now_us
from tocsin.core.durable import write_private
from tocsin.core.errors import Refusal
from tocsin.settings import Settings

NAME = "backups.json"
LATE_TIMES = 2
_HOUR_SECONDS = 3_600


class PlaceAway(Refusal):
    """{place} holds no backup of this desk any more: mount its disk, or put the first one on a new disk by `tocsin backup {place}`"""

    kind, code = "broken", "place_away"


class Seen(Struct, frozen=True):
    """What was seen.

    Args:
        place: where a backup of this desk lay; empty before the first.
        newest_us: when the newest was made, 0 where there is none.
        problem: why the last look, or the last try, failed; empty where it did not.
    """

    place: str = ""
    newest_us: int = 0
    problem: str = ""

    def age_seconds(self) -> int | None:
        """Return how old the newest is, None where there is none."""
        return (now_us() - self.newest_us) // SECOND_US if self.newest_us else None


def read_seen(settings: Settings) -> Seen:
    """Return what this data folder's desk has seen; a file that can't be read is none."""
    try:
        return msgspec.json.decode(settings.path(NAME).read_bytes(), type=Seen)
    except (FileNotFoundError, msgspec.DecodeError):
        return Seen()


def keep_seen(settings: Settings, seen: Seen) -> None:
    """Keep what was seen.

    Raises:
        OSError: the disk can't.
    """
    if seen != read_seen(settings):
        write_private(settings.path(NAME), msgspec.json.encode(seen))


def see_place(settings: Settings, seen: Seen) -> Seen:
    """Look what lies in the place of the backups now.

    Raises:
        PlaceAway: it is a folder in which a backup lay, and none does.
        PlaceBroken: the place does not answer.
        KeyFileMissing, KeyFileWrong: the desk has no key yet, or another's.
    """
    from tocsin.backup.make import installation_mark

    place = open_place(settings.backup_to, settings)
    found = place.listed(installation_mark(settings))
    if found:
        return Seen(settings.backup_to, from_datetime(found[-1].made_at()), seen.problem)
    if place.may_be_away and seen.place == settings.backup_to:
        raise PlaceAway(place=settings.backup_to)
    return Seen(seen.place, 0, seen.problem)


def shares_disk(settings: Settings) -> bool:
    """Tell whether the place is a folder on the disk of the data folder."""
    if not open_place(settings.backup_to, settings).may_be_away:
        return False
    place, data = Path(settings.backup_to), settings.path()
    return place.exists() and data.exists() and place.stat().st_dev == data.stat().st_dev


def is_due(settings: Settings, seen: Seen) -> bool:
    """Tell whether it is time for one."""
    return _is_older(seen, hours=settings.backup_hours)


def is_late(settings: Settings, seen: Seen) -> bool:
    """Tell whether there should have been one long ago."""
    return _is_older(seen, hours=LATE_TIMES * settings.backup_hours)


def _is_older(seen: Seen, *, hours: int) -> bool:
    age = seen.age_seconds()
    return age is None or age >= hours * _HOUR_SECONDS
