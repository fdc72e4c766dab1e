"""Silence, acknowledge and clear: three things, by whom and when, each once, each by those who may."""

import pytest

from tests.alarm.scene import Scene
from tocsin.alarm.incident import (
    IncidentAcknowledged,
    IncidentMakesNoSound,
    IncidentMissing,
    IncidentNoteLong,
    IncidentOver,
    IncidentSilenced,
    acknowledge_incident,
    alarm_now,
    clear_incident,
    get_incident,
    list_incidents,
    list_signals,
    list_sources,
    raise_incident,
    silence_incident,
)
from tocsin.alarm.posture import read_posture
from tocsin.alarm.timeline import ENTRY_TEXTS
from tocsin.core.actor import ROLES, NotAllowed
from tocsin.core.db import Database
from tocsin.core.journal import read_journal

ACTS = [silence_incident, acknowledge_incident, clear_incident]


@pytest.fixture
def scene(db: Database) -> Scene:
    """An attack that sounds."""
    made = Scene(db)
    made.fail(times=3)
    return made


def test_silence_stops_the_noise_and_leaves_the_light(scene: Scene):
    scene.act(silence_incident, role="checker", incident_id=scene.incident().id, note="it is Anne")
    now = scene.wanted()
    assert (now.light, now.sound, now.incident_id) == (True, False, scene.incident().id)
    found = scene.incident()
    assert (found.silenced_name, found.is_open, found.note) == ("checker", True, "it is Anne")
    assert found.acknowledged_at_us is None
    scene.fail(times=5)
    assert not scene.wanted().sound and scene.incident().signals == 8


def test_acknowledging_leaves_noise_and_light(scene: Scene):
    scene.act(acknowledge_incident, role="clerk", incident_id=scene.incident().id)
    assert scene.wanted().light and scene.wanted().sound
    assert scene.incident().acknowledged_name == "clerk" and scene.incident().silenced_at_us is None


def test_clearing_ends_both_and_leaves_the_posture(scene: Scene):
    scene.act(clear_incident, role="manager", incident_id=scene.incident().id, note="a drill of the bank")
    now = scene.read(alarm_now)
    assert (now.light, now.sound, now.open_incidents, now.newest) == (False, False, 0, None)
    assert now.posture.state == "alert"
    assert (scene.incident().outcome, scene.incident().cleared_name) == ("cleared", "manager")


def test_each_act_is_told_to_timeline_journal_and_listeners(scene: Scene):
    number = scene.incident().id
    for act in ACTS:
        scene.act(act, incident_id=number)
    assert scene.entries()[-3:] == ["silenced", "acknowledged", "cleared"]
    assert scene.events()[-3:] == ["alarm.silenced", "alarm.acknowledged", "alarm.cleared"]
    verbs = [one.verb for one in scene.read(read_journal, subject=f"incident:{number}")]
    assert verbs == ["alarm.clear", "alarm.acknowledge", "alarm.silence"]
    assert {one.actor_name for one in scene.timeline()[-3:]} == {"owner"}
    assert scene.timeline()[-3].fields() == {"name": "owner"}
    assert {*scene.entries()} <= ENTRY_TEXTS.keys()


@pytest.mark.parametrize(
    ("act", "refusal"), [(silence_incident, IncidentSilenced), (acknowledge_incident, IncidentAcknowledged), (clear_incident, IncidentOver)]
)  # fmt: skip
def test_twice_is_refused_and_says_who_was_first(scene: Scene, act, refusal):
    number = scene.incident().id
    scene.act(act, role="manager", incident_id=number)
    with pytest.raises(refusal) as refused:
        scene.act(act, incident_id=number)
    assert refused.value.kind == "conflict"
    assert refused.value.data.get("name", "manager") == "manager"
    before = scene.entries()
    assert len(before) == len(set(before)) + before.count("rule") - 1


@pytest.mark.parametrize("act", ACTS)
def test_what_is_over_is_refused(scene: Scene, act):
    scene.act(clear_incident, incident_id=scene.incident().id)
    with pytest.raises(IncidentOver) as refused:
        scene.act(act, incident_id=scene.incident().id)
    assert refused.value.data == {"outcome": "cleared"}


@pytest.mark.parametrize("act", ACTS)
def test_what_is_not_there_or_another_merchants_is_missing(scene: Scene, act):
    other = Scene(scene.db, code="BB")
    with pytest.raises(IncidentMissing):
        other.act(act, incident_id=scene.incident().id)
    assert scene.incident().is_open and scene.incident().silenced_at_us is None


def test_an_incident_that_never_sounded_can_not_be_silenced_beforehand(db: Database):
    scene = Scene(db)
    scene.fail()
    with pytest.raises(IncidentMakesNoSound):
        scene.act(silence_incident, incident_id=scene.incident().id)
    scene.fail(times=2)
    assert scene.wanted().sound


@pytest.mark.parametrize("role", sorted(ROLES))
@pytest.mark.parametrize("act", ACTS)
def test_who_may_do_what(scene: Scene, act, role: str):
    allowed = role in {"owner", "manager"} or (act is not clear_incident and role != "station")
    if allowed:
        scene.act(act, role=role, incident_id=scene.incident().id)
    else:
        with pytest.raises(NotAllowed):
            scene.act(act, role=role, incident_id=scene.incident().id)
    touched = scene.entries()[-1] in ("silenced", "acknowledged", "cleared")
    assert touched == allowed


def test_a_station_sees_no_incidents(scene: Scene):
    number = scene.incident().id
    for ask in (
        lambda tx: list_incidents(tx, scene.actor("station")),
        lambda tx: get_incident(tx, scene.actor("station"), incident_id=number),
        lambda tx: list_signals(tx, scene.actor("station"), incident_id=number),
        lambda tx: list_sources(tx, scene.actor("station"), incident_id=number),
    ):
        with pytest.raises(NotAllowed):
            scene.read(ask)


def test_a_long_note_is_refused_and_control_characters_go(scene: Scene):
    number = scene.incident().id
    with pytest.raises(IncidentNoteLong):
        scene.act(silence_incident, incident_id=number, note="x" * 501)
    scene.act(silence_incident, incident_id=number, note=" a\x1bb\u202e ")
    assert scene.incident().note == "ab"
    scene.act(acknowledge_incident, incident_id=number)
    assert scene.incident().note == "ab", "no note keeps the one before"


def test_raising_by_a_key_joins_the_open_one_and_lifts_it(db: Database):
    scene = Scene(db)
    drill = {"kind": "drill", "key": "drill", "why": "drill", "why_data": {}}
    first = scene.write(raise_incident, level="light", **drill)
    again = scene.write(raise_incident, level="sound", **drill)
    assert first == again == scene.incident().id
    assert scene.wanted().sound and scene.entries() == ["raised", "sound"]
    assert scene.read(read_posture).state == "calm", "a drill is no alert"
    scene.act(clear_incident, incident_id=first)
    assert scene.write(raise_incident, level="light", **drill) != first


def test_a_list_is_paged_newest_first(db: Database):
    scene = Scene(db)
    ids = [
        scene.write(raise_incident, kind="drill", key=f"drill:{n}", level="light", why="drill", why_data={})
        for n in range(5)
    ]
    scene.act(clear_incident, incident_id=ids[2])
    owner = scene.actor()
    page = scene.read(lambda tx: list_incidents(tx, owner, limit=2))
    assert [one.id for one in page] == [ids[4], ids[3]]
    page = scene.read(lambda tx: list_incidents(tx, owner, before=ids[3], open_only=True))
    assert [one.id for one in page] == [ids[1], ids[0]]
    assert scene.read(lambda tx: get_incident(tx, owner, incident_id=ids[2])).outcome == "cleared"


def test_signals_and_sources_of_an_incident(scene: Scene):
    scene.fail(times=2, outcome="locked", address="203.0.113.5", device="")
    owner, number = scene.actor(), scene.incident().id
    told = scene.read(lambda tx: list_signals(tx, owner, incident_id=number, limit=3))
    assert [one.outcome for one in told] == ["locked", "locked", "wrong"]
    older = scene.read(lambda tx: list_signals(tx, owner, incident_id=number, before=told[-1].id))
    assert len(older) == 2
    sources = scene.read(lambda tx: list_sources(tx, owner, incident_id=number))
    assert [(one.kind, one.value, one.signals) for one in sources] == [
        ("account", "101", 5), ("address", "198.51.100.9", 3), ("address", "203.0.113.5", 2)
    ]  # fmt: skip
