"""Dates as the query language writes them: days, months and years of the shop, both ends included, and times since."""

import re
from calendar import monthrange
from datetime import date, datetime, timedelta

from tocsin.core.clock import DAY_US, MINUTE_US, business_day, day_bounds_us
from tocsin.core.errors import Refusal


class DateUnreadable(Refusal):
    """“{text}” is not a date: write it as 2026-11-22, 2026-11, today or -7d"""

    kind, code = "invalid", "date_unreadable"


_SINCE = re.compile(r"(?:now)?-(\d{1,4})([dhmw])|近?(\d{1,4})(天|小时|分钟|周)", re.ASCII)
_UNITS = {"d": DAY_US, "天": DAY_US, "h": 60 * MINUTE_US, "小时": 60 * MINUTE_US, "m": MINUTE_US, "分钟": MINUTE_US, "w": 7 * DAY_US, "周": 7 * DAY_US}  # fmt: skip
_DAYS = {"today": 0, "今天": 0, "yesterday": -1, "昨天": -1, "tomorrow": 1, "明天": 1}
_WEEKS = {"this_week": 0, "本周": 0, "last_week": -1, "上周": -1}
_MONTHS = {"this_month": 0, "本月": 0, "last_month": -1, "上月": -1}


def read_span(text: str, *, zone: str, now_us: int) -> tuple[int, int]:
    """Return the instants where a span begins and where it has ended: a day, a month, a year, a week, or a time since.

    Raises:
        DateUnreadable: it is none.
    """
    since = _SINCE.fullmatch(text.lower())
    if since:
        count, unit = since[1] or since[3], since[2] or since[4]
        return now_us - int(count) * _UNITS[unit], now_us + 1
    first, last = _days(text.lower(), business_day(now_us, zone))
    return day_bounds_us(first, zone)[0], day_bounds_us(last, zone)[1]


def read_date(text: str) -> date:
    """Return a day written as 2026-11-22, from 1990 to 2200.

    Raises:
        DateUnreadable: it is no such day.
    """
    try:
        day = datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a day of the shop's, without a zone
    except ValueError:
        raise DateUnreadable(text=text[:20]) from None
    if not date(1990, 1, 1) <= day <= date(2200, 12, 31):
        raise DateUnreadable(text=text[:20])
    return day


def _days(text: str, today: date) -> tuple[date, date]:
    """Return the first and last day that a word means."""
    if text in _DAYS:
        day = today + timedelta(days=_DAYS[text])
        return day, day
    if text in _WEEKS:
        monday = today - timedelta(days=today.weekday()) + timedelta(weeks=_WEEKS[text])
        return monday, monday + timedelta(days=6)
    if text in _MONTHS:
        month = today.replace(day=1)
        return _month(month if _MONTHS[text] == 0 else month - timedelta(days=1))
    if re.fullmatch(r"\d{4}", text, re.ASCII):
        return read_date(f"{text}-01-01"), read_date(f"{text}-12-31")
    if re.fullmatch(r"\d{4}-\d{2}", text, re.ASCII):
        return _month(read_date(f"{text}-01"))
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
        raise DateUnreadable(text=text[:20])
    day = read_date(text)
    return day, day


def _month(day: date) -> tuple[date, date]:
    return day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1])
