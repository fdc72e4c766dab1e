"""Opening hours in the shop's zone, and how noise is rationed while it is closed."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from tests.house import make_house
from tocsin.alarm.hours import (
    CLOSED,
    Night,
    SirenHours,
    SirenHoursWrong,
    change_hours,
    closed_since,
    hours_revision,
    read_hours,
)
from tocsin.core.actor import NotAllowed
from tocsin.core.clock import SECOND_US, from_datetime
from tocsin.core.db import Database
from tocsin.core.preference import PreferenceMoved

ZONE = "Asia/Shanghai"
WEEK = SirenHours(open=("09:00-21:30",) * 4 + ("18:00-02:00", "", CLOSED))  # from Monday


def at(text: str, zone: str = ZONE) -> int:
    """Return an instant of September 2026, whose seventh is a Monday."""
    return from_datetime(datetime.fromisoformat(f"2026-09-{text}").replace(tzinfo=ZoneInfo(zone)))


@pytest.mark.parametrize(
    ("now", "closed"),
    [
        ("07T08:59:59", "06T00:00"), ("07T09:00", None), ("07T21:29:59", None), ("07T21:30", "07T21:30"),
        ("08T03:00", "07T21:30"), ("11T17:00", "10T21:30"), ("11T23:00", None), ("12T01:59", None), ("12T12:00", None),
        ("12T23:59", None), ("13T00:00", "13T00:00"), ("13T15:00", "13T00:00"), ("14T08:00", "13T00:00"),
    ],
)  # fmt: skip
def test_when_a_shop_closed(now: str, closed: str | None) -> None:
    assert closed_since(WEEK, at(now), ZONE) == (at(closed) if closed else None)


def test_a_shop_that_is_always_open_or_never() -> None:
    assert closed_since(SirenHours(), at("07T03:00"), ZONE) is None
    assert closed_since(SirenHours(open=(CLOSED,) * 7), at("20T03:00"), ZONE) == at("12T00:00")


def test_hours_are_those_of_the_zone() -> None:
    """The same instant is noon here and night there; summer time moves no opening."""
    day = SirenHours(open=("09:00-17:00",) * 7)
    assert closed_since(day, at("07T12:00"), ZONE) is None
    assert closed_since(day, at("07T12:00"), "America/New_York") is not None
    winter = from_datetime(datetime(2026, 10, 25, 8, 30, tzinfo=ZoneInfo("Europe/Berlin")))
    assert closed_since(day, winter, "Europe/Berlin") == from_datetime(
        datetime(2026, 10, 24, 17, 0, tzinfo=ZoneInfo("Europe/Berlin"))
    )


def test_hours_are_changed_against_a_revision(db: Database) -> None:
    house = make_house(db)

    def change(chosen: SirenHours, *, role: str = "owner", revision: int = 0) -> int:
        return db.write(house.merchant_id, lambda tx: change_hours(
            tx, house.actor(role), chosen=chosen, revision=revision
        ))  # fmt: skip

    assert db.read(house.merchant_id, read_hours) == SirenHours()
    assert change(WEEK) == 1 and db.read(house.merchant_id, read_hours) == WEEK
    assert db.read(house.merchant_id, hours_revision) == 1
    with pytest.raises(PreferenceMoved):
        change(WEEK)
    with pytest.raises(NotAllowed):
        change(WEEK, role="clerk", revision=1)
    for wrong, field in (
        (SirenHours(open=("",) * 6), "open_0"), (SirenHours(open=("",) * 6 + ("9-21",)), "open_6"),
        (SirenHours(open=("24:00-25:00",) + ("",) * 6), "open_0"), (SirenHours(closed_delay_seconds=-1), "closed_delay_seconds"),
        (SirenHours(closed_budget_seconds=3601), "closed_budget_seconds"),
    ):  # fmt: skip
        with pytest.raises(SirenHoursWrong) as told:
            change(wrong, revision=1)
        assert told.value.data["field"] == field


def test_a_nights_noise_is_counted_and_outlives_a_restart() -> None:
    night, closed = Night(), at("07T21:30")
    spent = [
        night.count(closed, at("07T22:00") + second * SECOND_US, sounds=sounds, kept={})
        for second, sounds in ((0, False), (1, True), (2, True), (7, True), (9, False), (20, False), (30, True), (31, False))
    ]  # fmt: skip
    assert [each // SECOND_US for each in spent] == [0, 0, 1, 6, 8, 8, 8, 9]
    assert night.unkept(sounds=False) == (closed, 9 * SECOND_US)
    night.keep()
    assert night.unkept(sounds=False) is None
    again = Night()
    assert again.count(closed, at("07T23:00"), sounds=True, kept={closed: 9 * SECOND_US}) == 9 * SECOND_US
    assert again.count(closed, at("07T23:00") + SECOND_US, sounds=True, kept={}) == 10 * SECOND_US
    assert again.unkept(sounds=True) is None, "not at each second"
    assert again.count(None, at("08T10:00"), sounds=True, kept={}) == 0
    assert again.count(at("08T21:30"), at("08T22:00"), sounds=True, kept={}) == 0, "each night has its own"
