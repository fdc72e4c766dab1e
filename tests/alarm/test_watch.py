"""Signals become incidents: one attack is one, each signal counts once, and a success explains a slip."""

import sqlalchemy as sa
from structlog.testing import capture_logs

from tests.alarm.scene import ANNE, BEN, HERE, OWN_PC, Scene, seconds, watch
from tests.core.test_event import Open
from tests.house import make_house
from tocsin.alarm.evidence import list_signals, list_sources
from tocsin.alarm.incident import alarm_now, clear_incident, list_incidents
from tocsin.alarm.lane import OTHERS_MOST
from tocsin.alarm.posture import change_posture, read_posture
from tocsin.alarm.record import OPEN_MOST, open_incidents
from tocsin.alarm.rule import Setting
from tocsin.alarm.signal import Signal, send_signal
from tocsin.alarm.table import signal
from tocsin.alarm.watch import watch_signals
from tocsin.core.clock import shift_clock
from tocsin.core.db import Database
from tocsin.core.event import append_event
from tocsin.core.postgres import PostgresDatabase
from tocsin.core.statement import Statement


def test_the_first_wrong_credential_is_light_and_the_third_sounds(db: Database):
    scene = Scene(db)
    scene.fail()
    first = scene.incident()
    assert (first.kind, first.key, first.level, first.why) == (
        "attack",
        "attack",
        "light",
        "wrong_credential",
    )
    assert scene.wanted().light and not scene.wanted().sound
    scene.fail()
    assert not scene.wanted().sound
    scene.fail()
    third = scene.incident()
    assert (third.id, third.level, third.why, third.signals) == (first.id, "sound", "account_failures", 3)
    assert third.why_fields() == {"count": 3, "minutes": 15, "operator": str(ANNE)}
    assert scene.wanted().sound and scene.wanted().incident_id == first.id
    assert scene.entries() == ["raised", "posture", "rule", "sound"]
    assert scene.events() == ["alarm.raised", "alarm.posture", "alarm.level"]


def test_strict_sounds_at_the_first(db: Database):
    scene = Scene(db)
    scene.choose(profile="strict")
    scene.fail()
    assert scene.incident().level == "sound" and scene.wanted().sound


def test_guesses_at_many_accounts_from_many_addresses_are_one_incident(db: Database):
    scene = Scene(db)
    for number in range(12):
        scene.fail(operator_id=200 + number, name_digest=str(number), address=f"203.0.113.{number % 6}")
    found = scene.incident()
    assert (found.signals, found.accounts, found.addresses, found.refused) == (12, 12, 6, 0)
    assert found.why == "accounts_spread" and found.level == "sound"
    sources = scene.read(lambda tx: list_sources(tx, scene.actor(), incident_id=found.id))
    assert {(one.value, one.signals) for one in sources if one.kind == "address"} == {
        (f"203.0.113.{n}", 2) for n in range(6)
    }


def test_what_was_refused_untested_counts_but_fires_no_rule(db: Database):
    scene = Scene(db)
    scene.fail(times=40, outcome="locked")
    found = scene.incident()
    assert (found.level, found.signals, found.refused) == ("light", 40, 40)
    assert not scene.wanted().sound


def test_unknown_names_sound_by_their_own_rule(db: Database):
    scene = Scene(db)
    for number in range(5):
        scene.fail(operator_id=0, name_digest=f"nobody {number}")
    found = scene.incident()
    assert (found.why, found.accounts, found.why_fields()["count"]) == ("unknown_names", 5, 5)


def test_one_unknown_name_tried_again_and_again_is_one_name(db: Database):
    scene = Scene(db)
    scene.fail(times=9, operator_id=0, name_digest="nobody")
    assert scene.incident().level == "light" and scene.incident().accounts == 1


def test_names_of_nobody_are_the_only_merchants(db: Database):
    scene = Scene(db)
    db.write(0, lambda tx: send_signal(tx, Signal(kind="credential_wrong", name_digest="n", address=HERE)))
    watch(db)
    found = scene.incident()
    (told,) = scene.read(lambda tx: list_signals(tx, scene.actor(), incident_id=found.id))
    assert (told.merchant_id, told.address) == (scene.merchant_id, HERE)


def test_where_there_are_several_merchants_they_are_nobodys_and_logged(db: Database):
    one, other = Scene(db), Scene(db, code="BB")
    with capture_logs() as logs:
        db.write(0, lambda tx: send_signal(tx, Signal(kind="credential_wrong", name_digest="n")))
        watch(db)
    assert one.incidents() == [] == other.incidents()
    assert not one.wanted().light
    (kept,) = db.read(0, lambda tx: list_incidents(tx, one.actor()))
    assert (kept.key, kept.signals) == ("attack", 1)
    assert [log["event"] for log in logs] == ["signals_of_no_merchant"]


def test_merchants_see_their_own_alone(db: Database):
    one, other = Scene(db), Scene(db, code="BB")
    one.fail(times=3)
    other.mistype()
    one.fail(times=2)
    assert one.incident().signals == 5 and other.incident().signals == 1
    assert other.incident().kind == "device"
    stolen = other.read(lambda tx: list_signals(tx, other.actor(), incident_id=one.incident().id))
    assert stolen == [] and other.timeline(one.incident().id) == []
    assert other.read(read_posture).state == "calm" and one.read(read_posture).state == "alert"
    assert other.read(alarm_now).open_incidents == 1


def test_an_enrolled_desk_has_an_incident_per_operator(db: Database):
    scene = Scene(db)
    scene.fail(times=2, subject="station:7", method="reader")
    scene.fail(subject="station:7", method="reader", operator_id=BEN)
    scene.fail(device="12345", method="pin")
    assert {one.key for one in scene.incidents()} == {f"desk:7:{ANNE}", f"desk:7:{BEN}", f"desk:12345:{ANNE}"}
    scene.fail(subject="station:7", method="reader")
    assert [one.key for one in scene.incidents() if one.level == "sound"] == [f"desk:7:{ANNE}"]


def test_an_attack_that_goes_on_after_it_was_cleared_is_a_new_incident(db: Database):
    scene = Scene(db)
    scene.fail(times=3)
    scene.act(clear_incident, incident_id=scene.incident().id)
    scene.fail()
    newest, oldest = scene.incidents()
    assert newest.is_open and not oldest.is_open
    assert (newest.signals, newest.level) == (1, "sound"), "the account's failures of the window still stand"


def test_posture_that_a_person_lowered_is_not_raised_by_each_signal(db: Database):
    scene = Scene(db)
    scene.fail()
    scene.act(change_posture, state="calm", reason="it was me")
    scene.fail()
    assert scene.read(read_posture).state == "calm"
    scene.fail()
    assert scene.read(read_posture).state == "alert", "a rule fired"


def test_an_anomaly_of_somebody_signed_in_locks_down_where_it_sounds(db: Database):
    scene = Scene(db)
    unusual = {"count": 400, "usual": 20, "days": 30}
    scene.send("lookups_many", operator_id=ANNE, data=unusual)
    watch(db)
    assert scene.read(read_posture).state == "alert"
    scene.send("reveals_many", operator_id=ANNE, data=unusual)
    watch(db)
    posture = scene.read(read_posture)
    assert (posture.state, posture.why, posture.by_desk) == ("lockdown", "reveals_many", True)
    assert posture.incident_id == scene.incidents()[0].id
    scene.fail(times=3)
    assert scene.read(read_posture).state == "lockdown", "an alert does not lower it"


def test_somebody_who_is_watched_for_less_than_two_weeks_raises_nothing(db: Database):
    scene = Scene(db)
    scene.send("reveals_many", operator_id=ANNE, data={"count": 400, "usual": 20, "days": 13})
    watch(db)
    assert scene.incidents() == [] and scene.read(read_posture).state == "calm"


def test_a_rule_that_is_off_raises_nothing(db: Database):
    scene = Scene(db)
    scene.choose(rules={"void_scanned": Setting(level="off")})
    scene.send("void_scanned", subject="order:1")
    watch(db)
    assert scene.incidents() == []


def test_subjects_that_somebody_chooses_do_not_fill_the_desk(db: Database):
    scene = Scene(db)
    for number in range(130):
        scene.send("station_foreign", subject=f"station:{number}")
    watch(db)
    found = scene.read(lambda tx: list_incidents(tx, scene.actor(), open_only=True, limit=500))
    assert len(found) == OTHERS_MOST + 1
    assert [(one.kind, one.signals) for one in found if one.key == "station_foreign:others"] == [
        ("station_foreign", 50)
    ]


def test_an_attack_is_its_own_incident_however_full_the_desk_is(db: Database):
    scene = Scene(db)
    for number in range(130):
        scene.send("void_scanned", subject=f"ticket:{number}")
    watch(db)
    scene.fail(times=3)
    scene.mistype()
    scene.fail(subject="desk:7", address=HERE)
    newest = scene.incidents(open_only=True)[:3]
    assert [(one.key, one.kind) for one in newest] == [
        (f"desk:7:{ANNE}", "desk"), (f"device:{ANNE}:{OWN_PC}", "device"), ("attack", "attack")
    ]  # fmt: skip
    assert newest[2].level == "sound" and scene.wanted().incident_id == newest[2].id
    assert len(scene.read(open_incidents)) < OPEN_MOST, "all of them are looked at"


def test_stations_that_do_not_exist_are_one_light(db: Database):
    scene = Scene(db)
    scene.send("station_unknown", subject="station:unknown", times=40)
    watch(db)
    assert (scene.incident().kind, scene.incident().level, scene.incident().signals) == (
        "station_unknown",
        "light",
        40,
    )


def test_what_was_refused_untested_opens_an_incident_at_accounts_alone(db: Database):
    scene = Scene(db)
    scene.send("station_foreign", subject="station:7")
    watch(db)
    scene.send("station_foreign", subject="station:8", outcome="locked", times=5)
    watch(db)
    assert [one.key for one in scene.incidents()] == ["station_foreign:station:7"]
    scene.send("station_foreign", subject="station:7", outcome="locked", times=5)
    watch(db)
    assert (scene.incident().signals, scene.incident().refused) == (6, 5)


def test_a_signal_that_cannot_be_read_is_an_incident_and_keeps_no_other_back(db: Database):
    scene = Scene(db)
    scene.send(operator_id=ANNE)
    broken = scene.send("void_scanned", subject="order:1")
    db.write(scene.merchant_id, lambda tx: tx.run(
        Statement[None](sa.update(signal).where(signal.c.id == broken).values(data="no JSON"))
    ))  # fmt: skip
    scene.send(operator_id=ANNE)
    with capture_logs() as logs:
        watch(db)
    assert {one.key: one.signals for one in scene.incidents()} == {"attack": 2, "unread": 0}
    assert {log["event"] for log in logs} == {"signals_not_read", "signal_unread"}


def test_signals_of_several_merchants_are_dealt_with_beside_each_other(db: Database):
    one, other = Scene(db), Scene(db, code="BB")
    for _ in range(10):
        one.send(operator_id=ANNE)
        other.send(operator_id=ANNE)
    assert [watch_signals(db), watch_signals(db), watch_signals(db)] == [20, 10, 0]
    assert one.incident().signals == other.incident().signals == 10


def test_an_older_transaction_that_stays_open_does_not_hold_the_alarm_up(db: Database):
    """On PostgreSQL an import of half a minute must not be half a minute without alarm."""
    scene = Scene(db)
    if not isinstance(db, PostgresDatabase):
        scene.fail()
        assert scene.wanted().light, "one writer: nothing is older and still open"
        return
    older = Open(db, lambda tx: append_event(tx, "order.imported", subject_id=1))
    scene.fail(times=3)
    heard = scene.wanted().sound
    older.commit()
    assert heard


def test_the_count_is_told_once_a_second(db: Database):
    scene = Scene(db)
    for _ in range(5):
        scene.fail(outcome="locked")
    assert scene.events().count("alarm.counted") == 0
    shift_clock(seconds(1.1))
    scene.fail(outcome="locked")
    scene.fail(outcome="locked")
    assert scene.events().count("alarm.counted") == 1


def test_two_merchants_without_signals_are_quiet(db: Database):
    make_house(db)
    assert watch_signals(db) == 0


def test_one_host_with_many_ipv6_addresses_is_one_address(db: Database):
    scene = Scene(db)
    scene.choose(rules={name: Setting(level="off") for name in ("accounts_spread", "unknown_names")})
    for number in range(9):
        scene.fail(
            operator_id=300 + number,
            name_digest=str(number),
            address=f"2001:db8:1:2:{number:x}::{number + 1:x}",
        )
    scene.fail(operator_id=400, name_digest="x", address="2001:db8:1:3::1")
    assert scene.incident().level == "light"
    scene.fail(operator_id=401, name_digest="y", address="2001:db8:1:2:ffff::1")
    assert (scene.incident().level, scene.incident().why) == ("sound", "address_failures")
