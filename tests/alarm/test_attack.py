"""A success explains a slip at a known device, and a device that is back its silence; it never ends an attack."""

from tests.alarm.scene import ANNE, BEN, ELSEWHERE, OWN_PC, Scene, minutes, seconds, watch
from tocsin.alarm.posture import read_posture
from tocsin.alarm.signal import Signal, send_signal
from tocsin.core.clock import shift_clock
from tocsin.core.db import Database


def test_a_known_device_that_mistypes_and_succeeds_ends_as_mistyped(db: Database):
    scene = Scene(db)
    scene.mistype(times=2)
    assert scene.incident().kind == "device" and scene.wanted().light
    assert scene.read(read_posture).state == "calm", "a slip at one's own desk makes no alert"
    shift_clock(seconds(100))
    scene.succeed()
    ended = scene.incident()
    assert (ended.outcome, ended.cleared_name, ended.is_open) == ("mistyped", "desk", False)
    assert scene.entries() == ["raised", "mistyped"] and not scene.wanted().light
    shift_clock(seconds(110))
    scene.mistype(times=2)
    assert [one.level for one in scene.incidents()] == ["light", "light"], "the count began anew"


def test_a_wrong_and_a_right_one_in_one_batch_are_taken_in_their_order(db: Database):
    scene = Scene(db)
    at_home = {"operator_id": ANNE, "name_digest": "anne", "device": OWN_PC}
    wrong, right = (Signal(kind=kind, **at_home) for kind in ("credential_wrong", "credential_right"))
    db.write(scene.merchant_id, lambda tx: [send_signal(tx, one) for one in (wrong, right, wrong)] and None)
    watch(db)
    assert [one.outcome for one in scene.incidents()] == ["", "mistyped"]


def test_after_two_minutes_or_elsewhere_a_success_explains_nothing(db: Database):
    scene = Scene(db)
    scene.mistype()
    shift_clock(minutes(2) + seconds(5))
    scene.succeed()
    assert scene.incident().is_open and scene.entries() == ["raised", "signed_in"]
    scene.succeed(device="e" * 64)
    scene.succeed(operator_id=BEN, name_digest="ben")
    assert scene.incident().is_open and scene.entries() == ["raised", "signed_in"]


def test_a_known_device_that_sounded_waits_for_a_person(db: Database):
    scene = Scene(db)
    scene.mistype(times=3)
    assert scene.incident().level == "sound" and scene.read(read_posture).state == "alert"
    scene.succeed()
    assert scene.incident().is_open and scene.entries()[-1] == "signed_in"


def test_the_owner_at_his_own_device_does_not_end_the_attack(db: Database):
    scene = Scene(db)
    scene.fail()
    scene.succeed()
    assert scene.incident().is_open and scene.entries() == ["raised", "posture"]
    scene.succeed(device="", address=ELSEWHERE)
    assert scene.incident().is_open and scene.entries()[-1] == "signed_in"
    assert scene.timeline()[-1].fields()["operator"] == str(ANNE)
    before = scene.entries()
    scene.succeed(device="", operator_id=BEN, name_digest="ben")
    assert scene.entries() == before, "he was not tried here"
    assert scene.incident().signals == 1 and scene.incident().addresses == 1


def test_a_device_that_comes_back_ends_what_was_only_light(db: Database):
    scene = Scene(db)
    scene.send("siren_vanished", subject="siren:7")
    watch(db)
    assert (scene.incident().why, scene.incident().level) == ("siren_vanished", "light")
    scene.send("device_back", subject="siren:8")
    watch(db)
    assert scene.incident().is_open
    scene.send("device_back", subject="siren:7")
    watch(db)
    assert scene.incident().outcome == "back"


def test_a_mistyped_station_code_is_no_alarm_and_five_of_them_are_a_light(db: Database):
    scene = Scene(db)
    scene.send("station_code_wrong", subject="station:new", method="code", times=4)
    watch(db)
    assert not scene.incidents() and scene.read(read_posture).state == "calm"
    scene.send("station_code_wrong", subject="station:new", method="code")
    watch(db)
    assert (scene.incident().kind, scene.incident().level) == ("station_code_wrong", "light")
