"""Fingers: who may enrol whose, what is announced, and what a reader must forget."""

from typing import Any

import pytest
from msgspec.structs import replace

from tests.access.counters import Counter
from tocsin.access.account import unseen_notices
from tocsin.access.desk import DeskMissing
from tocsin.access.desk_reader import list_placed, place_reader, reader_at
from tocsin.access.finger import (
    FingerKnown,
    FingerMissing,
    FingerUnknown,
    ReaderAway,
    ask_enrolment,
    delete_finger,
    drop_fingers_of,
    knows_operator,
    list_fingers,
    read_lost,
    settle_keep,
    tell_what_to_keep,
)
from tocsin.access.operator import OperatorMissing
from tocsin.access.reader import FINGERS
from tocsin.access.session import create_session, read_session
from tocsin.access.station import StationMissing, revoke_station
from tocsin.access.step_up import ProofNeeded
from tocsin.core import clock
from tocsin.core.actor import Actor, NotAllowed
from tocsin.core.db import Database
from tocsin.core.journal import read_journal


@pytest.fixture
def counter(db: Database) -> Counter:
    return Counter(db)


def names(counter: Counter, operator_id: int) -> list[tuple[str, str]]:
    return [
        (one.finger, one.state)
        for one in counter.read(lambda tx: list_fingers(tx, operator_ids=[operator_id]))
    ]


def knows(counter: Counter, operator_id: int) -> bool:
    return bool(
        counter.read(lambda tx: knows_operator(tx, station_id=counter.machine.id, operator_id=operator_id))
    )


def session(counter: Counter, operator_id: int) -> tuple[str, int]:
    made = counter.write(
        lambda tx: create_session(tx, operator_id=operator_id, device="x", address="192.0.2.1")
    )
    return made.token, made.id


def is_alive(counter: Counter, token: str) -> bool:
    return counter.read(lambda tx: read_session(tx, token=token)).open() is not None


def test_an_enrolled_finger_is_announced_and_ends_the_other_sessions(counter: Counter) -> None:
    clerk = counter.operator()
    (one, _), (mine, mine_id) = session(counter, clerk), session(counter, clerk)
    himself = counter.actor("clerk", actor_id=clerk, session_id=mine_id)
    command_id = counter.ask_finger(clerk, by=himself)
    (asked,) = counter.commands()
    assert (asked.kind, asked.payload["operator"], asked.payload["finger"]) == (
        "reader.enrol",
        str(clerk),
        FINGERS[0],
    )
    assert names(counter, clerk) == [(FINGERS[0], "asked")] and not knows(counter, clerk)
    assert counter.answer_enrolment(command_id, "enrolled")
    assert names(counter, clerk) == [(FINGERS[0], "enrolled")] and knows(counter, clerk)
    assert (is_alive(counter, one), is_alive(counter, mine)) == (False, True)
    notices = counter.read(lambda tx: unseen_notices(tx, operator_id=clerk))
    assert [notice.what for notice in notices] == ["finger_added"]
    assert "access.enrol_finger" in [entry.verb for entry in counter.read(lambda tx: read_journal(tx))]


def test_a_finger_that_somebody_else_enrols_for_one_ends_all_his_sessions(counter: Counter) -> None:
    clerk = counter.operator()
    token, _ = session(counter, clerk)
    counter.with_finger(clerk)
    assert not is_alive(counter, token)


@pytest.mark.parametrize(
    "outcome", ["duplicate", "cancelled", "vanished", "bad_scan", "device_error", "made up"]
)
def test_what_was_not_enrolled_is_not_there(counter: Counter, outcome: str) -> None:
    clerk = counter.operator()
    token, _ = session(counter, clerk)
    assert not counter.answer_enrolment(counter.ask_finger(clerk), outcome)
    assert names(counter, clerk) == [] and is_alive(counter, token)


def test_an_enrolment_that_was_asked_for_again_makes_the_first_void(counter: Counter) -> None:
    clerk = counter.operator()
    first, second = counter.ask_finger(clerk), counter.ask_finger(clerk)
    assert not counter.answer_enrolment(first, "enrolled"), "the reader is told to forget it"
    assert counter.answer_enrolment(second, "enrolled")
    with pytest.raises(FingerKnown):
        counter.ask_finger(clerk)
    counter.ask_finger(clerk, name=FINGERS[1])


def test_one_enrols_oneself_and_those_below_with_a_fresh_proof(counter: Counter) -> None:
    clerk, manager = counter.operator(), counter.operator("manager")
    boss = counter.actor("manager", actor_id=manager)
    counter.ask_finger(clerk, by=boss)
    counter.ask_finger(manager, by=boss)
    for actor, operator_id in (
        (counter.actor("clerk", actor_id=clerk), manager), (counter.actor("clerk", actor_id=clerk), counter.owner_id),
        (boss, counter.owner_id), (counter.station, clerk),
    ):  # fmt: skip
        with pytest.raises(NotAllowed):
            counter.ask_finger(operator_id, by=actor)
    with pytest.raises(OperatorMissing):
        counter.ask_finger(404)
    stale = replace(boss, proved_at_us=clock.now_us() - 11 * clock.MINUTE_US)
    for verb in (ask_enrolment, delete_finger):
        with pytest.raises(ProofNeeded):
            counter.write(lambda tx, verb=verb: verb(
                tx, stale, operator_id=clerk, station_id=counter.machine.id, name=FINGERS[0]
            ))  # fmt: skip


def test_it_needs_a_finger_a_station_and_its_reader(counter: Counter) -> None:
    clerk = counter.operator()

    def ask(station_id: int = 0, name: str = FINGERS[0]) -> Any:
        return counter.write(lambda tx: ask_enrolment(
            tx, counter.owner, operator_id=clerk, station_id=station_id or counter.machine.id, name=name
        ))  # fmt: skip

    for name in ("any", "", "x" * 300):
        with pytest.raises(FingerUnknown):
            ask(name=name)
    with pytest.raises(StationMissing):
        ask(404)
    counter.note("vanished")
    with pytest.raises(ReaderAway):
        ask()
    counter.note("ready")
    clock.shift_clock(31 * clock.SECOND_US)
    with pytest.raises(ReaderAway):
        ask()
    counter.write(lambda tx: revoke_station(tx, counter.owner, station_id=counter.machine.id))
    with pytest.raises(StationMissing):
        ask()


def test_a_deleted_finger_opens_nothing_from_now_on_and_the_reader_forgets_it(counter: Counter) -> None:
    clerk = counter.operator()
    counter.with_finger(clerk)
    token, _ = session(counter, clerk)

    def delete(actor: Actor) -> None:
        counter.write(lambda tx: delete_finger(
            tx, actor, operator_id=clerk, station_id=counter.machine.id, name=FINGERS[0]
        ))  # fmt: skip

    with pytest.raises(NotAllowed):
        delete(counter.actor("checker", actor_id=counter.operator("checker")))
    delete(counter.owner)
    assert not knows(counter, clerk) and not is_alive(counter, token)
    assert [(one.kind, one.payload) for one in counter.commands()] == [
        ("reader.delete", {"operator": str(clerk), "finger": FINGERS[0]})
    ]
    what = [one.what for one in counter.read(lambda tx: unseen_notices(tx, operator_id=clerk))]
    assert what == ["finger_removed", "finger_added"]
    with pytest.raises(FingerMissing):
        delete(counter.owner)


def test_who_leaves_leaves_no_finger(counter: Counter) -> None:
    clerk = counter.operator()
    counter.with_finger(clerk)
    counter.with_finger(clerk, name=FINGERS[5])
    assert counter.write(lambda tx: drop_fingers_of(tx, counter.owner, operator_id=clerk)) == 2
    assert names(counter, clerk) == []
    assert [one.kind for one in counter.commands()] == ["reader.delete"] * 2


def test_a_station_that_is_back_is_told_what_to_know_and_says_what_it_lost(counter: Counter) -> None:
    clerk, checker = counter.operator(), counter.operator("checker")
    counter.with_finger(clerk)
    counter.with_finger(clerk, name=FINGERS[1])
    counter.ask_finger(checker)
    counter.commands()
    counter.write(lambda tx: tell_what_to_keep(tx, station_id=counter.machine.id))
    (asked,) = counter.commands()
    assert asked.kind == "reader.keep"
    known = asked.payload["known"]
    assert sorted(known[str(clerk)]) == sorted(FINGERS[:2])
    assert known[str(checker)] == known[str(counter.owner_id)] == [], "what was asked before is over"
    lost = {str(clerk): [FINGERS[1], FINGERS[2]], str(checker): [FINGERS[0]], "x": ["y"]}
    assert counter.write(lambda tx: settle_keep(tx, counter.station, lost=lost)) == 1
    assert names(counter, clerk) == [(FINGERS[0], "enrolled")]


@pytest.mark.parametrize("said", [{}, {"lost": 1}, {"lost": {"1": 2}}, {"lost": {"1": [2]}}, {"lost": None}])
def test_what_can_not_be_read_is_nothing_lost(said: dict[str, Any]) -> None:
    assert read_lost(said) == {}


def test_a_reader_is_placed_at_a_desk_by_who_may(counter: Counter) -> None:
    assert [(one.desk_id, one.station_id) for one in counter.read(list_placed)] == [
        (counter.desk_id, counter.machine.id)
    ]
    assert counter.read(lambda tx: reader_at(tx, desk_id=counter.desk_id)) is not None

    def place(actor: Actor, desk_id: int, station_id: int) -> None:
        counter.write(lambda tx: place_reader(tx, actor, desk_id=desk_id, station_id=station_id))

    with pytest.raises(NotAllowed):
        place(counter.actor("clerk", actor_id=1), counter.desk_id, 0)
    with pytest.raises(ProofNeeded):
        place(replace(counter.owner, proved_at_us=0), counter.desk_id, 0)
    with pytest.raises(DeskMissing):
        place(counter.owner, 404, counter.machine.id)
    with pytest.raises(StationMissing):
        place(counter.owner, counter.desk_id, 404)
    place(counter.owner, counter.desk_id, 0)
    assert (
        counter.read(list_placed) == []
        and counter.read(lambda tx: reader_at(tx, desk_id=counter.desk_id)) is None
    )
