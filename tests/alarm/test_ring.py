"""Sounding is bounded: so many seconds, again only by new signals, at most once a minute, not while it is silenced."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.alarm.scene import Scene, minutes, seconds
from tocsin.alarm.incident import acknowledge_incident, clear_incident, silence_incident
from tocsin.alarm.ring import ring_after_restart
from tocsin.core.clock import shift_clock
from tocsin.core.db import Database
from tocsin.desk import Desk
from tocsin.settings import Settings


@pytest.fixture
def scene(db: Database) -> Scene:
    """An attack that began to sound now, for three minutes."""
    made = Scene(db)
    made.fail(times=3)
    return made


def test_the_noise_ends_by_itself_and_the_light_stays(scene: Scene):
    shift_clock(seconds(178))
    assert scene.wanted().sound
    shift_clock(seconds(181))
    now = scene.wanted()
    assert (now.light, now.sound, now.sound_until_us) == (True, False, 0)


def test_new_signals_make_it_no_longer_and_sound_again_when_it_has_ended(scene: Scene):
    until_us = scene.wanted().sound_until_us
    shift_clock(seconds(100))
    scene.fail()
    assert scene.wanted().sound_until_us == until_us
    shift_clock(seconds(200))
    scene.fail()
    assert scene.wanted().sound and scene.entries().count("sound") == 2
    assert scene.events().count("alarm.level") == 2


def test_it_starts_at_most_once_a_minute(db: Database):
    scene = Scene(db)
    scene.choose(sound_seconds=5)
    scene.fail(times=3)
    started = scene.incident().sounded_at_us
    for second in (10, 30, 58):
        shift_clock(seconds(second))
        scene.fail()
        assert not scene.wanted().sound
    assert scene.incident().sounded_at_us == started
    shift_clock(seconds(61))
    scene.fail()
    assert scene.wanted().sound and scene.entries().count("sound") == 2


def test_what_was_refused_untested_makes_no_new_noise(scene: Scene):
    shift_clock(seconds(400))
    scene.fail(times=30, outcome="locked")
    assert not scene.wanted().sound and scene.incident().signals == 33


def test_once_silenced_the_same_attack_stays_silent(scene: Scene):
    scene.act(silence_incident, incident_id=scene.incident().id)
    for minute in (1, 5, 14):
        shift_clock(minutes(minute))
        scene.fail(times=2)
        scene.fail(times=20, outcome="locked")
    assert scene.incident().signals == 69 and not scene.wanted().sound
    assert scene.entries().count("sound") == 1


def test_another_incident_sounds_while_one_is_silenced(scene: Scene):
    scene.act(silence_incident, incident_id=scene.incident().id)
    scene.mistype(times=3)
    assert scene.wanted().sound
    assert scene.wanted().incident_id == scene.incidents()[0].id


def test_a_clock_that_was_put_back_makes_no_endless_noise(scene: Scene):
    shift_clock(-minutes(120))
    assert not scene.wanted().sound and scene.wanted().light


def test_after_a_restart_what_nobody_silenced_sounds_again(
    scene: Scene, make_db: Callable[[], Database], tmp_path: Path
):
    shift_clock(seconds(3000))
    assert not scene.wanted().sound
    desk = Desk(Settings(data_dir=str(tmp_path)), scene.db)
    desk.start()
    desk.close()
    scene.db = make_db()
    assert scene.wanted().sound
    assert "restarted" in scene.entries() and scene.events().count("alarm.level") == 2
    assert scene.incident().loud_since_us is not None


def test_after_a_restart_the_rest_stays_quiet(db: Database):
    silenced, cleared, light = (Scene(db, code=code) for code in ("AA", "BB", "CC"))
    for scene in (silenced, cleared):
        scene.fail(times=3)
    light.fail()
    silenced.act(silence_incident, incident_id=silenced.incident().id)
    cleared.act(clear_incident, incident_id=cleared.incident().id)
    assert ring_after_restart(db) == 0
    assert not any(scene.wanted().sound for scene in (silenced, cleared, light))


def test_an_acknowledged_incident_sounds_again_after_a_restart(scene: Scene):
    scene.act(acknowledge_incident, incident_id=scene.incident().id)
    shift_clock(seconds(3000))
    assert ring_after_restart(scene.db) == 1
    assert scene.wanted().sound
