"""Signals and the addresses in them are kept 90 days; the incident and its counts stay."""

import pytest

from tests.alarm.scene import ANNE, BEN, ELSEWHERE, OWN_PC, Scene, minutes
from tocsin.alarm.evidence import COUNTED_MOST, list_signals, list_sources, sweep_evidence
from tocsin.alarm.rule import Setting
from tocsin.core.clock import DAY_US, shift_clock
from tocsin.core.db import Database


def evidence_of(scene: Scene, incident_id: int) -> tuple[int, int]:
    owner = scene.actor()
    return (
        len(scene.read(lambda tx: list_signals(tx, owner, incident_id=incident_id))),
        len(scene.read(lambda tx: list_sources(tx, owner, incident_id=incident_id))),
    )


def test_what_is_old_is_swept_and_the_incident_stays(db: Database):
    one, other = Scene(db), Scene(db, code="BB")
    one.fail(times=3)
    other.fail()
    first = one.incident().id
    assert evidence_of(one, first) == (3, 2)
    shift_clock(89 * DAY_US)
    one.mistype()
    assert sweep_evidence(db) == 0
    shift_clock(90 * DAY_US + minutes(1))
    assert sweep_evidence(db) == 4 + 4
    assert sweep_evidence(db) == 0
    newest, oldest = one.incidents()
    assert (oldest.id, oldest.signals, oldest.accounts) == (first, 3, 1)
    assert evidence_of(one, first) == (0, 0) and evidence_of(one, newest.id) == (1, 3)


@pytest.mark.parametrize(("apart", "sounds"), [(14.9, True), (15.1, False)])
def test_failures_count_within_their_window(db: Database, apart: float, *, sounds: bool):
    scene = Scene(db)
    scene.fail(times=2)
    shift_clock(minutes(apart))
    scene.fail()
    assert scene.wanted().sound == sounds


@pytest.mark.parametrize(("accounts", "sounds"), [(3, False), (4, True)])
def test_accounts_are_counted_each_once(db: Database, accounts: int, *, sounds: bool):
    scene = Scene(db)
    for _ in range(2):
        for number in range(accounts):
            scene.fail(operator_id=200 + number, name_digest=str(number), address="")
    assert (scene.incident().why == "accounts_spread") == sounds == scene.wanted().sound


@pytest.mark.parametrize(("times", "sounds"), [(9, False), (10, True)])
def test_failures_of_one_address_are_counted(db: Database, times: int, *, sounds: bool):
    scene = Scene(db)
    off = Setting(level="off")
    scene.choose(rules={"accounts_spread": off, "unknown_names": off})
    for number in range(times):
        scene.fail(operator_id=200 + number, name_digest=str(number))
    assert (scene.incident().why == "address_failures") == sounds


def test_what_others_do_is_not_counted_against_an_account(db: Database):
    """Neither known devices, nor what was refused, nor a success, nor another account or merchant."""
    scene, other = Scene(db), Scene(db, code="BB")
    scene.fail()
    scene.send(times=2, operator_id=ANNE, device=OWN_PC)
    scene.send(times=5, operator_id=ANNE, outcome="locked")
    scene.send("credential_right", operator_id=ANNE, outcome="right", address=ELSEWHERE)
    scene.send(times=2, operator_id=BEN)
    other.send(times=2, operator_id=ANNE)
    scene.fail()
    assert not any(one.level == "sound" for one in scene.incidents())
    scene.fail(outcome="inferred")
    assert [one.why for one in scene.incidents() if one.level == "sound"] == ["account_failures"]


def test_sources_are_counted_so_far_and_no_further():
    assert COUNTED_MOST == 10_001
