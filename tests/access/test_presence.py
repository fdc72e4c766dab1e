"""Presence: who falls silent is missed after 30 s, once; who said goodbye is not; what is back is told."""

from concurrent.futures import ThreadPoolExecutor

from tests.access.stations import Machine, make_machine, signals
from tests.house import make_house
from tocsin.access.presence import Presence, begin_poll, is_newest_poll, is_there, note_goodbye, note_reader
from tocsin.access.station import Station, expect_station, find_station, revoke_station
from tocsin.core import clock
from tocsin.core.command import ask_station
from tocsin.core.db import Database

SECOND = clock.SECOND_US


def found(machine: Machine) -> Station:
    one = machine.house.db.read(machine.house.merchant_id, lambda tx: find_station(tx, station_id=machine.id))
    assert one is not None
    return one


def expect(machine: Machine, always: bool) -> None:
    owner = machine.house.actor()
    machine.house.db.write(
        machine.house.merchant_id,
        lambda tx: expect_station(tx, owner, station_id=machine.id, always=always),
    )


def test_a_station_that_falls_silent_is_missed_once_and_told_when_it_is_back(db: Database) -> None:
    machine = make_machine(db)
    presence = Presence(db)
    machine.actor()
    clock.shift_clock(29 * SECOND)
    assert presence.watch() == 0
    clock.shift_clock(32 * SECOND)
    assert [presence.watch(), presence.watch(), Presence(db).watch()] == [1, 0, 0]
    assert not is_there(found(machine), clock.now_us())
    machine.actor()
    machine.actor()
    assert is_there(found(machine), clock.now_us())
    subject = f"station:{machine.id}"
    assert signals(machine.house) == [
        ("station_vanished", subject, "wrong"),
        ("device_back", subject, "right"),
    ]
    assert presence.watch() == 0


def test_one_that_said_goodbye_is_missed_only_where_it_is_expected_always(db: Database) -> None:
    house = make_house(db)
    closed, guarded = make_machine(db, house=house), make_machine(db, house=house)
    expect(guarded, always=True)
    presence = Presence(db)
    for machine in (closed, guarded):
        actor = machine.actor()
        db.write(house.merchant_id, lambda tx, actor=actor: note_goodbye(tx, actor))
        assert not is_there(found(machine), clock.now_us())
    clock.shift_clock(40 * SECOND)
    assert presence.watch() == 1
    assert signals(house) == [("station_vanished", f"station:{guarded.id}", "wrong")]
    closed.actor()
    assert found(closed).left_at_us == 0


def test_who_was_never_there_or_is_revoked_is_not_missed(db: Database) -> None:
    house = make_house(db)
    make_machine(db, house=house)
    revoked = make_machine(db, house=house)
    presence = Presence(db)
    revoked.actor()
    db.write(house.merchant_id, lambda tx: revoke_station(tx, house.actor(), station_id=revoked.id))
    clock.shift_clock(60 * SECOND)
    assert presence.watch() == 0 and signals(house) == []


def test_after_a_restart_of_the_desk_stations_have_30_seconds_to_come_back(db: Database) -> None:
    machine = make_machine(db)
    machine.actor()
    clock.shift_clock(600 * SECOND)
    presence = Presence(db)
    assert presence.watch() == 0
    clock.shift_clock(629 * SECOND)
    assert presence.watch() == 0
    clock.shift_clock(632 * SECOND)
    assert presence.watch() == 1


def test_a_reader_that_goes_tells_the_alarm_once_and_one_that_never_was_does_not(db: Database) -> None:
    machine = make_machine(db)
    actor = machine.actor()

    def note(state: str) -> None:
        db.write(machine.house.merchant_id, lambda tx: note_reader(tx, actor, state=state, driver="fprintd"))  # type: ignore[arg-type]

    note("vanished")
    assert signals(machine.house) == []
    for state in ("ready", "vanished", "vanished", "ready", "ready", "none"):
        note(state)
    subject = f"reader:{machine.id}"
    assert signals(machine.house) == [
        ("device_back", subject, "right"), ("reader_vanished", subject, "wrong"), ("device_back", subject, "right"),
    ]  # fmt: skip
    assert (found(machine).reader, found(machine).reader_driver) == ("none", "fprintd")


def test_two_requests_that_see_a_reader_go_tell_the_alarm_once(db: Database) -> None:
    machine = make_machine(db)
    actor, merchant_id = machine.actor(), machine.house.merchant_id

    def note(state: str) -> None:
        db.write(merchant_id, lambda tx: note_reader(tx, actor, state=state, driver="fprintd"))  # type: ignore[arg-type]

    for _ in range(8):
        note("ready")
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(note, ["vanished"] * 4))
    kinds = [kind for kind, _, _ in signals(machine.house)]
    assert kinds == ["reader_vanished", *["device_back", "reader_vanished"] * 7]


def test_a_station_says_its_version_and_its_newest_request_alone_waits(db: Database) -> None:
    machine = make_machine(db)
    actor, merchant_id = machine.actor(), machine.house.merchant_id
    polls = [
        db.write(merchant_id, lambda tx: begin_poll(tx, actor, version="9.9" + "x" * 80)) for _ in range(2)
    ]
    newest = [
        db.read(merchant_id, lambda tx, poll=poll: is_newest_poll(tx, actor, poll=poll)) for poll in polls
    ]
    assert newest == [False, True]
    assert found(machine).version.startswith("9.9x") and len(found(machine).version) == 40
    db.write(merchant_id, lambda tx: revoke_station(tx, machine.house.actor(), station_id=machine.id))
    assert not db.read(merchant_id, lambda tx: is_newest_poll(tx, actor, poll=polls[1]))


def test_old_commands_and_nonces_are_swept(db: Database) -> None:
    machine = make_machine(db)
    machine.actor()
    db.write(
        machine.house.merchant_id,
        lambda tx: ask_station(tx, station_id=machine.id, kind="siren.probe", payload={}, seconds=1),
    )
    presence = Presence(db)
    assert presence.sweep() == 0
    clock.shift_clock(clock.DAY_US + 10 * SECOND)
    assert presence.sweep() == 2
