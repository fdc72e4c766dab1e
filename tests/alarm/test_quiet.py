"""Quiet: what stood before a restore is dark and silent; what comes to it since is told of as if it were new."""

import pytest

from tests.alarm.scene import ANNE, Scene, minutes
from tocsin.access.restored import note_restored
from tocsin.alarm.incident import acknowledge_incident, silence_incident
from tocsin.alarm.siren_plan import read_situation, wish_of
from tocsin.alarm.siren_row import add_siren
from tocsin.backup.settle_alarm import settle_alarm
from tocsin.core.clock import shift_clock
from tocsin.core.db import Database

PLACES = {"attack": {}, "device": {"device": "f" * 64}, "desk": {"subject": "desk:7"}}


def restored(scene: Scene) -> None:
    shift_clock(minutes(5))
    scene.write(settle_alarm)
    scene.write(note_restored, made_at_us=1)
    shift_clock(minutes(5))


def asked(scene: Scene) -> tuple[bool, bool]:
    """Return whether sirens are asked for light, and for sound."""
    wish = wish_of(scene.read(read_situation), spent_us=0)
    return wish.light, wish.sound


def scene_of(db: Database, *, code: str = "HF") -> Scene:
    scene = Scene(db, code=code)
    scene.act(add_siren, name="Yard", driver="memory", options={})
    return scene


@pytest.mark.parametrize("lane", PLACES)
def test_an_attack_that_goes_on_after_the_restore_is_seen_and_heard(db: Database, lane: str) -> None:
    scene = scene_of(db)
    scene.fail(**PLACES[lane])
    assert asked(scene) == (True, False)
    restored(scene)
    assert asked(scene) == (False, False)
    scene.fail(**PLACES[lane])
    assert asked(scene) == (True, False)
    scene.fail(times=29, **PLACES[lane])
    assert asked(scene) == (True, True)
    assert [one.kind for one in scene.incidents()] == ["restored", lane], "one attack is one incident"


def test_what_had_sounded_sounds_again_by_the_next_guess_and_nobody_has_it(db: Database) -> None:
    """The restore silenced it and took it for what it was then."""
    scene = scene_of(db)
    scene.fail(times=3)
    restored(scene)
    assert asked(scene) == (False, False)
    scene.fail()
    _, found = scene.incidents()
    assert asked(scene) == (True, True)
    assert (found.silenced_name, found.acknowledged_at_us, found.acknowledged_name) == ("", None, "")
    assert (found.escalated, found.loud_since_us) == (0, found.sounded_at_us), "people are called anew"
    assert scene.entries(found.id)[-2:] == ["again", "sound"] and "alarm.again" in scene.events()
    shift_clock(minutes(2))
    scene.fail()
    assert scene.entries(found.id).count("again") == 1


def test_a_person_s_hand_from_before_the_restore_still_holds(db: Database) -> None:
    scene = scene_of(db)
    scene.fail(times=3)
    for verb in (silence_incident, acknowledge_incident):
        scene.act(verb, incident_id=scene.incident().id)
    restored(scene)
    scene.fail(operator_id=ANNE)
    assert asked(scene) == (True, False), "the same attack merely goes on"
    assert scene.incidents()[1].acknowledged_at_us is not None
