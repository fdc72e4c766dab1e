"""Periods of business days: today by hour, some days by day, and which of them an instant falls into.

Statements count by units of UTC, an hour where the zone is whole hours off it and else a quarter (every zone of
today is whole quarters off): so one aggregate serves any zone, and a day that has 23 or 25 hours.
"""

from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.clock import DAY_US, MINUTE_US, business_day, from_datetime, to_datetime
from tocsin.core.statement import bind

DAYS = {"today": 1, "week": 7, "month": 30}
_QUARTER_US, _HOUR_US = 15 * MINUTE_US, 60 * MINUTE_US


class Period(Struct, frozen=True, kw_only=True):
    """Business days in a row; `slots` are its hours (of one day) or its days, `places` says which slot a unit is in."""

    kind: str
    from_us: int
    to_us: int
    unit_us: int
    first: date
    last: date
    slots: tuple[str, ...]
    places: dict[int, int]

    @property
    def hourly(self) -> bool:
        """Tell that its slots are hours."""
        return self.kind == "today"

    @property
    def hours(self) -> range:
        """Return its hours of UTC since 1970."""
        return range(self.from_us // _HOUR_US, self.to_us // _HOUR_US)

    @property
    def whole_hours(self) -> bool:
        """Tell that its days begin and end with an hour of UTC."""
        return self.unit_us == _HOUR_US

    def slot_of(self, unit: int) -> int:
        """Return the place of the slot of a unit within the period."""
        return self.places[unit]


def make_period(kind: str, *, now_us: int, zone: str, starts_at_hour: int = 0) -> Period:
    """Return a period that ends with the present business day; an unknown kind is today."""
    known = kind if kind in DAYS else "today"
    return _period(known, business_day(now_us, zone, starts_at_hour=starts_at_hour), zone, starts_at_hour)


def business_day_starts_us(day: date, zone: str, *, starts_at_hour: int = 0) -> int:
    """Return the instant where a shop's business day begins."""
    return from_datetime(datetime(day.year, day.month, day.day, starts_at_hour, tzinfo=ZoneInfo(zone)))


def unit_of(column: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    """Return the unit that an instant in microseconds is in; its length is the bind `unit_us`."""
    return column // bind("unit_us")


@lru_cache(maxsize=64)
def _period(kind: str, last: date, zone: str, starts_at_hour: int) -> Period:
    first = last - timedelta(days=DAYS[kind] - 1)
    from_us = business_day_starts_us(first, zone, starts_at_hour=starts_at_hour)
    to_us = business_day_starts_us(last + timedelta(days=1), zone, starts_at_hour=starts_at_hour)
    unit_us = _unit_us(from_us, to_us, zone)
    found: dict[object, int] = {}
    slots, places = list[str](), dict[int, int]()
    for unit in range(from_us // unit_us, -(-to_us // unit_us)):
        moment = to_datetime(unit * unit_us, zone)
        day = business_day(unit * unit_us, zone, starts_at_hour=starts_at_hour)
        key = (moment.date(), moment.hour, moment.utcoffset()) if kind == "today" else day
        if key not in found:
            found[key] = len(slots)
            slots.append(_name(moment, slots) if kind == "today" else day.isoformat())
        places[unit] = found[key]
    return Period(
        kind=kind, from_us=from_us, to_us=to_us, unit_us=unit_us, first=first, last=last, slots=tuple(slots), places=places
    )  # fmt: skip


def _unit_us(from_us: int, to_us: int, zone: str) -> int:
    """Return an hour, or a quarter of one where a day of the period begins or ends off the hours of UTC."""
    offsets = {to_datetime(at, zone).utcoffset() for at in (*range(from_us, to_us, DAY_US), to_us)}
    whole = all(offset is not None and offset % timedelta(hours=1) == timedelta() for offset in offsets)
    return _HOUR_US if whole else _QUARTER_US


def _name(moment: datetime, taken: list[str]) -> str:
    """Return what an hour is called; one that comes twice, when the clock is set back, tells its offset."""
    name = f"{moment:%H:00}"
    return name if name not in taken else f"{moment:%H:00 %z}"
