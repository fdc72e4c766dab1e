"""Whom an incident concerns, and where it comes from last."""

from tests.alarm.scene import ANNE, BEN, Scene
from tocsin.alarm.concerned import concerned_by, last_address
from tocsin.core.db import Database


def test_those_whose_accounts_were_tried_are_concerned(db: Database) -> None:
    scene = Scene(db)
    scene.fail(times=2)
    scene.fail(operator_id=0, name_digest="nobody")
    one = scene.incident()
    everybody = frozenset({ANNE, BEN, 0, 7})
    assert scene.read(concerned_by, incident_id=one.id, operator_ids=everybody) == {ANNE}
    scene.fail(operator_id=BEN, name_digest="ben")
    assert scene.read(concerned_by, incident_id=one.id, operator_ids=everybody) == {ANNE, BEN}
    assert scene.read(concerned_by, incident_id=one.id, operator_ids=frozenset({7})) == set()
    assert scene.read(concerned_by, incident_id=one.id, operator_ids=frozenset()) == set()


def test_the_last_address_is_the_newest_signal_s(db: Database) -> None:
    scene = Scene(db)
    scene.fail(address="198.51.100.9")
    scene.fail(address="203.0.113.9")
    assert scene.read(last_address, incident_id=scene.incident().id) == "203.0.113.9"
    assert scene.read(last_address, incident_id=1) == ""


def test_another_merchant_s_incident_concerns_nobody_here(db: Database) -> None:
    scene, other = Scene(db), Scene(db, code="BB")
    scene.fail()
    one = scene.incident()
    assert other.read(concerned_by, incident_id=one.id, operator_ids=frozenset({ANNE})) == set()
    assert other.read(last_address, incident_id=one.id) == ""
