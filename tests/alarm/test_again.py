"""What is new sounds again, whoever silenced the incident or has it; the same attack that goes on does not."""

import pytest

from tests.alarm.scene import ANNE, BEN, Scene, minutes, seconds, tend
from tocsin.alarm.incident import acknowledge_incident, silence_incident
from tocsin.core.clock import shift_clock
from tocsin.core.db import Database

OWNER, MANAGER = 201, 202


@pytest.fixture
def scene(db: Database) -> Scene:
    """An attack at Anne that began to sound now; two minutes later somebody silences it and has it."""
    made = Scene(db)
    made.fail(times=3)
    shift_clock(minutes(2))
    made.act(silence_incident, incident_id=made.incident().id)
    made.act(acknowledge_incident, incident_id=made.incident().id)
    return made


def attack(scene: Scene, operator_id: int, *, times: int = 3) -> None:
    scene.fail(
        times=times,
        operator_id=operator_id,
        name_digest=str(operator_id),
        address=f"203.0.113.{operator_id % 200}",
    )


def test_another_account_that_is_attacked_sounds_again(scene: Scene):
    attack(scene, OWNER, times=2)
    assert not scene.wanted().sound, "two are not three"
    attack(scene, OWNER, times=1)
    found = scene.incident()
    assert scene.wanted().sound and (found.silenced_at_us, found.acknowledged_at_us) == (None, None)
    assert (found.silenced_name, found.acknowledged_name, found.why) == ("", "", "account_failures")
    assert scene.entries()[-2:] == ["again", "sound"]
    assert scene.timeline()[-2].fields()["operator"] == str(OWNER)
    assert scene.events().count("alarm.again") == 1


def test_each_account_does_so_once(scene: Scene):
    attack(scene, OWNER)
    shift_clock(minutes(4))
    scene.act(silence_incident, incident_id=scene.incident().id)
    attack(scene, OWNER, times=4)
    attack(scene, ANNE, times=4)
    assert not scene.wanted().sound
    attack(scene, MANAGER)
    assert scene.wanted().sound and scene.entries().count("again") == 2


def test_a_rule_that_had_not_fired_sounds_again(scene: Scene):
    scene.send("decoy_tried", operator_id=0, name_digest="decoy")
    scene.fail(outcome="locked", times=3)
    assert scene.wanted().sound and scene.incident().why == "decoy_tried"
    assert scene.timeline()[-2].fields()["code"] == "decoy_tried"


def test_what_comes_within_the_minute_waits_for_its_time(db: Database):
    scene = Scene(db)
    scene.fail(times=3)
    shift_clock(seconds(10))
    scene.act(silence_incident, incident_id=scene.incident().id)
    shift_clock(seconds(20))
    attack(scene, OWNER)
    assert not scene.wanted().sound and scene.incident().silenced_at_us is None
    assert scene.entries().count("sound") == 1
    shift_clock(seconds(55))
    tend(db)
    assert not scene.wanted().sound
    shift_clock(seconds(61))
    assert tend(db) and scene.wanted().sound
    shift_clock(seconds(62))
    tend(db)
    assert scene.entries().count("sound") == 2


def test_who_silences_it_meanwhile_is_obeyed(db: Database):
    scene = Scene(db)
    scene.fail(times=3)
    scene.act(silence_incident, incident_id=scene.incident().id)
    attack(scene, OWNER)
    scene.act(silence_incident, incident_id=scene.incident().id)
    shift_clock(seconds(90))
    tend(db)
    assert not scene.wanted().sound


def test_the_next_people_are_called_from_the_beginning(scene: Scene):
    shift_clock(minutes(40))
    attack(scene, OWNER)
    tend(scene.db)
    assert scene.incident().escalated == 0
    shift_clock(minutes(43.1))
    tend(scene.db)
    assert scene.incident().escalated == 1


def test_a_silence_ends_where_the_attack_still_goes_on(scene: Scene):
    shift_clock(minutes(16))
    scene.fail()
    assert not scene.wanted().sound
    shift_clock(minutes(17.1))
    tend(scene.db)
    assert not scene.wanted().sound, "time alone makes no noise"
    scene.fail(outcome="locked")
    assert not scene.wanted().sound, "nor what was refused untested"
    scene.fail()
    assert scene.wanted().sound and scene.entries()[-2:] == ["silence_over", "sound"]
    assert scene.incident().acknowledged_at_us is not None, "somebody still has it"


def test_the_merchant_chooses_how_long_a_silence_lasts(db: Database):
    scene = Scene(db)
    scene.choose(silence_minutes=3)
    scene.fail(times=3)
    scene.act(silence_incident, incident_id=scene.incident().id)
    shift_clock(minutes(3.1))
    scene.fail()
    assert scene.wanted().sound


def test_a_device_of_ones_own_that_goes_on_stays_silent(db: Database):
    scene = Scene(db)
    scene.mistype(times=3)
    scene.act(silence_incident, incident_id=scene.incident().id)
    scene.mistype(times=9)
    assert not scene.wanted().sound
    attack(scene, BEN)
    assert len(scene.incidents()) == 2 and scene.wanted().sound, "elsewhere is another incident"
