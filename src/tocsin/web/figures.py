"""Figures as a reader's language writes them: instants, days, times of day, how long ago, numbers, money, sizes of files.

Each format of the pages is here and nowhere else. Times of day count 24 hours in every language, as the papers do.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from typing import Any

from babel.dates import format_date, format_skeleton, format_timedelta, get_datetime_format
from babel.numbers import format_decimal
from babel.units import format_unit

from tocsin.core import money
from tocsin.core.clock import DAY_US, MINUTE_US, SECOND_US, to_datetime
from tocsin.core.words import Words

NOTHING = "—"
_TOLD_SO_US = 7 * DAY_US
_PARTS_SECONDS = (86_400, 3_600, 60)
_SIZES = (
    (10**9, "digital-gigabyte", "short"), (10**6, "digital-megabyte", "short"), (10**3, "digital-kilobyte", "short"),
    (1, "digital-byte", "long"),
)  # fmt: skip


class Figures:
    """The figures of one language."""

    def __init__(self, words: Words) -> None:
        self._words, self._locale = words, words.locale

    def instant(self, instant_us: int | None, zone: str) -> str:
        """Return an instant in a zone to the minute: `Sep 15, 2018, 12:24`; a dash where there is none."""
        if instant_us is None:
            return NOTHING
        told = to_datetime(instant_us, zone)
        return self._joined(self.of_date(told.date()), f"{told:%H:%M}")

    def day(self, instant_us: int | None, zone: str) -> str:
        """Return the day of an instant in a zone: `Sep 15, 2018`."""
        return NOTHING if instant_us is None else self.of_date(to_datetime(instant_us, zone).date())

    def clock(self, instant_us: int | None, zone: str, since_us: int | None = None) -> str:
        """Return the time of day to the second, where seconds count, with its day where that is not the day of `since_us`."""
        if instant_us is None:
            return NOTHING
        told = to_datetime(instant_us, zone)
        if since_us is None or to_datetime(since_us, zone).date() == told.date():
            return f"{told:%H:%M:%S}"
        return self._joined(self.short_day(told), f"{told:%H:%M:%S}")

    def ago(self, instant_us: int, zone: str, *, now_us: int) -> str:
        """Return how long ago an instant was, in whole minutes, hours or days: `3 minutes ago`, `3分钟前`; after a week the instant."""
        past_us = now_us - instant_us
        if past_us < MINUTE_US:
            return self._words.translate("just now")
        if past_us >= _TOLD_SO_US:
            return self.instant(instant_us, zone)
        seconds = past_us // SECOND_US
        whole = next(seconds // part * part for part in _PARTS_SECONDS if seconds >= part)
        past = timedelta(seconds=-whole)
        return format_timedelta(past, add_direction=True, threshold=1, locale=self._locale)

    def file_size(self, size_bytes: int) -> str:
        """Return a file's size: `1.2 MB`, `950 bytes`, `950字节`."""
        part, unit, length = next(one for one in _SIZES if size_bytes >= one[0] or one[0] == 1)
        told = size_bytes / part
        shown = round(told, 1) if part > 1 and told < 10 else round(told)
        return format_unit(shown, unit, length=length, locale=self._locale)  # type: ignore[arg-type]

    def of_date(self, day: date) -> str:
        """Return a day: `Sep 15, 2018`, `2018年9月15日`."""
        return _medium(day, self._locale)

    def short_day(self, day: date | datetime) -> str:
        """Return a day without its year: `Sep 15`, `9月15日`."""
        return str(format_skeleton("MMMd", day, locale=self._locale))

    def listed(self, words: Iterable[str]) -> str:
        """Return words in a row: `a, b, c`, `a、b、c`."""
        return self._words.translate(", ").join(words)

    def number(self, number: int) -> str:
        """Return a whole number in groups: `12,345`."""
        return _grouped(number, self._locale)

    def grouped(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return a sentence's data with its whole numbers as the language writes them."""
        return {name: self.number(one) if type(one) is int else one for name, one in values.items()}

    def translated_count(self, singular: str, plural: str, count: int) -> str:
        """Return the form of a counted text that a number takes, with the number in it."""
        return self._words.translate_count(singular, plural, count) % {"num": self.number(count)}

    def money(self, minor: int | None, currency: str) -> str:
        """Return an amount: `¥1,234.50`; a dash where there is none."""
        return NOTHING if minor is None else money.show_money(minor, currency, self._locale)

    def difference(self, minor: int, currency: str) -> str:
        """Return what was added or taken: `+¥1.00`, `−¥1.00`, `±¥0.00`."""
        sign = "+" if minor > 0 else "−" if minor < 0 else "±"
        return sign + money.show_money(abs(minor), currency, self._locale)

    def _joined(self, day: str, time: str) -> str:
        return _day_and_time(self._locale).replace("{1}", day).replace("{0}", time)


# A list of a hundred rows writes the same days and small numbers again and again; Babel takes 0.1 ms for each.
@lru_cache(maxsize=4096)
def _medium(day: date, locale: str) -> str:
    return format_date(day, "medium", locale=locale)


@lru_cache(maxsize=4096)
def _grouped(number: int, locale: str) -> str:
    return str(format_decimal(number, locale=locale))


@cache
def _day_and_time(locale: str) -> str:
    return str(get_datetime_format("medium", locale=locale))
