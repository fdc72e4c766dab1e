"""Stations: a code enrols one, once, within 15 minutes; who may make codes and revoke."""

import pytest
from msgspec.structs import replace

from tests.access.stations import COUNTER, Machine, make_code, make_machine, signals
from tests.house import make_house
from tocsin.access.limiter import SignInRefused
from tocsin.access.station import (
    StationEnrolled,
    StationKeyWrong,
    StationMissing,
    StationNameWrong,
    create_station_code,
    expect_station,
    find_station,
    list_stations,
    read_code,
    revoke_station,
)
from tocsin.access.step_up import ProofNeeded
from tocsin.core import clock
from tocsin.core.actor import NotAllowed
from tocsin.core.db import Database
from tocsin.core.journal import read_journal
from tocsin.core.signature import make_key, public_key


def test_a_code_enrols_one_station_and_no_second(db: Database) -> None:
    house = make_house(db)
    code = make_code(house)
    assert len(read_code(code)) == 10 and code[5] == "-"
    made = Machine(house).enrol(code, name=" 前台 ")
    assert isinstance(made, StationEnrolled) and made.merchant_name == "徽州好物"
    assert Machine(house).enrol(code) == SignInRefused("wrong")
    (found,) = db.read(house.merchant_id, lambda tx: list_stations(tx, house.actor()))
    assert (found.id, found.name, found.reader, found.last_seen_us) == (made.id, "前台", "none", 0)
    verbs = [one.verb for one in db.read(house.merchant_id, lambda tx: read_journal(tx))]
    assert verbs[-2:] == ["access.enrol_station", "access.create_station_code"]


def test_a_code_is_read_as_it_is_heard(db: Database) -> None:
    house = make_house(db)
    code = make_code(house).replace("-", "").lower().replace("0", "o").replace("1", "i")
    assert isinstance(Machine(house).enrol(f" {code[:3]} {code[3:]} "), StationEnrolled)
    assert read_code("０oil-abc!") == "0011ABC"


def test_a_code_ends_after_15_minutes_and_with_the_next_one(db: Database) -> None:
    house = make_house(db)
    first, second = make_code(house), make_code(house)
    assert Machine(house).enrol(first) == SignInRefused("wrong")
    clock.shift_clock(15 * clock.MINUTE_US + clock.SECOND_US)
    assert Machine(house).enrol(second) == SignInRefused("wrong")
    assert isinstance(Machine(house).enrol(make_code(house)), StationEnrolled)


def test_wrong_codes_are_told_and_run_into_the_limiter_while_a_right_one_elsewhere_opens(
    db: Database,
) -> None:
    house = make_house(db)
    code = make_code(house)
    codes = [Machine(house).enrol(f"AAAAA-{n:05}").code for n in range(22)]
    assert codes == ["wrong"] * 20 + ["locked"] * 2
    assert {told[:2] for told in signals(house)} == {("station_code_wrong", "station:new")}
    assert Machine(house).enrol(code).code == "locked"
    assert isinstance(Machine(house).enrol(code, address="203.0.113.9"), StationEnrolled)


def test_a_machine_must_show_that_the_key_is_its_own_and_the_code_stays_open(db: Database) -> None:
    house, key = make_house(db), make_key()
    code, other = make_code(house), public_key(make_key())
    for changed in ({"public_key": other}, {"proof": "A" * 86}, {"proof": ""}, {"public_key": "A"}):
        with pytest.raises(StationKeyWrong):
            Machine(house, key=key).enrol(code, **changed)
    for name in ("", " ", "\0", "x" * 41):
        with pytest.raises(StationNameWrong):
            Machine(house, key=key).enrol(code, name=name)
    assert isinstance(Machine(house, key=key).enrol(code), StationEnrolled)


def test_a_station_is_revoked_once_and_expected_as_its_shop_says(db: Database) -> None:
    machine = make_machine(db)
    house, owner = machine.house, machine.house.actor()

    def found() -> tuple[int, bool]:
        one = db.read(house.merchant_id, lambda tx: find_station(tx, station_id=machine.id))
        assert one is not None
        return one.always, bool(one.revoked_at_us)

    db.write(house.merchant_id, lambda tx: expect_station(tx, owner, station_id=machine.id, always=True))
    assert found() == (1, False)
    db.write(house.merchant_id, lambda tx: revoke_station(tx, owner, station_id=machine.id))
    assert found() == (1, True)
    for verb in (
        lambda tx: revoke_station(tx, owner, station_id=machine.id),
        lambda tx: revoke_station(tx, owner, station_id=404),
        lambda tx: expect_station(tx, owner, station_id=machine.id, always=False),
    ):
        with pytest.raises(StationMissing):
            db.write(house.merchant_id, verb)


@pytest.mark.parametrize("role", ["clerk", "checker", "auditor", "station"])
def test_only_owners_and_managers_look_after_stations(db: Database, role: str) -> None:
    machine = make_machine(db)
    actor = machine.house.actor(role)
    for verb in (
        lambda tx: create_station_code(tx, actor),
        lambda tx: list_stations(tx, actor),
        lambda tx: revoke_station(tx, actor, station_id=machine.id),
        lambda tx: expect_station(tx, actor, station_id=machine.id, always=True),
    ):
        with pytest.raises(NotAllowed):
            db.write(machine.house.merchant_id, verb)


def test_a_code_needs_a_fresh_proof_of_who_makes_it(db: Database) -> None:
    house = make_house(db)
    with pytest.raises(ProofNeeded):
        db.write(
            house.merchant_id,
            lambda tx: create_station_code(tx, replace(house.actor("manager"), proved_at_us=0)),
        )


def test_another_merchants_stations_are_not_there(db: Database) -> None:
    machine, other = make_machine(db), make_house(db, code="XX")
    assert db.read(other.merchant_id, lambda tx: list_stations(tx, other.actor())) == []
    with pytest.raises(StationMissing):
        db.write(other.merchant_id, lambda tx: revoke_station(tx, other.actor(), station_id=machine.id))
    assert machine.ask(address=COUNTER) is not None
