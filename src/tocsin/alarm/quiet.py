"""Quiet: what stood before a desk was restored makes neither light nor sound, and no drill begins, until somebody has cleared that it was."""

from collections.abc import Sequence

from tocsin.alarm.incident import RESTORED
from tocsin.alarm.record import Incident, open_incidents
from tocsin.core.db import Tx


def waits_for_a_word(tx: Tx) -> bool:
    """Tell whether the desk was restored and nobody has said yet that all was looked at."""
    return any(one.kind == RESTORED for one in open_incidents(tx))


def without_the_restored(found: Sequence[Incident]) -> list[Incident]:
    """Return the open incidents that devices are to tell of: of a restored desk those alone that came since."""
    restored = max((one.id for one in found if one.kind == RESTORED), default=0)
    return [one for one in found if one.id > restored]
