"""Commands: taken once, answered once, not after their time, by their own station alone, sealed at rest."""

import threading
from typing import Any

import pytest

from tests.house import House, make_house
from tocsin.core import clock, command
from tocsin.core.command import (
    answer_command,
    ask_station,
    has_commands,
    read_command,
    report_progress,
    sweep_commands,
    take_commands,
    wait_for_answer,
)
from tocsin.core.db import Database
from tocsin.core.event import replay_events

STATION, OTHER = 7, 8


@pytest.fixture
def house(db: Database) -> House:
    return make_house(db)


def ask(house: House, *, seconds: float = 20, **payload: Any) -> int:
    return house.db.write(
        house.merchant_id,
        lambda tx: ask_station(tx, station_id=STATION, kind="siren.set", payload=payload, seconds=seconds),
    )


def take(house: House, station_id: int = STATION) -> list[command.Command]:
    return house.db.write(house.merchant_id, lambda tx: take_commands(tx, station_id=station_id))


def answer(house: House, command_id: int, *, station_id: int = STATION, **said: Any) -> str:
    return house.db.write(
        house.merchant_id,
        lambda tx: answer_command(tx, station_id=station_id, command_id=command_id, answer=said),
    )


def test_a_command_is_taken_once_by_its_own_station_in_the_order_asked(house: House) -> None:
    first, second = ask(house, light=True), ask(house, light=False)
    assert take(house, OTHER) == []
    assert house.db.read(house.merchant_id, lambda tx: has_commands(tx, station_id=STATION))
    taken = take(house)
    assert [(one.id, one.kind, one.payload) for one in taken] == [
        (first, "siren.set", {"light": True}), (second, "siren.set", {"light": False})
    ]  # fmt: skip
    assert take(house) == []
    assert not house.db.read(house.merchant_id, lambda tx: has_commands(tx, station_id=STATION))


def test_the_first_answer_counts_and_no_other(house: House) -> None:
    asked = ask(house)
    assert answer(house, asked, on=True) == "missing", "it was not taken yet"
    take(house)
    assert answer(house, asked, station_id=OTHER, on=True) == "missing"
    assert answer(house, asked + 1, on=True) == "missing"
    assert answer(house, asked, on=True) == "accepted"
    assert answer(house, asked, on=False) == "answered"
    found = house.db.read(house.merchant_id, lambda tx: read_command(tx, command_id=asked))
    assert found is not None and found.result() == {"on": True}


def test_after_its_time_it_is_neither_taken_nor_answered(house: House) -> None:
    late, waiting = ask(house, seconds=5), ask(house, seconds=5)
    assert [one.id for one in take(house)] == [late, waiting]
    clock.shift_clock(6 * clock.SECOND_US)
    assert answer(house, late, on=True) == "expired"
    ask(house, seconds=-1)
    assert take(house) == []


def test_progress_is_kept_until_the_answer(house: House) -> None:
    asked = ask(house)

    def tell(stage: int, station_id: int = STATION) -> str:
        return house.db.write(
            house.merchant_id,
            lambda tx: report_progress(
                tx, station_id=station_id, command_id=asked, progress={"stage": stage}
            ),
        )

    assert tell(1) == "missing"
    take(house)
    assert [tell(1), tell(2), tell(3, OTHER)] == ["accepted", "accepted", "missing"]
    found = house.db.read(house.merchant_id, lambda tx: read_command(tx, command_id=asked))
    assert found is not None and found.last_progress() == {"stage": 2} and found.result() is None
    answer(house, asked)
    assert tell(4) == "answered"


def test_who_waits_hears_the_answer_at_once_or_that_none_came(house: House) -> None:
    asked = ask(house)
    take(house)
    assert wait_for_answer(house.db, house.merchant_id, command_id=asked, seconds=0.05) is None
    heard: list[Any] = []
    waiting = threading.Thread(
        target=lambda: heard.append(
            wait_for_answer(house.db, house.merchant_id, command_id=asked, seconds=20)
        )
    )
    waiting.start()
    answer(house, asked, on=True)
    waiting.join(10)
    assert heard == [{"on": True}]


def test_a_payload_is_sealed_and_no_event_tells_it(house: House) -> None:
    ask(house, password="rosebud")
    rows = house.db.write(
        house.merchant_id, lambda tx: tx.rows(command._NEXT, station_id=STATION, now=0, limit=9)
    )
    assert b"rosebud" not in bytes(rows[0].payload)
    events = house.db.read(house.merchant_id, lambda tx: replay_events(tx, after_id=0))
    assert [one.kind for one in events] == ["station.command"] and "rosebud" not in events[0].data


def test_old_commands_are_swept(house: House) -> None:
    ask(house, seconds=1)
    assert house.db.write(house.merchant_id, sweep_commands) == 0
    clock.shift_clock(clock.DAY_US + 2 * clock.SECOND_US)
    assert house.db.write(house.merchant_id, sweep_commands) == 1


def test_another_merchants_command_is_not_there(house: House) -> None:
    other = make_house(house.db, code="XX")
    asked = ask(house)
    assert take(other) == []
    take(house)
    assert answer(other, asked, on=True) == "missing"
