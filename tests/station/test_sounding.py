"""Sirens at a station: what could not end by itself is ended here, when its time is over and when the agent ends."""

import threading
import time
from typing import Any

from tests.station.counter import wait_for
from tocsin.alarm.sirens.memory import PLUGIN, Place
from tocsin.core.ident import new_id
from tocsin.station.sounding import Sounding
from tocsin.station.work import Task


class Answers:
    """Keeps what would be told the desk."""

    def __init__(self) -> None:
        self.told: list[tuple[str, dict[str, Any]]] = []

    def answer(self, task: Task, result: dict[str, Any], *, said: str = "", signature: str = "") -> bool:
        self.told.append((task.id, result))
        return True

    def tell_progress(self, task: Task, progress: dict[str, Any]) -> None:
        raise AssertionError("a siren has no progress")


class Bench:
    """A siren in memory at a station; `timed` is whether it has a timer of its own."""

    def __init__(self, *, timed: bool) -> None:
        self.name = f"bench-{new_id()}"
        self.place: Place = PLUGIN.places[self.name]
        self.place.timed, self.answers = timed, Answers()
        self.sounding = Sounding(self.answers)

    def put(self, kind: str, seconds: float = 30, **pattern: Any) -> None:
        payload: dict[str, Any] = {"siren": "7", "driver": "memory", "options": {"place": self.name}}
        if pattern:
            payload["pattern"] = {"light": False, "sound": False, "seconds": seconds, **pattern}
        self.sounding.put(
            Task(str(len(self.answers.told)), kind, payload, time.monotonic() + 5, threading.Event())
        )
        wanted = len(self.answers.told) + 1
        wait_for(lambda: len(self.answers.told) >= wanted)


def test_one_without_a_timer_is_ended_after_its_time_though_the_desk_is_silent() -> None:
    bench = Bench(timed=False)
    bench.put("siren.set", seconds=1, light=True, sound=True)
    assert bench.place.now.sound
    wait_for(lambda: not bench.place.now.on, seconds=5)
    assert not bench.place.now.light
    bench.sounding.close()


def test_the_desk_prolongs_it_and_takes_it_back() -> None:
    bench = Bench(timed=False)
    bench.put("siren.set", seconds=1, sound=True)
    bench.put("siren.set", seconds=3, sound=True)
    time.sleep(1.5)
    assert bench.place.now.sound
    bench.put("siren.set", light=True)
    time.sleep(2)
    assert bench.place.now.light and not bench.place.now.sound, "what was told last holds"
    bench.sounding.close()
    assert bench.place.now.light


def test_one_with_a_timer_is_left_to_it_and_when_the_agent_ends_nothing_sounds_on_without_end() -> None:
    timed, bare = Bench(timed=True), Bench(timed=False)
    for bench in (timed, bare):
        bench.put("siren.set", light=True, sound=True)
        bench.sounding.close()
    assert timed.place.now.sound and not bare.place.now.on


def test_what_can_not_be_done_is_answered_as_a_problem() -> None:
    bench = Bench(timed=False)
    bench.place.fails = "no line"
    bench.put("siren.set", sound=True)
    bench.put("siren.probe")
    bench.sounding.put(
        Task("x", "siren.set", {"siren": "8", "driver": "kettle"}, time.monotonic() + 5, threading.Event())
    )
    wait_for(lambda: len(bench.answers.told) == 3)
    assert all(result["problem"] for _, result in bench.answers.told)
    bench.sounding.close()
