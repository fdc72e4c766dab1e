"""Admission: a station's request is taken once, in time, whole, from its own key; what is not leaves its trace."""

import pytest

from tests.access.stations import COUNTER, ELSEWHERE, PATH, Machine, make_machine, signals
from tests.house import make_house
from tocsin.access import admission
from tocsin.access.admission import Admitted, StationRefused, sweep_nonces
from tocsin.access.station import find_station, revoke_station
from tocsin.core import clock
from tocsin.core.db import Database
from tocsin.core.journal import read_journal
from tocsin.core.signature import make_key, station_name

FOREIGN = StationRefused("foreign")


def refusals(machine: Machine) -> list[str]:
    found = machine.house.db.read(machine.house.merchant_id, lambda tx: read_journal(tx))
    return [one.fields()["reason"] for one in found if one.verb == "access.sign_in_failed"]


def test_a_request_that_its_station_signed_is_taken_and_the_station_is_seen(db: Database) -> None:
    machine = make_machine(db)
    taken = machine.ask()
    assert isinstance(taken, Admitted)
    assert (taken.actor.kind, taken.actor.role, taken.actor.id) == ("station", "station", machine.id)
    assert taken.actor.rights == {"device"}
    found = db.read(machine.house.merchant_id, lambda tx: find_station(tx, station_id=machine.id))
    assert found is not None and found.last_seen_us > 0 and found.address == COUNTER
    assert signals(machine.house) == []


def test_a_request_counts_once(db: Database) -> None:
    machine = make_machine(db)
    header = machine.header()
    assert isinstance(machine.ask(header), Admitted)
    assert [machine.ask(header) for _ in range(3)] == [FOREIGN] * 3
    assert signals(machine.house) == [("station_foreign", f"station:{machine.id}", "wrong")] * 3
    assert refusals(machine) == ["replayed"] * 3


@pytest.mark.parametrize(
    "changed",
    [{"method": "GET"}, {"target": f"{PATH}?a=1"}, {"target": "/api/v1/station/answers"}, {"body": b"{ }"}],
    ids=lambda changed: next(iter(changed)),
)
def test_a_request_that_was_altered_is_refused(db: Database, changed: dict[str, object]) -> None:
    machine = make_machine(db)
    assert machine.ask(machine.header(), **changed) == FOREIGN
    header = machine.header()
    parts = header.split(" ")
    for n in (2, 3):
        other = [*parts]
        other[n] = other[n][:-1] + ("1" if other[n][-1] != "1" else "2")
        assert machine.ask(" ".join(other)) == FOREIGN
    assert isinstance(machine.ask(header), Admitted)
    assert set(refusals(machine)) == {"signature"}


def test_another_key_an_unknown_station_and_another_merchants_are_refused(db: Database) -> None:
    machine = make_machine(db)
    thief = Machine(machine.house, key=make_key())
    thief.name, thief.id = machine.name, machine.id
    assert thief.ask(address=ELSEWHERE) == FOREIGN
    stranger = Machine(machine.house)
    stranger.name = station_name(machine.house.merchant_id, 404)
    assert stranger.ask(address=ELSEWHERE) == FOREIGN
    other = make_house(db, code="XX")
    machine.name = station_name(other.merchant_id, machine.id)
    assert machine.ask(address=ELSEWHERE) == FOREIGN
    told = signals(machine.house)
    unknown = ("station_unknown", "station:unknown", "wrong")
    assert told == [("station_foreign", f"station:{machine.id}", "wrong"), unknown, unknown]


def test_a_revoked_station_is_refused_and_the_alarm_hears_of_it(db: Database) -> None:
    machine = make_machine(db)
    db.write(
        machine.house.merchant_id,
        lambda tx: revoke_station(tx, machine.house.actor(), station_id=machine.id),
    )
    assert machine.ask() == FOREIGN
    assert signals(machine.house) == [("revoked_used", f"station:{machine.id}", "wrong")]


def test_wrong_signatures_lock_their_address_and_never_the_station_at_it(db: Database) -> None:
    machine = make_machine(db)
    thief = Machine(machine.house, key=make_key())
    thief.name = machine.name
    codes = [thief.ask().code for _ in range(22)]
    assert codes == ["foreign"] * 20 + ["locked"] * 2
    assert isinstance(machine.ask(), Admitted)
    assert len(refusals(machine)) == 20, "what was not looked at is no journal entry each"
    assert len(signals(machine.house)) == 22, "but the alarm counts it"


def test_a_clock_that_is_wrong_is_said_and_no_alarm(db: Database) -> None:
    machine = make_machine(db)
    for late_us in (301 * clock.SECOND_US, -301 * clock.SECOND_US):
        header = machine.header(late_us=late_us)
        assert [machine.ask(header), machine.ask(header)] == [StationRefused("clock")] * 2
    assert signals(machine.house) == []

    def problem() -> str:
        found = db.read(machine.house.merchant_id, lambda tx: find_station(tx, station_id=machine.id))
        return found.problem if found else "?"

    assert problem() == "clock"
    entries = db.read(machine.house.merchant_id, lambda tx: read_journal(tx))
    assert [one.verb for one in entries].count("access.station_clock") == 1
    assert isinstance(machine.ask(machine.header(late_us=290 * clock.SECOND_US)), Admitted)
    assert problem() == ""


@pytest.mark.parametrize(
    "header",
    ["", "Bearer x", "Tocsin-Station", "Tocsin-Station a.b", "Tocsin-Station " + "x " * 4, "Tocsin-Station 1.2 ١٢٣٤٥٦٧٨٩٠ n s", "\udce4"],
)  # fmt: skip
def test_what_is_no_signature_is_refused_without_a_word(db: Database, header: str) -> None:
    machine = make_machine(db)
    assert admission.admit_station(
        db, header, method="POST", target=PATH, body=b"", address=ELSEWHERE
    ) == StationRefused("unsigned")
    assert signals(machine.house) == []


def test_a_nonce_is_remembered_longer_than_its_request_could_come_again(db: Database) -> None:
    machine = make_machine(db)
    early = machine.header(late_us=-299 * clock.SECOND_US)
    assert isinstance(machine.ask(early), Admitted)
    for seconds in (300, 598):
        clock.shift_clock(seconds * clock.SECOND_US)
        assert db.write(machine.house.merchant_id, sweep_nonces) == 0
        assert machine.ask(early) == FOREIGN
    clock.shift_clock(901 * clock.SECOND_US)
    assert db.write(machine.house.merchant_id, sweep_nonces) == 1
    assert machine.ask(early) == StationRefused("clock")
