"""When the demo's orders come: nights are quiet, evenings busy, weekends more so, and a flash sale is a spike."""

from datetime import date
from random import Random

from tocsin.core.clock import DAY_US, SECOND_US, day_bounds_us, from_datetime, to_datetime

ZONE = "Asia/Shanghai"
DAYS = 30
_BY_HOUR = (2, 1, 0.5, 0.3, 0.3, 0.6, 1.5, 3, 5, 7, 8, 7, 8, 6, 5, 5, 6, 6, 8, 11, 14, 13, 9, 5)
_SATURDAY = 5
OPENS, SHUTS = 8, 22
"""The hours of the shop's day: what comes at night is printed in the morning."""


def seeded(*parts: object) -> Random:
    """Return the chance of one thing: the same each time it is asked for by the same name."""
    return Random(":".join(map(str, parts)))


def instants_of(day: date, *, many: int) -> list[int]:
    """Return when a day's orders are placed, the earliest first; `many` is of a working day."""
    chance, (begins_us, _) = seeded("rhythm", day), day_bounds_us(day, ZONE)
    weekend = 1.35 if day.weekday() >= _SATURDAY else 1.0
    placed = round(many * weekend * chance.uniform(0.85, 1.15))
    hours = chance.choices(range(24), weights=_BY_HOUR, k=placed)
    return sorted(begins_us + (hour * 3600 + chance.randrange(3600)) * SECOND_US for hour in hours)


def spike(day: date, *, hour: int, many: int, minutes: int = 25) -> list[int]:
    """Return when the orders of a flash sale are placed: most of them as it begins."""
    chance, (begins_us, _) = seeded("spike", day), day_bounds_us(day, ZONE)
    spread = sorted(min(chance.expovariate(1 / (minutes * 12)), minutes * 60.0) for _ in range(many))
    return [begins_us + hour * 3600 * SECOND_US + round(each * SECOND_US) for each in spread]


def hour_of(instant_us: int) -> int:
    """Return the hour in the shop."""
    return to_datetime(instant_us, ZONE).hour


def open_at(instant_us: int) -> int:
    """Return the instant, or the next at which the shop is open."""
    there = to_datetime(instant_us, ZONE)
    if OPENS <= there.hour < SHUTS:
        return instant_us
    opens_us = from_datetime(there.replace(hour=OPENS, minute=2, second=0, microsecond=0))
    return opens_us if there.hour < OPENS else opens_us + DAY_US
