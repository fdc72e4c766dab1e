"""When the shop is open, and what holds for sirens while it is closed: people are called first, noise is rationed."""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from tocsin.core.actor import Actor
from tocsin.core.clock import SECOND_US, day_bounds_us, from_datetime, to_datetime
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.preference import change_preference, preference_revision, read_preference

BOX = "sirens"
CLOSED = "closed"
DELAY_MOST_SECONDS, BUDGET_MOST_SECONDS = 3600, 3600
_SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
_LOOK_BACK_DAYS = 8
_KEEP_US = 5 * SECOND_US


class SirenHours(Struct, frozen=True, kw_only=True):
    """What a merchant chooses for his sirens.

    Args:
        open: for each weekday from Monday: `09:00-21:30`, which may end after midnight; empty: all day; `closed`.
        closed_delay_seconds: when closed, sound begins so long after the people were called.
        closed_budget_seconds: when closed, so much sound from closing to opening.
    """

    open: tuple[str, ...] = ("",) * 7
    closed_delay_seconds: int = 60
    closed_budget_seconds: int = 300


class SirenHoursWrong(Refusal):
    """The sirens' hours can't be set so ({field}): {problem}"""

    kind, code = "invalid", "siren_hours_wrong"


def read_hours(tx: Tx) -> SirenHours:
    """Return what the merchant chose, else always open."""
    return read_preference(tx, SirenHours, box=BOX)


def hours_revision(tx: Tx) -> int:
    """Return the revision that a change is made against."""
    return preference_revision(tx, box=BOX)


def change_hours(tx: Tx, actor: Actor, *, chosen: SirenHours, revision: int) -> int:
    """Store a choice against the revision that was seen; return the new revision.

    Raises:
        SirenHoursWrong: which value can't be, and why.
        NotAllowed, PreferenceMoved
    """
    if len(chosen.open) != 7:
        raise SirenHoursWrong(field="open_0", problem="seven days, from Monday")
    for day, text in enumerate(chosen.open):
        if text not in ("", CLOSED) and not _SPAN.fullmatch(text):
            raise SirenHoursWrong(field=f"open_{day}", problem="hours are written as 09:00-21:30")
    for field, most in (("closed_delay_seconds", DELAY_MOST_SECONDS), ("closed_budget_seconds", BUDGET_MOST_SECONDS)):  # fmt: skip
        if not 0 <= getattr(chosen, field) <= most:
            raise SirenHoursWrong(field=field, problem="a number of seconds from 0 to 3600")
    return change_preference(tx, actor, chosen, box=BOX, revision=revision)


def closed_since(hours: SirenHours, now_us: int, zone: str) -> int | None:
    """Return when the shop closed, None while it is open; one that never opens closed a week ago."""
    today, ended_us = to_datetime(now_us, zone).date(), 0
    for start_us, end_us in _spans(hours, today, zone):
        if start_us <= now_us < end_us:
            return None
        if end_us <= now_us:
            ended_us = max(ended_us, end_us)
    return ended_us or day_bounds_us(today - timedelta(days=_LOOK_BACK_DAYS), zone)[0]


class Night:
    """How long it has sounded since the shop closed; what was kept of it outlives a restart."""

    def __init__(self) -> None:
        self._closed_us, self._spent_us, self._kept_us, self._last_us = 0, 0, 0, 0

    def count(self, closed_us: int | None, now_us: int, *, sounds: bool, kept: Mapping[int, int]) -> int:
        """Count on to this moment; return how many microseconds it was.

        Args:
            closed_us: since when the shop is closed, None while it is open.
            kept: what was kept, by the time of closing.
        """
        if closed_us is None:
            self._last_us = 0
            return 0
        if closed_us != self._closed_us:
            self._closed_us, self._spent_us, self._last_us = closed_us, kept.get(closed_us, 0), 0
            self._kept_us = self._spent_us
        if self._last_us:
            self._spent_us += max(0, now_us - self._last_us)
        self._last_us = now_us if sounds else 0
        return self._spent_us

    def unkept(self, *, sounds: bool) -> tuple[int, int] | None:
        """Return (closed, spent) where it is to be kept: after each few seconds of noise, and at its end."""
        new_us = self._spent_us - self._kept_us
        return (self._closed_us, self._spent_us) if new_us >= (_KEEP_US if sounds else 1) else None

    def keep(self) -> None:
        """Note that it was kept."""
        self._kept_us = self._spent_us


def _spans(hours: SirenHours, today: date, zone: str) -> Iterator[tuple[int, int]]:
    for back in range(_LOOK_BACK_DAYS, -1, -1):
        day = today - timedelta(days=back)
        text = hours.open[day.weekday()]
        if text == CLOSED:
            continue
        start_us, end_us = day_bounds_us(day, zone)
        if span := _SPAN.fullmatch(text):
            opens, closes = f"{span[1]}:{span[2]}", f"{span[3]}:{span[4]}"
            start_us = _at(day, opens, zone)
            end_us = _at(day if closes > opens else day + timedelta(days=1), closes, zone)
        yield start_us, end_us


def _at(day: date, clock: str, zone: str) -> int:
    return from_datetime(datetime.fromisoformat(f"{day.isoformat()}T{clock}").replace(tzinfo=ZoneInfo(zone)))
