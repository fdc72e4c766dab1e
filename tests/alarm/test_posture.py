"""Posture: it rises by itself and by hand, falls by hand alone, and says since when and why."""

import pytest
from msgspec.structs import replace

from tests.alarm.scene import Scene, watch
from tocsin.alarm.incident import clear_incident
from tocsin.alarm.posture import (
    DeskLockedDown,
    LockdownHeld,
    LockdownYours,
    PostureSame,
    PostureWrong,
    change_posture,
    raise_posture,
    read_posture,
    read_postures,
    require_not_locked_down,
)
from tocsin.core.actor import ROLES, NotAllowed, console_actor
from tocsin.core.db import Database
from tocsin.core.journal import read_journal


def test_a_desk_without_history_is_calm(db: Database):
    scene = Scene(db)
    assert scene.read(read_posture).state == "calm" and scene.read(read_postures) == []
    scene.read(require_not_locked_down)


def test_each_change_is_a_row_with_who_and_why(db: Database):
    scene = Scene(db)
    scene.act(change_posture, role="manager", state="lockdown", reason="  a stranger at desk 2 ")
    now = scene.read(read_posture)
    assert (now.state, now.why, now.actor_name, now.by_desk) == (
        "lockdown", "a stranger at desk 2", "manager", False
    )  # fmt: skip
    with pytest.raises(DeskLockedDown) as refused:
        scene.read(require_not_locked_down)
    assert refused.value.kind == "refused"
    scene.act(change_posture, state="calm", reason="he was the plumber")
    scene.read(require_not_locked_down)
    assert [one.state for one in scene.read(read_postures)] == ["calm", "lockdown"]
    assert scene.events() == ["alarm.posture", "alarm.posture"]
    assert len(scene.read(read_journal, subject=f"merchant:{scene.merchant_id}")) == 2


def test_the_desk_raises_and_never_lowers(db: Database):
    scene = Scene(db)
    for state, moved in (("alert", True), ("alert", False), ("lockdown", True), ("alert", False)):
        assert scene.write(raise_posture, state=state, why="decoy_tried", incident_id=7) == moved
    assert scene.read(read_posture).state == "lockdown" and scene.read(read_posture).incident_id == 7


def test_it_does_not_fall_when_the_incident_is_over(db: Database):
    scene = Scene(db)
    scene.fail()
    now = scene.read(read_posture)
    assert (now.state, now.why, now.incident_id, now.actor_name) == (
        "alert", "wrong_credential", scene.incident().id, "desk"
    )  # fmt: skip
    scene.act(clear_incident, incident_id=scene.incident().id)
    assert scene.read(read_posture).state == "alert"


@pytest.mark.parametrize(
    ("given", "field"),
    [({"state": "panic", "reason": "x"}, "state"), ({"state": "alert", "reason": " \u200b "}, "reason"),
     ({"state": "alert", "reason": "x" * 501}, "reason")],
)  # fmt: skip
def test_what_can_not_be_set_is_refused(db: Database, given, field):
    scene = Scene(db)
    with pytest.raises(PostureWrong) as refused:
        scene.act(change_posture, **given)
    assert refused.value.data["field"] == field and scene.read(read_postures) == []


def test_twice_is_refused(db: Database):
    scene = Scene(db)
    with pytest.raises(PostureSame):
        scene.act(change_posture, state="calm", reason="x")
    scene.act(change_posture, state="alert", reason="x")
    with pytest.raises(PostureSame, match="owner"):
        scene.act(change_posture, role="manager", state="alert", reason="x")
    assert len(scene.read(read_postures)) == 1


@pytest.mark.parametrize("role", sorted(ROLES))
def test_who_may_set_it(db: Database, role: str):
    scene = Scene(db)
    if role in {"owner", "manager"}:
        scene.act(change_posture, role=role, state="lockdown", reason="x")
    else:
        with pytest.raises(NotAllowed):
            scene.act(change_posture, role=role, state="lockdown", reason="x")
    assert (scene.read(read_posture).state == "lockdown") == (role in {"owner", "manager"})


def test_another_merchant_stays_as_he_is(db: Database):
    one, other = Scene(db), Scene(db, code="BB")
    one.act(change_posture, state="lockdown", reason="x")
    assert other.read(read_posture).state == "calm" and other.read(read_postures) == []
    other.read(require_not_locked_down)


def test_a_key_lifts_no_lockdown_and_neither_does_who_brought_it_about(db: Database):
    scene = Scene(db)
    scene.send("reveals_many", operator_id=1, data={"count": 400, "usual": 20, "days": 30})
    watch(db)
    assert scene.read(read_posture).state == "lockdown"
    him, other = scene.house.actor("manager", actor_id=1), scene.house.actor("manager", actor_id=2)
    key = replace(other, kind="api_key")
    for state in ("calm", "alert"):
        for actor, refusal in ((him, LockdownYours), (key, LockdownHeld)):
            with pytest.raises(refusal) as refused:
                scene.write(change_posture, actor=actor, state=state, reason="nothing")
            assert refused.value.kind == "refused"
    scene.act(clear_incident, incident_id=scene.incident().id)
    with pytest.raises(LockdownYours):
        scene.write(change_posture, actor=him, state="calm", reason="it is over")
    scene.write(
        change_posture, actor=console_actor(scene.merchant_id, user=0), state="calm", reason="asked him"
    )
    scene.write(change_posture, actor=him, state="lockdown", reason="to be safe")
    scene.write(change_posture, actor=him, state="calm", reason="nobody caused it")
    assert scene.read(read_posture).state == "calm" and scene.read(read_postures)[0].actor_id == him.id
