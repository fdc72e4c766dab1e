"""“It was me”: always kept, and the end only where the word of the account's owner is enough."""

import pytest

from tests.alarm.scene import ANNE, BEN, Scene
from tocsin.alarm.incident import IncidentMissing, IncidentOver, clear_incident, raise_incident
from tocsin.alarm.mine import IncidentNotYours, say_it_was_me
from tocsin.core.db import Database, Tx


@pytest.fixture
def scene(db: Database) -> Scene:
    return Scene(db)


def say(scene: Scene, operator_id: int = ANNE, incident_id: int = 0) -> str:
    wanted = incident_id or scene.incident().id

    def verb(tx: Tx) -> str:
        return say_it_was_me(tx, scene.house.actor("clerk", actor_id=operator_id), incident_id=wanted)

    return scene.db.write(scene.merchant_id, verb)


def test_a_light_about_ones_own_account_alone_ends_by_ones_word(scene: Scene) -> None:
    scene.fail()
    assert say(scene) == "ended"
    over = scene.incident()
    assert over.outcome == "cleared" and over.cleared_by == ANNE
    assert {"was_me", "cleared"} <= set(scene.entries())
    with pytest.raises(IncidentOver):
        say(scene)


def test_what_sounded_waits_for_who_may_clear(scene: Scene) -> None:
    scene.fail(times=3)
    assert say(scene) == "noted"
    assert scene.incident().is_open and "was_me" in scene.entries()


def test_nor_what_sounds_at_the_first_wrong_credential(scene: Scene) -> None:
    scene.choose(profile="strict")
    scene.fail()
    assert say(scene) == "noted" and scene.incident().is_open


def test_what_sounded_by_no_rule_waits_too(scene: Scene) -> None:
    scene.write(
        raise_incident, kind="attack", key="attack", level="sound", why="wrong_credential", why_data={"count": 1}, operator_id=ANNE
    )  # fmt: skip
    assert say(scene) == "noted" and scene.incident().is_open


def test_an_attack_on_others_too_is_not_ended_by_one_of_them(scene: Scene) -> None:
    scene.fail()
    scene.fail(operator_id=BEN, name_digest="ben")
    assert say(scene) == "noted" and say(scene, BEN) == "noted"
    assert scene.incident().is_open


def test_nor_where_a_decoy_came_into_it(scene: Scene) -> None:
    scene.fail()
    scene.send("decoy_tried", name_digest="decoy", address="198.51.100.9")
    scene.fail()
    assert say(scene) == "noted"


def test_it_is_the_word_of_the_owner_alone(scene: Scene) -> None:
    scene.fail()
    with pytest.raises(IncidentNotYours):
        say(scene, BEN)
    with pytest.raises(IncidentMissing):
        say(scene, incident_id=7)
    scene.act(clear_incident, incident_id=scene.incident().id)
    with pytest.raises(IncidentOver):
        say(scene)
