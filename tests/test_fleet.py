"""The fleet: a shop that has closed for the night is well, and each other state goes by its own name."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.access.stations import Machine, make_machine
from tests.house import make_house
from tocsin.access.presence import Presence, note_goodbye
from tocsin.access.station import WAITS, expect_station, station
from tocsin.alarm.siren import Confirmed
from tocsin.alarm.siren_record import keep_notes, note_state
from tocsin.alarm.siren_row import add_siren, get_siren, try_siren
from tocsin.core import clock
from tocsin.core.db import Database, Tx
from tocsin.core.statement import Statement, own
from tocsin.desk import Desk
from tocsin.fleet import MerchantHealth, Part, read_fleet
from tocsin.settings import Settings

SECOND = clock.SECOND_US
_PROBLEM = Statement[None](station.update().where(own(station)), sets=("problem",))


@pytest.fixture
def desk(db: Database, tmp_path: Path) -> Iterator[Desk]:
    made = Desk(Settings(data_dir=str(tmp_path)), db)
    yield made
    made.close()


def the_one(desk: Desk) -> MerchantHealth:
    (found,) = read_fleet(desk).merchants
    return found


def leave(machine: Machine) -> None:
    actor = machine.actor()
    machine.house.db.write(machine.house.merchant_id, lambda tx: note_goodbye(tx, actor))


def test_a_shop_that_has_closed_properly_is_well(desk: Desk) -> None:
    machine = make_machine(desk.db)
    presence = Presence(desk.db)
    leave(machine)
    clock.shift_clock(8 * 3600 * SECOND)
    assert presence.watch() == 0
    (part,) = the_one(desk).stations
    assert (part.state, part.is_well(), the_one(desk).is_well()) == ("left", True, True)


def test_one_that_is_expected_always_is_unwell_after_its_goodbye(desk: Desk) -> None:
    machine = make_machine(desk.db)
    presence, owner, merchant_id = Presence(desk.db), machine.house.actor(), machine.house.merchant_id
    desk.db.write(merchant_id, lambda tx: expect_station(tx, owner, station_id=machine.id, always=True))
    leave(machine)
    clock.shift_clock(40 * SECOND)
    assert presence.watch() == 1
    assert [(one.state, one.is_well()) for one in the_one(desk).stations] == [("vanished", False)]


def test_each_other_state_of_a_station_goes_by_its_name(desk: Desk) -> None:
    machine = make_machine(desk.db)
    assert [one.state for one in the_one(desk).unwell()] == ["new"]
    machine.actor()
    assert [one.state for one in the_one(desk).stations] == ["there"]
    clock.shift_clock(40 * SECOND)
    assert [one.state for one in the_one(desk).unwell()] == ["silent"]
    for problem, state in ((WAITS, "waits"), ("clock", "clock")):
        desk.db.write(machine.house.merchant_id, partial(_set_problem, problem=problem))
        assert [one.state for one in the_one(desk).unwell()] == [state]


def test_a_siren_that_nobody_has_heard_is_unwell_until_it_is_tried(desk: Desk) -> None:
    house = make_house(desk.db)
    siren_id = desk.db.write(
        house.merchant_id, lambda tx: add_siren(tx, house.actor(), name="Yard", driver="memory", options={})
    )
    assert [(one.name, one.state) for one in the_one(desk).unwell()] == [("Yard", "")]

    def answer(tx: Tx, *, tested: bool) -> None:
        quiet = Confirmed(light=False, sound=False, confirmed=True)
        keep_notes(tx, [note_state(get_siren(tx, siren_id=siren_id), quiet, None, tested=tested)])

    desk.db.write(house.merchant_id, partial(answer, tested=False))
    assert [(one.name, one.state) for one in the_one(desk).unwell()] == [("Yard", "untried")]
    desk.db.write(house.merchant_id, lambda tx: try_siren(tx, house.actor(), siren_id=siren_id))
    desk.db.write(house.merchant_id, partial(answer, tested=True))
    assert the_one(desk).sirens == (Part("Yard", "off"),) and the_one(desk).is_well()


def _set_problem(tx: Tx, *, problem: str) -> None:
    tx.run(_PROBLEM, problem=problem)
