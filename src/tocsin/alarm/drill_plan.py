"""When drills are due: a weekday and an hour of the shop, off by default; one that was missed is said, not made up for."""

from datetime import timedelta

from msgspec import Struct

from tocsin.alarm.drill import Drill, DrillRunning, DrillUntimely, list_drills, start_drill
from tocsin.alarm.quiet import waits_for_a_word
from tocsin.core.actor import Actor, desk_actor
from tocsin.core.clock import DAY_US, MINUTE_US, from_datetime, to_datetime
from tocsin.core.db import Database, Tx
from tocsin.core.errors import Refusal
from tocsin.core.loop import for_each_merchant
from tocsin.core.preference import change_preference, preference_revision, read_preference
from tocsin.core.tenant import get_shop

BOX = "alarm.drill"
OFF = -1
_WINDOW_US = 30 * MINUTE_US
_OVERDUE_US = 8 * DAY_US


class DrillPlan(Struct, frozen=True, kw_only=True):
    """When a drill runs by itself: `weekday` 0 (Monday) to 6, -1 never; `hour` of the shop's clock."""

    weekday: int = OFF
    hour: int = 9


class DrillPlanWrong(Refusal):
    """The weekly drill can't be set so ({field}): {problem}"""

    kind, code = "invalid", "drill_plan_wrong"


def read_plan(tx: Tx) -> DrillPlan:
    """Return what the merchant chose."""
    return read_preference(tx, DrillPlan, box=BOX)


def plan_revision(tx: Tx) -> int:
    """Return the revision that a change is made against."""
    return preference_revision(tx, box=BOX)


def change_plan(tx: Tx, actor: Actor, *, chosen: DrillPlan, revision: int) -> int:
    """Store when drills run; return the new revision.

    Raises:
        DrillPlanWrong, NotAllowed, PreferenceMoved
    """
    if not OFF <= chosen.weekday <= 6:
        raise DrillPlanWrong(field="weekday", problem="choose a day of the list")
    if not 0 <= chosen.hour <= 23:
        raise DrillPlanWrong(field="hour", problem="choose an hour from 0 to 23")
    return change_preference(tx, actor, chosen, box=BOX, revision=revision)


def start_due_drills(db: Database) -> int:
    """Begin each drill whose time has come; return how many.

    It waits half an hour for an open alarm to end; a desk that was off then does not make up for it at another hour.
    """

    def start(merchant_id: int) -> int:
        return db.write(merchant_id, _start) if db.read(merchant_id, is_due) else 0

    return for_each_merchant(db, start)


def is_due(tx: Tx) -> bool:
    """Tell whether the planned instant was within the last half hour and no drill was begun since; a restored desk waits for a person's word."""
    plan = read_plan(tx)
    if plan.weekday == OFF:
        return False
    planned_us = last_planned_us(tx, plan)
    newest = list_drills(tx, limit=1)
    done = bool(newest) and newest[0].at_us >= planned_us
    return tx.now_us - planned_us < _WINDOW_US and not done and not waits_for_a_word(tx)


def last_planned_us(tx: Tx, plan: DrillPlan) -> int:
    """Return the latest planned instant that is past, by the shop's clock."""
    here = to_datetime(tx.now_us, get_shop(tx).zone)
    planned = here.replace(hour=plan.hour, minute=0, second=0, microsecond=0)
    planned -= timedelta(days=(here.weekday() - plan.weekday) % 7)
    return from_datetime(planned if planned <= here else planned - timedelta(days=7))


def warning_of(tx: Tx) -> str:
    """Return what is to be said of the drills: `failed`, `overdue` or nothing."""
    newest: Drill | None = next((one for one in list_drills(tx, limit=2) if one.state != "running"), None)
    if newest is not None and newest.state == "failed":
        return "failed"
    planned = read_plan(tx).weekday != OFF
    return "overdue" if planned and (newest is None or tx.now_us - newest.at_us > _OVERDUE_US) else ""


def _start(tx: Tx) -> int:
    try:
        start_drill(tx, desk_actor(tx.merchant_id), by_hand=False)
    except (DrillRunning, DrillUntimely):
        return 0  # it is tried again while its half hour lasts
    return 1
