"""Instants are UTC microseconds; a shop's day is in its zone."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.clock import (
    DAY_US,
    business_day,
    day_bounds_us,
    from_datetime,
    now_us,
    shift_clock,
    to_datetime,
)


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    yield
    shift_clock(0)


@given(st.integers(0, 4_000_000_000_000_000))
def test_instants_come_back_exactly(instant_us: int) -> None:
    assert from_datetime(to_datetime(instant_us, "Asia/Shanghai")) == instant_us


def test_the_clock_can_be_shifted_and_put_back() -> None:
    true = now_us()
    shift_clock(DAY_US)
    assert DAY_US <= now_us() - true < DAY_US + 10_000_000
    shift_clock(0)
    assert now_us() - true < 10_000_000


def test_a_shops_day_is_its_zones_day() -> None:
    late = from_datetime(datetime(2026, 9, 21, 17, 30, tzinfo=UTC))  # 01:30 of the 22nd in Shanghai
    assert business_day(late, "Asia/Shanghai") == date(2026, 9, 22)
    assert business_day(late, "UTC") == date(2026, 9, 21)
    assert business_day(late, "Asia/Shanghai", starts_at_hour=4) == date(2026, 9, 21)


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 6, 1), 24)]
)
def test_a_day_is_as_long_as_its_zone_makes_it(day: date, hours: int) -> None:
    start, end = day_bounds_us(day, "Europe/Berlin")
    assert (end - start) // 3_600_000_000 == hours
    assert business_day(start, "Europe/Berlin") == day == business_day(end - 1, "Europe/Berlin")


@pytest.mark.parametrize("instant_us", [-(2**63), from_datetime(datetime(1, 1, 1, tzinfo=UTC)), 2**63 - 1])
@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Etc/GMT+12"])
def test_no_instant_is_too_far_to_be_shown(instant_us: int, zone: str) -> None:
    assert to_datetime(instant_us, zone).year in (1, 9999)
    assert business_day(instant_us, zone, starts_at_hour=23).year in (1, 9999)


@pytest.mark.parametrize("day", [date.min, date.max])
@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Etc/GMT+12"])
def test_no_day_is_too_far_to_be_bounded(day: date, zone: str) -> None:
    start, end = day_bounds_us(day, zone)
    assert end - start == DAY_US


def test_far_instants_are_exact() -> None:
    moment = datetime(9000, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    assert to_datetime(from_datetime(moment)) == moment
