"""Sirens at a station: commands as rows, carried out there with the same drivers, answered."""

import threading
import time
from collections.abc import Iterator
from itertools import count

import pytest

from tests.alarm.yard import Yard
from tocsin.alarm.remote_siren import PROBE, SET
from tocsin.alarm.siren import OFF
from tocsin.alarm.siren_bench import SirenBench
from tocsin.alarm.sirens.memory import PLUGIN, Place
from tocsin.core.command import answer_command, take_commands
from tocsin.core.db import Database

STATION = 77
_numbers = count()


class Station:
    """An agent that takes what waits for its station and answers what happened."""

    def __init__(self, yard: Yard) -> None:
        self.kinds: list[str] = []
        self._yard, self._bench, self._ending = yard, SirenBench(), threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def leave(self) -> None:
        self._ending.set()
        self._thread.join()
        self._bench.close()

    def _run(self) -> None:
        while not self._ending.is_set():
            for command in self._yard.write(take_commands, station_id=STATION):
                self.kinds.append(command.kind)
                answer = self._bench.do(command.payload)
                self._yard.write(answer_command, station_id=STATION, command_id=command.id, answer=answer)
            time.sleep(0.02)


@pytest.fixture
def yard(db: Database) -> Iterator[Yard]:
    made = Yard(db)
    yield made
    made.sounding.stop()


def test_a_siren_at_a_station_sounds_and_fails_as_one_here_does(yard: Yard) -> None:
    place, near, station = (
        yard.siren("far", station_id=STATION),
        yard.siren("near", backup=True),
        Station(yard),
    )
    try:
        yard.until(lambda: yard.row("far").state == "off")
        yard.alarm()
        yard.until(lambda: yard.row("far").state == "on")
        assert place.now.sound and not near.now.on and PROBE not in station.kinds[:1]
        place.fails = "unplugged"
        yard.until(lambda: near.now.sound)
        assert yard.row("far").detail == "unplugged", "what the device said came all the way"
        place.fails = ""
        yard.until(lambda: yard.row("far").state == "on", seconds=12)
        assert set(station.kinds) == {SET, PROBE}
    finally:
        station.leave()
    yard.until(lambda: yard.row("far").problem == "its station does not answer", seconds=9)
    yard.until(lambda: near.now.sound)


def place_of() -> tuple[str, Place]:
    name = f"bench {next(_numbers)}"
    return name, PLUGIN.places[name]


def test_a_bench_keeps_sirens_open_and_says_what_is_wrong() -> None:
    bench, (name, place) = SirenBench(), place_of()
    loud = {"light": True, "sound": True, "seconds": 9}
    asked = {"siren": "7", "driver": "memory", "options": {"place": name}}
    assert bench.do({**asked, "pattern": loud}) == {
        "light": True, "sound": True, "confirmed": True, "ends_by_itself": True
    }  # fmt: skip
    assert bench.do(asked)["sound"] and place.now.seconds == 9
    kept = bench._open["7"][1]
    assert bench.do(asked) and bench._open["7"][1] is kept
    other, elsewhere = place_of()
    assert bench.do({**asked, "options": {"place": other}, "pattern": loud})["sound"] and elsewhere.now.sound
    assert bench._open["7"][1] is not kept, "other settings are another line"
    elsewhere.fails = "gone"
    assert bench.do({**asked, "options": {"place": other}}) == {
        "problem": "it does not answer", "detail": "gone", "permanent": False
    }  # fmt: skip
    for wrong in ({**asked, "driver": "trumpet"}, {**asked, "options": {"light": "maybe"}}, {"siren": 7}, {**asked, "pattern": {}}):  # fmt: skip
        assert bench.do(wrong)["permanent"], wrong
    bench.close()
    assert OFF.seconds == 0
