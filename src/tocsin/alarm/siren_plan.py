"""What each siren is to do now: what the incidents ask for, the shop's hours, and who stands in for whom."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from tocsin.alarm.hours import SirenHours, closed_since, read_hours
from tocsin.alarm.incident import DRILL
from tocsin.alarm.quiet import without_the_restored
from tocsin.alarm.record import Incident, open_incidents
from tocsin.alarm.rules import read_alarm_rules
from tocsin.alarm.siren import OFF, Abilities, Pattern
from tocsin.alarm.siren_row import SirenRow, list_sirens
from tocsin.core.clock import SECOND_US
from tocsin.core.db import Tx
from tocsin.core.tenant import get_shop

# The device's timer is the net below the desk's own: it is a little longer.
_NET_SECONDS = 5


class Situation(Struct, frozen=True):
    """What is read in one transaction: the sirens, what is open, and how the shop stands.

    Args:
        seconds: longest sound at a time, as the device's own timer is to have it.
        closed_us: since when the shop is closed; None: it is open.
    """

    now_us: int
    rows: list[SirenRow]
    open: list[Incident]
    seconds: int
    hours: SirenHours
    closed_us: int | None


class Wish(Struct, frozen=True):
    """What is wanted of all sirens.

    Args:
        incident_id: the one to name; since_us: when it asked for this.
        next_us: when this changes by itself; 0: it does not.
    """

    light: bool = False
    sound: bool = False
    incident_id: int = 0
    since_us: int = 0
    next_us: int = 0


class Standing(Struct, frozen=True):
    """One siren as it stands: whether it is a backup, what it can do, and whether it fails."""

    siren_id: int
    backup: bool
    can: Abilities
    failing: bool


class Share(Struct, frozen=True):
    """What one siren is to do, and for which other it stands in."""

    pattern: Pattern
    instead_of: int = 0


def read_situation(tx: Tx) -> Situation:
    """Return how things stand; without sirens nothing else is read."""
    rows = list_sirens(tx)
    found = without_the_restored(open_incidents(tx)) if rows else []
    seconds = read_alarm_rules(tx).sound_seconds + _NET_SECONDS if rows else 0
    hours, closed_us = SirenHours(), None
    if any(one.level == "sound" for one in found):
        hours = read_hours(tx)
        closed_us = closed_since(hours, tx.now_us, get_shop(tx).zone)
    return Situation(tx.now_us, rows, found, seconds, hours, closed_us)


def wish_of(seen: Situation, *, spent_us: int) -> Wish:
    """Return what is wanted now.

    While the shop is closed its people were called first: sound begins after the delay, unless one of them
    has it by then, and ends when the night's budget is spent.

    Args:
        spent_us: how long it has sounded since the shop closed.
    """
    if not seen.open:
        return Wish()
    closed, delays = seen.closed_us is not None, {one.id: _delay_us(seen, one) for one in seen.open}
    loud = [one for one in seen.open if _asks_for_noise(one, seen.now_us - delays[one.id], closed=closed)]
    left_us = seen.hours.closed_budget_seconds * SECOND_US - spent_us
    if not loud or (closed and left_us <= 0):
        return Wish(True, False, seen.open[0].id, seen.open[0].raised_at_us)
    until_us = max(one.sound_until_us + delays[one.id] for one in loud)
    since_us = (loud[0].sounded_at_us or loud[0].raised_at_us) + delays[loud[0].id]
    return Wish(
        True, True, loud[0].id, since_us, min(until_us, seen.now_us + left_us) if closed else until_us
    )


def _delay_us(seen: Situation, one: Incident) -> int:
    """Who drills wants to hear it."""
    return 0 if seen.closed_us is None or one.kind == DRILL else seen.hours.closed_delay_seconds * SECOND_US


def _asks_for_noise(one: Incident, then_us: int, *, closed: bool) -> bool:
    since_us = one.sounded_at_us or 0
    is_had = one.acknowledged_at_us is not None and one.acknowledged_at_us >= since_us
    return one.sounds(then_us) and since_us <= then_us and not (closed and is_had)


def share_out(standings: Sequence[Standing], wanted: Pattern) -> Mapping[int, Share]:
    """Return what each siren is to do: each that can, and for each that fails the next backup that does not.

    A backup that fails goes on being asked, beside the one after it.
    """
    shares, missing = dict[int, Share](), list[int]()
    for one in standings:
        if not one.backup:
            shares[one.siren_id] = Share(one.can.possible(wanted))
            missing += [one.siren_id] if one.failing and shares[one.siren_id].pattern.on else []
    for one in standings:
        if one.backup:
            pattern = one.can.possible(wanted)
            needed = bool(missing) and pattern.on
            shares[one.siren_id] = Share(pattern, missing[0]) if needed else Share(OFF)
            if needed and not one.failing:
                missing.pop(0)
    return shares
