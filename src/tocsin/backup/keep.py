"""Which backups are kept: the newest of an installation; what others made in the same place is theirs."""

from tocsin.backup.make import installation_mark
from tocsin.backup.place import Place
from tocsin.settings import Settings


def keep_newest(settings: Settings, place: Place, count: int) -> list[str]:
    """Remove this installation's backups but the newest; return the names of those removed."""
    old = [one.name for one in place.listed(installation_mark(settings))[:-count]]
    for name in old:
        place.remove(name)
    return old
