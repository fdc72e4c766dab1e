"""Sirens as rows: set up, changed, tried out, removed; secrets sealed."""

import pytest

from tests.house import House, make_house
from tocsin.alarm.siren import SirenOptionWrong
from tocsin.alarm.siren_row import (
    CHANGED,
    SirenKindUnknown,
    SirenMissing,
    SirenRow,
    SirenWrong,
    add_siren,
    change_siren,
    get_siren,
    list_sirens,
    open_siren,
    read_siren_options,
    remove_siren,
    try_siren,
)
from tocsin.alarm.table import siren
from tocsin.core.actor import NotAllowed
from tocsin.core.db import Database
from tocsin.core.event import replay_events
from tocsin.core.journal import read_journal
from tocsin.core.statement import Statement, own

_ALL = Statement(siren.select().where(own(siren)))
MQTT = {"host": "127.0.0.1", "topic": "siren1", "user": "desk", "password": "geheim!"}


def add(house: House, **given: object) -> int:
    values = {"name": "Yard", "driver": "memory", "options": {}, **given}
    return house.db.write(house.merchant_id, lambda tx: add_siren(tx, house.actor(), **values))  # type: ignore[arg-type]


def row(house: House, siren_id: int) -> SirenRow:
    return house.db.read(house.merchant_id, lambda tx: get_siren(tx, siren_id=siren_id))


def options(house: House, siren_id: int) -> dict[str, object]:
    return house.db.read(
        house.merchant_id, lambda tx: read_siren_options(tx, get_siren(tx, siren_id=siren_id))
    )


def test_secrets_are_sealed_and_kept_by_a_form_that_leaves_them_empty(db: Database) -> None:
    house = make_house(db)
    siren_id = add(house, driver="mqtt", options=MQTT)
    stored = row(house, siren_id)
    assert "geheim" not in stored.options and stored.plain_options()["host"] == "127.0.0.1"
    assert (stored.profile, stored.state, stored.backup) == ("LTD-1101J", "", 0)
    raw = db.read(house.merchant_id, lambda tx: tx._execute(_ALL, {}).fetchall())
    assert "geheim" not in str(raw)
    assert options(house, siren_id)["password"] == "geheim!"
    for given, kept in (({**MQTT, "password": ""}, "geheim!"), ({**MQTT, "password": "neu"}, "neu"), ({"host": "10.0.0.1", "topic": "b"}, "neu")):  # fmt: skip
        db.write(house.merchant_id, lambda tx, given=given: change_siren(
            tx, house.actor(), siren_id=siren_id, name="Hall", options=given
        ))  # fmt: skip
        assert options(house, siren_id)["password"] == kept
    assert row(house, siren_id).plain_options()["topic"] == "b" and row(house, siren_id).name == "Hall"
    db.write(house.merchant_id, lambda tx: remove_siren(tx, house.actor(), siren_id=siren_id))
    with pytest.raises(SirenMissing):
        row(house, siren_id)
    open_siren("mqtt", options(house, add(house, driver="mqtt", options=MQTT))).close()


def test_others_come_before_backups_each_by_rank(db: Database) -> None:
    house = make_house(db)
    for name, rank, backup in (("d", 2, True), ("c", 1, True), ("b", 7, False), ("a", 3, False)):
        add(house, name=name, rank=rank, backup=backup)
    assert [each.name for each in db.read(house.merchant_id, list_sirens)] == ["a", "b", "c", "d"]


def test_what_can_not_be_is_refused(db: Database) -> None:
    house = make_house(db)
    for given, refusal in (
        ({"name": " \u202e"}, SirenWrong), ({"name": "x" * 61}, SirenWrong), ({"place": "x" * 61}, SirenWrong),
        ({"rank": 0}, SirenWrong), ({"rank": 100}, SirenWrong), ({"driver": "trumpet"}, SirenKindUnknown),
        ({"driver": "mqtt", "options": {}}, SirenOptionWrong), ({"driver": "http", "options": {}}, SirenOptionWrong),
        ({"driver": "http", "options": {"url": "http://169.254.169.254"}}, SirenOptionWrong),
    ):  # fmt: skip
        with pytest.raises(refusal):
            add(house, **given)
    assert db.read(house.merchant_id, list_sirens) == []


def test_only_who_may_change_settings_changes_sirens(db: Database) -> None:
    house = make_house(db)
    siren_id, clerk = add(house), house.actor("clerk")
    for verb in (
        lambda tx: add_siren(tx, clerk, name="x", driver="memory", options={}),
        lambda tx: change_siren(tx, clerk, siren_id=siren_id, name="x", options={}),
        lambda tx: try_siren(tx, clerk, siren_id=siren_id),
        lambda tx: remove_siren(tx, clerk, siren_id=siren_id),
    ):
        with pytest.raises(NotAllowed):
            db.write(house.merchant_id, verb)
    other = make_house(db, code="BB")
    with pytest.raises(SirenMissing):
        db.write(other.merchant_id, lambda tx: try_siren(tx, other.actor(), siren_id=siren_id))


def test_each_change_is_journalled_and_told(db: Database) -> None:
    house = make_house(db)
    siren_id = add(house)
    db.write(house.merchant_id, lambda tx: try_siren(tx, house.actor(), siren_id=siren_id))
    assert row(house, siren_id).test_until_us > 0 and row(house, siren_id).tested_at_us == 0
    db.write(house.merchant_id, lambda tx: remove_siren(tx, house.actor(), siren_id=siren_id))
    written = db.read(house.merchant_id, lambda tx: read_journal(tx, subject=f"siren:{siren_id}"))
    assert [entry.verb for entry in written][::-1] == [
        "alarm.add_siren",
        "alarm.try_siren",
        "alarm.remove_siren",
    ]
    told = db.read(house.merchant_id, lambda tx: replay_events(tx, after_id=0))
    assert [each.fields()["did"] for each in told if each.kind == CHANGED] == ["add", "try", "remove"]


def test_a_driver_that_has_lost_a_setting_still_opens(db: Database) -> None:
    house = make_house(db)
    siren_id = add(house)
    assert options(house, siren_id)["place"] == "default"
    open_siren("memory", {"place": "a", "of_an_older_version": 1}).close()
    with pytest.raises(SirenKindUnknown):
        open_siren("trumpet", {})
