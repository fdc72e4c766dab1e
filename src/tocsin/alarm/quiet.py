"""Quiet: what stood before a desk was restored, and goes on no more, makes neither light nor sound, and no drill begins, until somebody has cleared that it was."""

from collections.abc import Sequence

from tocsin.alarm.incident import RESTORED
from tocsin.alarm.record import Incident, open_incidents
from tocsin.core.db import Tx


def waits_for_a_word(tx: Tx) -> bool:
    """Tell whether the desk was restored and nobody has said yet that all was looked at."""
    return any(one.kind == RESTORED for one in open_incidents(tx))


def without_the_restored(found: Sequence[Incident]) -> list[Incident]:
    """Return the open incidents that devices are to tell of: of a restored desk those that came since, or to which something came."""
    restored = max((one for one in found if one.kind == RESTORED), key=lambda one: one.id, default=None)
    return [one for one in found if restored is None or _goes_on(one, restored)]


def _goes_on(one: Incident, restored: Incident) -> bool:
    # An attack that stood in the backup is the one that all further guesses join: its id is older than they are.
    return one.id > restored.id or max(one.last_at_us, one.sounded_at_us or 0) > restored.raised_at_us
