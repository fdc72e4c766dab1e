"""What time does: the next are called step by step, what stays quiet ends, a count that waited is told."""

import pytest

from tests.alarm.scene import Scene, minutes, seconds, tend, watch
from tocsin.alarm import escalate
from tocsin.alarm.escalate import tend_incidents
from tocsin.alarm.incident import acknowledge_incident, clear_incident, raise_incident, silence_incident
from tocsin.alarm.record import open_incidents
from tocsin.alarm.rules import AlarmRules
from tocsin.core.clock import shift_clock
from tocsin.core.db import Database, Tx


@pytest.fixture
def scene(db: Database) -> Scene:
    """An attack that sounds."""
    made = Scene(db)
    made.fail(times=3)
    return made


def steps(scene: Scene) -> list[int]:
    return [one.fields()["step"] for one in scene.timeline() if one.kind == "escalated"]


def test_it_escalates_step_by_step_while_nobody_has_it(scene: Scene):
    told = []
    for minute in (0, 2.9, 3.1, 9.9, 10.1, 29.9, 30.1, 300):
        shift_clock(minutes(minute))
        tend(scene.db)
        told.append(scene.incident().escalated)
    assert told == [0, 0, 1, 1, 2, 2, 3, 3]
    assert steps(scene) == [1, 2, 3] and scene.events().count("alarm.escalated") == 3


def test_after_a_long_sleep_each_step_is_taken_once_in_order(scene: Scene):
    shift_clock(minutes(600))
    assert tend_incidents(scene.db) == 1 and steps(scene) == [1]
    tend(scene.db)
    assert steps(scene) == [1, 2, 3] and tend_incidents(scene.db) == 0


def test_silencing_does_not_stop_it_and_acknowledging_does(scene: Scene):
    scene.act(silence_incident, incident_id=scene.incident().id)
    shift_clock(minutes(4))
    tend(scene.db)
    assert steps(scene) == [1]
    scene.act(acknowledge_incident, incident_id=scene.incident().id)
    shift_clock(minutes(500))
    tend(scene.db)
    assert steps(scene) == [1] and scene.incident().is_open


def test_it_is_counted_from_when_it_sounded(db: Database):
    scene = Scene(db)
    scene.fail()
    shift_clock(minutes(8))
    scene.fail(times=2)
    tend(scene.db)
    assert scene.incident().escalated == 0
    shift_clock(minutes(11.1))
    tend(scene.db)
    assert scene.incident().escalated == 1


def test_a_merchants_own_steps_hold(db: Database):
    scene = Scene(db)
    scene.choose(escalate_minutes=(1,))
    scene.fail(times=3)
    shift_clock(minutes(60))
    tend(db)
    assert steps(scene) == [1]


def test_a_light_that_stays_quiet_ends_by_itself(db: Database):
    scene = Scene(db)
    scene.fail()
    shift_clock(minutes(9))
    scene.fail(outcome="locked")
    shift_clock(minutes(18.9))
    assert tend(db) == 0
    assert scene.incident().is_open
    shift_clock(minutes(19.1))
    tend(db)
    assert (scene.incident().outcome, scene.incident().cleared_name) == ("quiet", "desk")
    assert scene.entries()[-1] == "quiet" and scene.events()[-1] == "alarm.cleared"
    assert not scene.wanted().light and tend(db) == 0


def test_what_sounded_waits_for_a_person(scene: Scene):
    scene.act(silence_incident, incident_id=scene.incident().id)
    shift_clock(minutes(10_000))
    tend(scene.db)
    assert scene.incident().is_open


@pytest.mark.parametrize("kind", ["siren_vanished", "station_vanished", "reader_vanished"])
def test_what_is_still_gone_does_not_end_by_itself(db: Database, kind: str):
    scene = Scene(db)
    scene.send(kind, subject="it:7")
    watch(db)
    shift_clock(minutes(10_000))
    tend(db)
    assert scene.incident().level == "light" and scene.incident().is_open


def test_a_drill_ends_when_whoever_began_it_ends_it(db: Database):
    scene = Scene(db)
    scene.write(raise_incident, kind="drill", key="drill", level="light", why="drill", why_data={})
    shift_clock(minutes(100))
    assert tend(db) == 0 and scene.incident().is_open


def test_what_is_over_is_left_alone(scene: Scene):
    scene.act(clear_incident, incident_id=scene.incident().id)
    shift_clock(minutes(600))
    assert tend(scene.db) == 0 and steps(scene) == []


def test_what_a_person_ended_meanwhile_is_left_alone(scene: Scene, monkeypatch: pytest.MonkeyPatch):
    """Another one clears it after the list was read and before its row is locked."""
    seen = scene.read(open_incidents)
    scene.act(clear_incident, incident_id=seen[0].id)
    monkeypatch.setattr(escalate, "open_incidents", lambda _: seen)
    shift_clock(minutes(600))
    assert tend_incidents(scene.db) == 0 and steps(scene) == []


def test_a_count_that_waited_for_its_second_is_told(db: Database):
    scene = Scene(db)
    scene.fail()
    shift_clock(seconds(0.2))
    scene.fail()
    assert "alarm.counted" not in scene.events() and tend(db) == 0
    shift_clock(seconds(1.5))
    assert tend(db) == 1 and scene.events()[-1] == "alarm.counted" and tend(db) == 0


def test_each_merchants_time_is_his_own(db: Database):
    one, other = Scene(db), Scene(db, code="BB")
    other.choose(escalate_minutes=(60,))
    one.fail(times=3)
    other.fail(times=3)
    shift_clock(minutes(5))
    tend(db)
    assert (one.incident().escalated, other.incident().escalated) == (1, 0)


def test_rules_that_no_longer_decode_keep_no_other_merchant_from_being_called(
    db: Database, monkeypatch: pytest.MonkeyPatch
):
    scenes = [Scene(db), Scene(db)]
    for scene in scenes:
        scene.fail(times=3)
    shift_clock(minutes(4))
    honest = escalate.read_alarm_rules

    def read(tx: Tx) -> AlarmRules:
        if tx.merchant_id == scenes[0].merchant_id:
            raise ValueError("written by an older desk")
        return honest(tx)

    monkeypatch.setattr(escalate, "read_alarm_rules", read)
    assert tend_incidents(db) == 1
    assert [steps(scene) for scene in scenes] == [[], [1]]
