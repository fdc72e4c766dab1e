"""Numbers name the shop's own day: of its zone, and from the hour at which its day starts."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

import pytest

from tests.counter import open_counter
from tocsin.core.clock import from_datetime, now_us, shift_clock
from tocsin.core.db import Database
from tocsin.core.tenant import create_shop


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    yield
    shift_clock(0)


def set_clock(wall: str, zone: str) -> None:
    shift_clock(0)
    shift_clock(from_datetime(datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo(zone))) - now_us())


@pytest.mark.parametrize(
    ("zone", "hour", "days"),
    [
        ("Asia/Shanghai", 0, {"2026-09-21T23:58": "20260921-0001", "2026-09-22T00:00": "20260922-0001"}),
        (
            "Asia/Shanghai", 4,
            {"2026-09-21T23:58": "20260921-0001", "2026-09-22T00:00": "20260921-0002", "2026-09-22T03:58": "20260921-0003",
             "2026-09-22T04:00": "20260922-0001", "2026-09-23T00:01": "20260922-0002"},
        ),
        # the clocks go from 02:00 to 03:00, and in autumn from 03:00 back to 02:00
        ("Europe/Berlin", 3, {"2026-03-29T01:58": "20260328-0001", "2026-03-29T03:00": "20260329-0001"}),
        ("Europe/Berlin", 3, {"2026-10-25T02:58": "20261024-0001", "2026-10-25T03:00": "20261025-0001"}),
        ("America/New_York", 23, {"2026-12-31T22:58": "20261230-0001", "2026-12-31T23:00": "20261231-0001",
                                  "2027-01-01T00:00": "20261231-0002"}),
    ],
)  # fmt: skip
def test_a_number_is_of_the_business_day(db: Database, zone: str, hour: int, days: dict[str, str]) -> None:
    with open_counter(db) as counter:
        night = partial(create_shop, code="NIGHT", name="夜市", zone=zone, day_starts_at_hour=hour)
        db.write(counter.house.merchant_id, night)
        for wall, number in days.items():
            set_clock(wall, zone)
            assert counter.take(shop="NIGHT").number == f"NIGHT-{number}", wall


def test_shops_at_either_edge_of_the_day_have_their_own_days_at_one_instant(db: Database) -> None:
    with open_counter(db) as counter:
        for code, zone in (("EAST", "Pacific/Kiritimati"), ("WEST", "Pacific/Pago_Pago")):
            db.write(counter.house.merchant_id, partial(create_shop, code=code, name=code, zone=zone))
        set_clock("2026-09-22T10:30", "UTC")
        numbers = [counter.take(shop=code).number for code in ("EAST", "WEST", "HF")]
        assert numbers == ["EAST-20260923-0001", "WEST-20260921-0001", "HF-20260922-0001"]
