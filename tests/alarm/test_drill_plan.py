"""Weekly drills: off by default, at their hour by the shop's clock, never made up for, overdue ones said."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from tests.alarm.scene import Scene
from tocsin.alarm.drill import Drill, Link, end_drill, get_drill, list_drills
from tocsin.alarm.drill_plan import (
    DrillPlan,
    DrillPlanWrong,
    change_plan,
    is_due,
    last_planned_us,
    plan_revision,
    read_plan,
    start_due_drills,
    warning_of,
)
from tocsin.core.actor import NotAllowed
from tocsin.core.clock import from_datetime, now_us, shift_clock
from tocsin.core.db import Database, Tx
from tocsin.core.preference import PreferenceMoved

SHANGHAI = ZoneInfo("Asia/Shanghai")
MONDAY_NINE = datetime(2027, 3, 1, 9, 0, 30, tzinfo=SHANGHAI)


@pytest.fixture
def scene(db: Database) -> Scene:
    return Scene(db)


def at(moment: datetime) -> None:
    shift_clock(0)
    shift_clock(from_datetime(moment) - now_us())


def choose(scene: Scene, role: str = "owner", **chosen: int) -> None:
    scene.act(change_plan, role, chosen=DrillPlan(**chosen), revision=scene.read(plan_revision))


def drills(scene: Scene) -> list[Drill]:
    found: list[Drill] = scene.read(list_drills)
    return found


def finish(scene: Scene, *, passed: bool) -> None:
    def end(tx: Tx) -> None:
        state = "ok" if passed else "failed"
        end_drill(tx, get_drill(tx, drill_id=list_drills(tx)[0].id), links=[Link("person", state, name="群")])

    scene.write(end)


def test_it_is_off_until_somebody_chooses(scene: Scene) -> None:
    at(MONDAY_NINE)
    assert scene.read(read_plan).weekday == -1 and start_due_drills(scene.db) == 0
    choose(scene, weekday=0, hour=9)
    assert start_due_drills(scene.db) == 1 and start_due_drills(scene.db) == 0
    (made,) = drills(scene)
    assert made.actor_name == "desk" and not made.by_hand


@pytest.mark.parametrize(
    ("moment", "due"),
    [
        (MONDAY_NINE.replace(hour=8, minute=59), False), (MONDAY_NINE, True), (MONDAY_NINE.replace(minute=29), True),
        (MONDAY_NINE.replace(minute=31), False), (MONDAY_NINE.replace(day=2), False), (MONDAY_NINE.replace(day=8), True),
    ],
)  # fmt: skip
def test_it_runs_within_half_an_hour_of_its_time_or_not_at_all(
    scene: Scene, moment: datetime, due: bool
) -> None:
    choose(scene, weekday=0, hour=9)
    at(moment)
    assert scene.read(is_due) is due


def test_the_planned_instant_is_the_shops(scene: Scene) -> None:
    at(MONDAY_NINE)
    planned = scene.read(last_planned_us, plan=DrillPlan(weekday=6, hour=23))
    assert planned == from_datetime(datetime(2027, 2, 28, 23, tzinfo=SHANGHAI))
    later = scene.read(last_planned_us, plan=DrillPlan(weekday=0, hour=10))
    assert later == from_datetime(datetime(2027, 2, 22, 10, tzinfo=SHANGHAI)), "today's is yet to come"


def test_it_waits_for_an_open_alarm_while_its_half_hour_lasts(scene: Scene) -> None:
    choose(scene, weekday=0, hour=9)
    at(MONDAY_NINE)
    scene.fail(times=3)
    assert start_due_drills(scene.db) == 0 and drills(scene) == []


def test_a_failed_or_overdue_drill_is_warned_of(scene: Scene) -> None:
    at(MONDAY_NINE)
    assert scene.read(warning_of) == ""
    choose(scene, weekday=0, hour=9)
    assert scene.read(warning_of) == "overdue", "never yet"
    start_due_drills(scene.db)
    finish(scene, passed=True)
    assert scene.read(warning_of) == ""
    at(MONDAY_NINE.replace(day=10))
    assert scene.read(warning_of) == "overdue"
    at(MONDAY_NINE.replace(day=15))
    start_due_drills(scene.db)
    finish(scene, passed=False)
    assert scene.read(warning_of) == "failed"


def test_only_who_looks_after_the_shop_chooses_and_sees_what_others_chose(scene: Scene) -> None:
    with pytest.raises(NotAllowed):
        choose(scene, "clerk", weekday=0)
    for wrong in ({"weekday": 7}, {"weekday": -2}, {"hour": 24}, {"hour": -1}):
        with pytest.raises(DrillPlanWrong):
            choose(scene, **wrong)
    choose(scene, weekday=0)
    with pytest.raises(PreferenceMoved):
        scene.act(change_plan, chosen=DrillPlan(weekday=1), revision=0)
