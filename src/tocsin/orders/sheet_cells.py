"""Cells of sheets: unwrapped, cleaned, and read as amounts, quantities and instants."""

import re
from datetime import UTC, datetime
from functools import lru_cache
from unicodedata import is_normalized
from zoneinfo import ZoneInfo

from tocsin.core.clock import from_datetime
from tocsin.core.errors import Refusal
from tocsin.core.money import MICRO, minor_digits, parse_micro, parse_minor
from tocsin.core.text import strip_control

_DANGER = "=+-@\t\r\n\x00＝＋－＠"
_unwrapped_before = frozenset("0123456789' " + _DANGER)
_blank_marks = frozenset({"", "-", "--", "—", "——", "/", "无", "null", "NULL", "None"})
_rounded = re.compile(r"^\d(\.\d+)?[eE]\+\d+$")
_instant = re.compile(
    r"^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?"
    r"(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6})\d*)?)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?)?$",
    re.ASCII,
)
# Source: the zero of .NET's DateTime, of spreadsheets' day numbers, of SQL Server and of MySQL.
_no_dates = frozenset({(1, 1, 1), (1899, 12, 30), (1900, 1, 0), (1900, 1, 1), (0, 0, 0)})
EARLIEST_US, LATEST_US = (from_datetime(datetime(year, 1, 1, tzinfo=UTC)) for year in (1990, 2200))


class InstantUnreadable(Refusal):
    """This is not a time: write it as 2018-09-15 12:24:27"""

    kind, code = "invalid", "instant_unreadable"


class InstantOutside(Refusal):
    """The time is before 1990 or after 2199: correct the date, or leave it empty"""

    kind, code = "invalid", "instant_outside"


class ZoneUnknown(Refusal):
    """“{zone}” is not a time zone: choose one such as Asia/Shanghai"""

    kind, code = "invalid", "zone_unknown"


class NumberRounded(Refusal):
    """The spreadsheet has rounded this number and its last digits are lost: export again with this column as text"""

    kind, code = "invalid", "number_rounded"


def clean_text(text: str) -> str:
    """Return text in one line, normalised, without control and bidi characters, trimmed."""
    if text.isprintable() and is_normalized("NFC", text):
        return text.strip()
    for blank in ("\r\n", "\r", "\n", "\t"):
        text = text.replace(blank, " ")
    return strip_control(text).strip()


def unwrap_cell(cell: str) -> str:
    """Return what a cell means: `="193"`, `'186`, a tab before an id and our own apostrophe come off."""
    cell = cell.strip()
    if cell.startswith('="') and cell.endswith('"') and len(cell) > 2:
        cell = cell[2:-1]
    elif cell.startswith("'") and (len(cell) == 1 or cell[1] in _unwrapped_before or cell[1].isspace()):
        cell = cell[1:]
    return clean_text(cell)


def read_minor(text: str, currency: str) -> int:
    """Return an amount in minor units, as `parse_minor` does; the plain form `12.50` is read faster."""
    whole, point, part = text.partition(".")
    digits = whole + part
    if (
        point
        and len(part) == minor_digits(currency)
        and whole
        and len(digits) < 18
        and digits.isascii()
        and digits.isdigit()
    ):
        return int(digits)
    return parse_minor(text, currency)


@lru_cache(1 << 15)
def read_amount(text: str, currency: str) -> int | None:
    """Return an amount in minor units, None for a blank cell or a dash.

    Raises:
        AmountUnreadable: it is not an amount.
    """
    return None if text in _blank_marks else read_minor(text, currency)


@lru_cache(1 << 15)
def read_micro(text: str) -> int | None:
    """Return a quantity or unit price in millionths, None for a blank cell or a dash.

    Raises:
        NumberUnreadable: it is not a number.
    """
    if text.isdigit() and text.isascii() and len(text) < 12:
        return int(text) * MICRO
    whole, point, part = text.partition(".")
    if point and len(part) < 7 and len(whole) < 12 and text.isascii() and whole.isdigit() and part.isdigit():
        return int(whole) * MICRO + int(part.ljust(6, "0"))
    return None if text in _blank_marks else parse_micro(text)


@lru_cache(4096)
def read_instant(text: str, zone: str) -> int | None:
    """Return a written time in UTC microseconds, None for a blank; without an offset it is in `zone`.

    Midnight of the day with which a program says that it has no date is a blank too.

    Raises:
        InstantUnreadable: it is not a time.
        InstantOutside: no order is that old, or that far ahead.
    """
    if text in _blank_marks:
        return None
    found = _instant.match(text)
    if found is None:
        raise InstantUnreadable
    parts = found.groups()
    numbers = tuple(int(part or 0) for part in parts[:7])
    if numbers[:3] in _no_dates and not any(numbers[3:]):
        return None
    try:
        instant_us = from_datetime(_moment(parts, zone))
    except (ValueError, OverflowError):
        raise InstantUnreadable from None
    if not EARLIEST_US <= instant_us < LATEST_US:
        raise InstantOutside
    return instant_us


def read_exact(text: str) -> str:
    """Return an id, phone or waybill as it stands.

    Raises:
        NumberRounded: a spreadsheet has turned it into `2.01809E+17`.
    """
    if "+" in text and _rounded.match(text):
        raise NumberRounded
    return text


@lru_cache(64)
def zone_of(name: str) -> ZoneInfo:
    """Return a time zone by name.

    Raises:
        ZoneUnknown: there is none.
    """
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ZoneUnknown(zone=name[:40]) from None


def _moment(parts: tuple[str | None, ...], zone: str) -> datetime:
    year, month, day, hour, minute, second = (int(part or 0) for part in parts[:6])
    microsecond = int((parts[6] or "").ljust(6, "0"))
    moment = datetime(year, month, day, hour, minute, second, microsecond, tzinfo=zone_of(zone))
    offset = parts[7]
    if not offset:
        return moment
    sign = "+00:00" if offset in ("Z", "UTC") else offset
    return datetime.fromisoformat(f"{moment.replace(tzinfo=None).isoformat()}{sign}")
