"""Unusual use: told once an hour, after two weeks of watching, against somebody's own days."""

import msgspec
import pytest
import sqlalchemy as sa

from tests.house import House, make_house
from tocsin.alarm.rule import RULES
from tocsin.alarm.signal import Kind
from tocsin.alarm.table import signal
from tocsin.alarm.usage import HOUR_US, KEPT_DAYS, Hour, count_usage, judge_hours, usage
from tocsin.core import clock
from tocsin.core.clock import DAY_US
from tocsin.core.db import Database
from tocsin.core.statement import Statement, own

TOLD = Statement[tuple[str, int, str, str]](
    sa.select(signal.c.kind, signal.c.operator_id, signal.c.subject, signal.c.data)
    .where(own(signal))
    .order_by(signal.c.id)
)
ROWS = Statement[tuple[int]](sa.select(sa.func.count()).select_from(usage).where(own(usage)))
NOW = 20_000 * DAY_US + 10 * HOUR_US


@pytest.fixture
def house(db: Database) -> House:
    return make_house(db)


def use(
    house: House, amount: int, *, kind: Kind = "reveals_many", actor_id: int = 7, actor_kind: str = "operator"
) -> bool:
    return house.db.write(house.merchant_id, lambda tx: count_usage(
        tx, kind=kind, actor_kind=actor_kind, actor_id=actor_id, amount=amount
    ))  # fmt: skip


def told(house: House) -> list[tuple[str, int, str, str]]:
    return house.db.read(house.merchant_id, lambda tx: tx.rows(TOLD))


def live(house: House, *, days: int, amount: int, **more: object) -> None:
    """So many days of the same use each, ending now."""
    for day in range(days, 0, -1):
        clock.shift_clock(-day * DAY_US)
        use(house, amount, **more)  # type: ignore[arg-type]
    clock.shift_clock(0)


def test_nobody_is_judged_before_two_weeks(house: House) -> None:
    live(house, days=13, amount=2)
    assert use(house, 5_000) is False
    assert told(house) == []


def test_far_more_than_usual_is_told_once_an_hour(house: House) -> None:
    live(house, days=15, amount=4)
    setting = RULES["reveals_many"].standard
    assert use(house, setting.count - 1) is False, "not so many yet"
    assert use(house, 1) is True
    assert use(house, 50) is False, "that hour is told"
    ((kind, operator_id, subject, data),) = told(house)
    assert (kind, operator_id, subject) == ("reveals_many", 7, "operator:7")
    assert msgspec.json.decode(data) == {"count": setting.count, "usual": 4, "days": 15}


def test_who_always_does_much_is_not_told(house: House) -> None:
    live(house, days=15, amount=200)
    assert use(house, 900) is False
    assert use(house, 101) is True  # 1,001 are more than five times his 200


def test_each_one_is_measured_by_himself(house: House) -> None:
    live(house, days=15, amount=4)
    assert use(house, 500, actor_id=8) is False, "nobody has watched him yet"
    assert use(house, 500, actor_kind="api_key") is False
    assert use(house, 500, kind="lookups_many") is False
    assert use(house, 500) is True


def test_what_is_older_than_a_month_is_forgotten(house: House) -> None:
    live(house, days=KEPT_DAYS + 15, amount=1)
    use(house, 1)
    assert house.db.read(house.merchant_id, lambda tx: tx.value(ROWS)) == KEPT_DAYS + 1


def hours(*amounts: tuple[int, int]) -> list[Hour]:
    return [Hour(NOW - ago * HOUR_US, amount, 0) for ago, amount in amounts]


@pytest.mark.parametrize(
    ("given", "minutes", "count", "usual"),
    [
        (hours((0, 5)), 60, 5, 0),
        (hours((1, 9), (0, 5)), 60, 5, 9),  # the hour before is not in the window
        (hours((1, 9), (0, 5)), 120, 14, 0),
        (hours((48, 3), (47, 7), (24, 20), (0, 1)), 60, 1, 14),  # the middle of 7 and 20
        (hours((72, 10), (71, 10), (48, 30), (0, 4)), 1440, 4, 25),  # sums of days: 20 and 30
    ],
)
def test_the_window_and_the_usual(given: list[Hour], minutes: int, count: int, usual: int) -> None:
    facts = judge_hours("lookups_many", given, now_us=NOW, minutes=minutes)
    assert (facts.count, facts.usual) == (count, usual)
