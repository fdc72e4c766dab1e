"""Hours are read on the clock of the shop: over midnight, and where the clocks change."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from tocsin.access.hours import HoursWrong, read_hours, show_hours, within_hours
from tocsin.core.clock import from_datetime

SHANGHAI, BERLIN = "Asia/Shanghai", "Europe/Berlin"
DAY = {"mon": ("08:00", "17:30")}
NIGHT = {"fri": ("22:00", "06:00"), "sun": ("23:00", "00:00")}


def at(local: str, zone: str = SHANGHAI, *, fold: int = 0) -> int:
    """Return the instant of a wall clock's time; 2026-03-02 is a Monday."""
    return from_datetime(datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone), fold=fold))


def test_without_hours_it_is_always_the_hour() -> None:
    assert read_hours({}) == "" and within_hours("", zone=SHANGHAI, now_us=0)
    assert show_hours("")["mon"] == ("", "")


@pytest.mark.parametrize(
    ("local", "within"),
    [
        ("2026-03-02T07:59:59", False), ("2026-03-02T08:00:00", True), ("2026-03-02T17:29:59", True),
        ("2026-03-02T17:30:00", False), ("2026-03-03T09:00:00", False), ("2026-03-01T09:00:00", False),
    ],
)  # fmt: skip
def test_a_day_begins_and_ends_to_the_minute(local: str, within: bool) -> None:
    assert within_hours(read_hours(DAY), zone=SHANGHAI, now_us=at(local)) is within


@pytest.mark.parametrize(
    ("local", "within"),
    [
        ("2026-03-06T21:59:59", False), ("2026-03-06T22:00:00", True), ("2026-03-07T00:00:00", True),
        ("2026-03-07T05:59:59", True), ("2026-03-07T06:00:00", False), ("2026-03-07T22:30:00", False),
        ("2026-03-06T05:00:00", False), ("2026-03-08T23:30:00", True), ("2026-03-09T00:00:00", False),
    ],
)  # fmt: skip
def test_a_night_goes_over_midnight_into_the_next_day(local: str, within: bool) -> None:
    assert within_hours(read_hours(NIGHT), zone=SHANGHAI, now_us=at(local)) is within


def test_the_whole_day_has_no_gap() -> None:
    hours = read_hours({"mon": ("00:00", "24:00"), "wed": ("09:00", "09:00")})
    for local, within in (
        ("2026-03-02T00:00", True),
        ("2026-03-02T23:59:59", True),
        ("2026-03-03T00:00", False),
        ("2026-03-04T08:59", False),
        ("2026-03-04T09:00", True),
        ("2026-03-05T08:59", True),
        ("2026-03-05T09:00", False),
    ):
        assert within_hours(hours, zone=SHANGHAI, now_us=at(local)) is within, local


def test_the_clock_of_the_shop_counts_not_that_of_the_server() -> None:
    hours, instant = read_hours(DAY), at("2026-03-02T08:00")
    assert within_hours(hours, zone=SHANGHAI, now_us=instant)
    assert not within_hours(hours, zone=BERLIN, now_us=instant)
    assert within_hours(hours, zone=BERLIN, now_us=at("2026-03-02T08:00", BERLIN))


def test_where_clocks_change_what_they_show_counts() -> None:
    """On 2026-03-29 Berlin goes from 02:00 to 03:00; on 2026-10-25 the hour from 02:00 comes twice."""
    hours = read_hours({"sat": ("22:00", "03:00"), "sun": ("02:30", "08:00")})
    ends = at("2026-03-29T03:00", BERLIN)
    assert within_hours(hours, zone=BERLIN, now_us=at("2026-03-29T01:59:59", BERLIN))
    assert ends - at("2026-03-29T01:59:59", BERLIN) == 1_000_000
    assert within_hours(read_hours({"sat": ("22:00", "03:00")}), zone=BERLIN, now_us=ends - 1)
    assert not within_hours(read_hours({"sat": ("22:00", "03:00")}), zone=BERLIN, now_us=ends)
    for fold in (0, 1):
        assert within_hours(hours, zone=BERLIN, now_us=at("2026-10-25T02:45", BERLIN, fold=fold))
        morning = read_hours({"sun": ("02:30", "08:00")})
        assert not within_hours(morning, zone=BERLIN, now_us=at("2026-10-25T02:15", BERLIN, fold=fold))


@pytest.mark.parametrize(
    "ends", [("08:00", ""), ("8:00", "17:00"), ("24:00", "25:00"), ("08:00", "24:01"), ("eight", "nine"), ("0８:00", "17:00")]
)  # fmt: skip
def test_what_is_no_time_is_refused(ends: tuple[str, str]) -> None:
    with pytest.raises(HoursWrong):
        read_hours({"tue": ends})


def test_what_is_stored_is_shown_as_it_was_typed() -> None:
    shown = show_hours(read_hours({**DAY, **NIGHT}))
    assert {day: ends for day, ends in shown.items() if ends[0]} == {**DAY, **NIGHT}
