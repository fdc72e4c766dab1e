"""Working hours of an operator: for each weekday from when to when, on the clock of his shop."""

import re
from functools import lru_cache

import msgspec
from msgspec import Struct

from tocsin.core.clock import to_datetime
from tocsin.core.errors import Refusal

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES = 24 * 60
_CLOCK = re.compile(r"([01]\d|2[0-4]):([0-5]\d)", re.ASCII)


class HoursWrong(Refusal):
    """The hours of a day ({day}) can't be read: write both as 08:00 and 17:30, or leave both empty"""

    kind, code = "invalid", "hours_wrong"


class Span(Struct, frozen=True, array_like=True):
    """Minutes of a day: from `begin` to before `end`; an `end` that is not later is one of the next day."""

    begin: int
    end: int


class Hours(Struct, frozen=True, array_like=True):
    """A span for each weekday, Monday first; None: not on that day."""

    mon: Span | None = None
    tue: Span | None = None
    wed: Span | None = None
    thu: Span | None = None
    fri: Span | None = None
    sat: Span | None = None
    sun: Span | None = None

    def of_day(self, weekday: int) -> Span | None:
        """Return the span that begins on a weekday, Monday is 0."""
        found: Span | None = getattr(self, DAYS[weekday % 7])
        return found


def read_hours(given: dict[str, tuple[str, str]]) -> str:
    """Return hours as they are stored, from the texts of both ends of each day; empty where no day has any.

    Raises:
        HoursWrong: a day has one end alone, or what is no time.
    """
    spans = {day: _span(day, given.get(day, ("", ""))) for day in DAYS}
    return msgspec.json.encode(Hours(**spans)).decode() if any(spans.values()) else ""


def show_hours(stored: str) -> dict[str, tuple[str, str]]:
    """Return the texts of both ends of each day, as a form shows them."""
    hours = _decode(stored) if stored else Hours()
    found = {day: hours.of_day(number) for number, day in enumerate(DAYS)}
    return {day: (_clock(span.begin), _clock(span.end)) if span else ("", "") for day, span in found.items()}


def within_hours(stored: str, *, zone: str, now_us: int) -> bool:
    """Tell whether an instant is within stored hours, by the wall clock of a zone; without hours it always is.

    A night that loses or repeats an hour is as long as the wall clock says: what counts is what it shows.
    """
    if not stored:
        return True
    local = to_datetime(now_us, zone)
    minute, hours = local.hour * 60 + local.minute, _decode(stored)
    today, before = hours.of_day(local.weekday()), hours.of_day(local.weekday() - 1)
    if today and today.begin <= minute and (minute < today.end or today.end <= today.begin):
        return True
    return before is not None and before.end <= before.begin and minute < before.end


@lru_cache(maxsize=1024)
def _decode(stored: str) -> Hours:
    return msgspec.json.decode(stored, type=Hours)


def _span(day: str, ends: tuple[str, str]) -> Span | None:
    if not any(ends):
        return None
    begin, end = (_minutes(day, text) for text in ends)
    if begin >= DAY_MINUTES:
        raise HoursWrong(day=day)
    return Span(begin, end)


def _minutes(day: str, text: str) -> int:
    found = _CLOCK.fullmatch(text)
    minutes = int(found[1]) * 60 + int(found[2]) if found else DAY_MINUTES + 1
    if minutes > DAY_MINUTES:
        raise HoursWrong(day=day)
    return minutes


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
