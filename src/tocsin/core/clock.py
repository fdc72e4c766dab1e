"""The clock: UTC microseconds everywhere inside, aware datetimes and shop days at the edges."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
DAY_US = 24 * 60 * MINUTE_US

# Counts on while the machine sleeps, and nobody can set it.
_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
_begun_us = (time.time_ns() - time.clock_gettime_ns(_STEADY)) // 1000
_shift_us = _passed_us = 0
_told = threading.local()


def now_us() -> int:
    """Return the present instant in UTC microseconds since 1970."""
    return getattr(_told, "us", 0) or time.time_ns() // 1000 + _shift_us + _passed_us


@contextmanager
def stood_at(instant_us: int) -> Iterator[None]:
    """Let the wall clock of this thread alone stand at an instant: what is made up of the past is dated by it."""
    before, _told.us = getattr(_told, "us", 0), instant_us
    try:
        yield
    finally:
        _told.us = before


def steady_us() -> int:
    """Return the wall clock of the process's start plus what has passed since: who sets the clock does not move it.

    What must last as long as it says (the locks of the limiter) is measured with it, never shown.
    """
    return time.clock_gettime_ns(_STEADY) // 1000 + _begun_us + _passed_us


def shift_clock(microseconds: int) -> None:
    """Set this process's wall clock so many microseconds off the true one, as a person would (for tests and proofs)."""
    global _shift_us
    _shift_us = microseconds


def pass_time(microseconds: int) -> None:
    """Let so much time have passed since the true one, on both clocks; 0 puts it back (for tests and proofs)."""
    global _passed_us
    _passed_us = microseconds


def to_datetime(instant_us: int, zone: str = "UTC") -> datetime:
    """Return an instant as an aware datetime in a zone; beyond the years 1 to 9999, the nearest that there is."""
    within = min(max(instant_us, _FIRST_US), _LAST_US)
    return (_EPOCH + timedelta(microseconds=within)).astimezone(ZoneInfo(zone))


def to_utc(instant_us: int) -> datetime:
    """Return an instant as a datetime in UTC, as `to_datetime` does."""
    return _EPOCH + timedelta(microseconds=min(max(instant_us, _FIRST_US), _LAST_US))


def from_datetime(moment: datetime) -> int:
    """Return an aware datetime as UTC microseconds."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Some days from either end of the calendar: a zone and the hour where a day starts move an instant further.
_FIRST_DAY, _LAST_DAY = date(1, 1, 4), date(9999, 12, 28)
_FIRST_US = from_datetime(datetime(1, 1, 4, tzinfo=UTC))
_LAST_US = from_datetime(datetime(9999, 12, 28, tzinfo=UTC))


def business_day(instant_us: int, zone: str, *, starts_at_hour: int = 0) -> date:
    """Return the shop's business day of an instant; before `starts_at_hour` it is still yesterday."""
    # on the wall: a day begins when the clock shows that hour, however long the night was
    return (to_datetime(instant_us, zone) - timedelta(hours=starts_at_hour)).date()


def day_bounds_us(day: date, zone: str) -> tuple[int, int]:
    """Return the instants where a local day begins and where the next begins."""
    within = min(max(day, _FIRST_DAY), _LAST_DAY)
    start, after = (
        datetime(each.year, each.month, each.day, tzinfo=ZoneInfo(zone))
        for each in (within, within + timedelta(days=1))
    )
    return from_datetime(start), from_datetime(after)
