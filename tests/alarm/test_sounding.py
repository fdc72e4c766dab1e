"""Sirens are driven by incidents: on, silent, off, tried out, changed, told anew; by the hours of the shop."""

import time
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from tests.alarm.yard import PACE, Yard
from tocsin.alarm.hours import CLOSED, SirenHours, change_hours
from tocsin.alarm.incident import clear_incident, silence_incident
from tocsin.alarm.siren import OFF
from tocsin.alarm.siren_row import change_siren, remove_siren, try_siren
from tocsin.alarm.sirens.memory import PLUGIN
from tocsin.alarm.sounding import Sounding
from tocsin.core.clock import SECOND_US, shift_clock
from tocsin.core.db import Database


@pytest.fixture
def yard(db: Database) -> Iterator[Yard]:
    made = Yard(db)
    yield made
    made.sounding.stop()


def test_on_silent_and_off_each_confirmed_and_told(yard: Yard) -> None:
    place = yard.siren()
    yard.until(lambda: yard.row().state == "off")
    assert place.told == [OFF], "at the start it is told anew"
    yard.fail()
    yard.until(lambda: yard.row().state == "light")
    assert (place.now.light, place.now.sound) == (True, False)
    yard.fail(times=2)
    yard.until(lambda: yard.row().state == "on")
    assert place.now.sound and place.now.seconds == 185
    incident = yard.incident().id
    yard.act(silence_incident, incident_id=incident)
    yard.until(lambda: yard.row().state == "light")
    assert (place.now.light, place.now.sound) == (True, False), "silence leaves the light"
    yard.act(clear_incident, incident_id=incident)
    yard.until(lambda: yard.row().state == "off")
    kinds = [kind for kind in yard.entries() if kind.startswith("siren_")]
    assert kinds == ["siren_light", "siren_on", "siren_light", "siren_off"]
    (line,) = yard.lines("siren_on")
    assert line["siren"] == "Yard" and line["ms"] >= 0 and 0 <= line["since_ms"] < 3000 and line["confirmed"]
    assert yard.events().count("alarm.siren") >= 5 and yard.row().sounded_at_us > 0


def test_one_that_can_not_part_them_is_dark_for_a_light_and_after_silence(yard: Yard) -> None:
    place = yard.siren(light="with_sound")
    yard.fail()
    yard.rest()
    assert not place.now.on and yard.row().state == "off"
    yard.fail(times=2)
    yard.until(lambda: place.now.sound)
    assert place.now.light
    yard.act(silence_incident, incident_id=yard.incident().id)
    yard.until(lambda: not place.now.on)


def test_the_sound_ends_by_itself_and_the_light_stays(yard: Yard) -> None:
    place = yard.siren()
    yard.choose(sound_seconds=5)
    yard.alarm()
    yard.until(lambda: place.now.sound)
    shift_clock(4 * SECOND_US)
    took = yard.until(lambda: not place.now.sound)
    assert 0.3 < took < 1.5 and place.now.light
    assert yard.incident().is_open


def test_the_devices_own_timer_is_kept_alive(yard: Yard) -> None:
    place = yard.siren()
    yard.choose(sound_seconds=5)
    yard.alarm()
    yard.until(lambda: yard.row().state == "on")
    line = next(iter(yard.sounding._groups[yard.merchant_id]._lines.values()))
    told = len(place.told)
    line._armed_at -= 9  # most of its ten seconds are over, and a new ring came
    yard.until(lambda: len(place.told) > told)
    assert place.now.sound and yard.entries().count("siren_on") == 1, "no news: it went on all the while"


def test_all_sirens_are_told_at_the_same_time(yard: Yard) -> None:
    places = [yard.siren(f"n{n}") for n in range(4)]
    yard.until(lambda: all(place.told for place in places))
    for place in places:
        place.delay_seconds = 0.3
    yard.alarm()
    assert yard.until(lambda: all(place.now.sound for place in places)) < 0.9


def test_a_trial_sounds_two_seconds_and_says_what_came_of_it(yard: Yard) -> None:
    place = yard.siren()
    yard.until(lambda: place.told)
    yard.act(try_siren, siren_id=yard.ids["Yard"])
    assert yard.until(lambda: yard.row().tested_at_us) < 1
    assert place.now.sound and place.now.light and yard.row().problem == ""
    assert 1 < yard.until(lambda: not place.now.on) < 3
    place.fails = "unplugged"
    yard.act(try_siren, siren_id=yard.ids["Yard"])
    yard.until(lambda: yard.row().tested_at_us)
    assert yard.row().problem == "it does not answer" and yard.row().detail == "unplugged"
    tried = place.probes
    yard.rest(0.2)
    assert place.probes - tried < 5, "a person who waits makes no storm of tries"


def test_a_trial_of_one_that_sounds_already(yard: Yard) -> None:
    place = yard.siren()
    yard.alarm()
    yard.until(lambda: place.now.sound)
    yard.act(try_siren, siren_id=yard.ids["Yard"])
    yard.until(lambda: yard.row().tested_at_us)
    yard.rest(2.4)
    assert place.now.sound, "the alarm goes on"


def test_changed_settings_hold_at_once_and_a_removed_one_is_switched_off(yard: Yard) -> None:
    place = yard.siren()
    yard.alarm()
    yard.until(lambda: place.now.sound)
    yard.act(change_siren, siren_id=yard.ids["Yard"], name="Yard", options={"place": "elsewhere"})
    other = PLUGIN.places["elsewhere"]
    yard.until(lambda: other.now.sound and not place.now.on)
    yard.act(remove_siren, siren_id=yard.ids["Yard"])
    yard.until(lambda: not other.now.on)
    PLUGIN.places.pop("elsewhere")


def test_a_closed_shop_is_dark_first_then_loud_until_its_budget_is_spent(yard: Yard) -> None:
    place = yard.siren()
    hours = SirenHours(open=(CLOSED,) * 7, closed_delay_seconds=1, closed_budget_seconds=2)
    yard.act(change_hours, chosen=hours, revision=0)
    yard.alarm()
    yard.until(lambda: place.now.light)
    assert not place.now.sound, "people are called first"
    assert 0.5 < yard.until(lambda: place.now.sound) < 2
    assert 1 < yard.until(lambda: not place.now.sound) < 3.5
    yard.until(lambda: yard.row().night_sounded_us >= 1_500_000)
    assert place.now.light
    yard.sounding.stop()
    yard.sounding = Sounding(yard.db, pace=PACE)
    yard.rest(1)
    assert not place.now.sound, "a restart gives no new budget"


def test_a_restart_tells_each_siren_anew(yard: Yard) -> None:
    place = yard.siren()
    yard.alarm()
    yard.until(lambda: place.now.sound)
    yard.sounding.stop()
    told = len(place.told)
    yard.sounding = Sounding(yard.db, pace=PACE)
    yard.until(lambda: len(place.told) > told)
    assert place.now.sound
    yard.act(clear_incident, incident_id=yard.incident().id)
    yard.sounding.stop()
    place.now = replace(OFF, sound=True)  # left on by a process that was killed
    yard.sounding = Sounding(yard.db, pace=PACE)
    yard.until(lambda: not place.now.on)


def test_merchants_have_their_own(yard: Yard, db: Database) -> None:
    other = Yard(db, code="BB")
    mine, theirs = yard.siren(), other.siren()
    yard.alarm()
    yard.until(lambda: mine.now.sound)
    yard.rest()
    assert not theirs.now.on
    other.sounding.stop()


def test_the_loop_hears_of_an_alarm_at_once(db: Database) -> None:
    yard = Yard(db)
    place = yard.siren()
    yard.sounding.start()
    began = time.monotonic()
    while not place.told and time.monotonic() < began + 5:
        time.sleep(0.01)
    yard.alarm()
    began = time.monotonic()
    while not place.now.sound and time.monotonic() < began + 5:
        time.sleep(0.001)
    took = time.monotonic() - began
    yard.sounding.stop()
    assert took < 0.3, f"{took} s after the incident"


def test_while_the_database_is_away_it_goes_on_by_what_it_knew(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = yard.siren()
    yard.choose(sound_seconds=5)
    yard.alarm()
    yard.until(lambda: place.now.sound)
    sounding, group = yard.sounding, yard.sounding._groups[yard.merchant_id]

    class Away:
        dialect = yard.db.dialect

        def read(self, *_: object) -> None:
            raise OSError("the database is away")

        write = read

    for one in (sounding, sounding._lease, group):
        one._db = Away()  # type: ignore[assignment]
    shift_clock(4 * SECOND_US)
    deadline = time.monotonic() + 5
    while place.now.sound and time.monotonic() < deadline:
        sounding.sound_sirens()
        time.sleep(0.05)
    assert not place.now.sound and place.now.light, "the sound ends in time"
    for one in (sounding, sounding._lease, group):
        one._db = yard.db
    yard.rest(1.2)
    assert yard.entries()[-1] == "siren_light", "what happened meanwhile is kept afterwards"
