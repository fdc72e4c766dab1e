"""The agent at work: what it is asked, what it answers, and what becomes of a break."""

import threading
import time
from typing import Any

import pytest

from tests.access.stations import signals
from tests.station.counter import Shop, Working, wait_for
from tocsin.access.finger import delete_finger, list_fingers
from tocsin.access.finger_attempt import SCAN_SECONDS, use_attempt
from tocsin.access.reader import FINGERS
from tocsin.access.readers.memory import MemoryReader
from tocsin.access.station import revoke_station
from tocsin.api import stations
from tocsin.core import clock, event
from tocsin.core.command import Command, ask_station, read_command
from tocsin.station.agent import TurnedAway


def test_a_finger_is_enrolled_matched_refused_and_deleted(shop: Shop) -> None:
    agent = Working(shop).ready()
    clerk = shop.operator("clerk", name="wang")
    assert shop.teach(clerk, "whorl") == {"outcome": "enrolled", "problem": ""}
    assert shop.tray.known == {f"op-{clerk}": {FINGERS[0]: "whorl"}}
    began, token = time.monotonic(), shop.ask("wang")
    shop.tray.put("whorl")
    assert shop.state(token) == "matched"
    assert time.monotonic() - began < 3
    proved = use_attempt(
        shop.db, token, purpose="sign_in", desk_token=shop.desk, then=lambda _tx, proved: proved.operator_id
    )
    assert proved == clerk
    token = shop.ask("wang")
    shop.tray.put("arch")
    assert shop.state(token) == "no_match"
    kinds = [(kind, outcome) for kind, _, outcome in signals(shop.house)]
    assert kinds == [("credential_right", "right"), ("credential_wrong", "wrong")]
    shop.write(lambda tx: delete_finger(
        tx, shop.owner, operator_id=clerk, station_id=shop.station_id, name=FINGERS[0]
    ))  # fmt: skip
    wait_for(lambda: shop.tray.known == {f"op-{clerk}": {}})
    agent.end()


def test_progress_is_told_stage_by_stage_and_a_finger_of_somebody_else_is_named(shop: Shop) -> None:
    agent = Working(shop).ready()
    clerk, checker = shop.operator(), shop.operator("checker")
    asked = shop.ask_finger(clerk)
    for count, touch in enumerate(("whorl", "whorl"), 1):
        shop.tray.put(touch)
        wait_for(
            lambda count=count: (
                (shop.read(lambda tx: read_command(tx, command_id=asked)).last_progress() or {}).get(
                    "done", 0
                )
                >= count
            )
        )  # type: ignore[misc]
    shop.tray.put("whorl")
    assert shop.answer_of(asked)["outcome"] == "enrolled"
    assert shop.teach(checker, "whorl")["outcome"] == "duplicate"
    assert shop.read(lambda tx: list_fingers(tx, operator_ids=[checker])) == []
    agent.end()


def test_a_second_attempt_stops_the_first_at_once(shop: Shop) -> None:
    agent = Working(shop).ready()
    clerk = shop.operator("clerk", name="wang")
    shop.teach(clerk, "whorl")
    first = shop.ask("wang")
    time.sleep(0.3)
    began, second = time.monotonic(), shop.ask("wang")
    time.sleep(0.5)  # a finger laid before the reader has turned to the second would be the first's
    shop.tray.put("whorl")
    assert shop.state(second) == "matched"
    assert time.monotonic() - began < SCAN_SECONDS / 3
    assert shop.state(first) == "cancelled"
    agent.end()


def test_an_unplugged_reader_tells_the_alarm_and_one_that_is_back_is_told_what_to_know(shop: Shop) -> None:
    agent = Working(shop).ready()
    clerk = shop.operator("clerk", name="wang")
    shop.teach(clerk, "whorl")
    token = shop.ask("wang")
    time.sleep(1.0)
    shop.tray.put("unplug")
    assert shop.state(token) == "vanished"
    wait_for(lambda: shop.found().reader == "vanished")
    shop.tray.known["op-404"] = {FINGERS[3]: "ghost"}
    shop.tray.known[f"op-{clerk}"][FINGERS[4]] = "ghost"
    shop.tray.put("plug")
    wait_for(lambda: shop.found().reader == "ready")
    wait_for(lambda: shop.tray.known[f"op-{clerk}"] == {FINGERS[0]: "whorl"})
    subject = f"reader:{shop.station_id}"
    assert signals(shop.house) == [("reader_vanished", subject, "wrong"), ("device_back", subject, "right")]
    agent.end()


def test_a_restarted_agent_forgets_what_nobody_announced_and_says_what_was_lost(shop: Shop) -> None:
    agent = Working(shop).ready()
    clerk = shop.operator()
    shop.teach(clerk, "whorl")
    shop.teach(clerk, "arch", name=FINGERS[1])
    agent.end()
    assert shop.found().left_at_us > 0
    shop.tray.known[f"op-{clerk}"] = {FINGERS[0]: "whorl", FINGERS[7]: "never announced"}
    agent = Working(shop).ready()
    wait_for(lambda: FINGERS[7] not in shop.tray.known[f"op-{clerk}"])
    wait_for(lambda: len(shop.read(lambda tx: list_fingers(tx, operator_ids=[clerk]))) == 1)
    agent.end()


def test_a_finger_whose_enrolment_the_desk_did_not_take_is_forgotten(shop: Shop) -> None:
    agent = Working(shop).ready()
    clerk = shop.operator()
    asked = shop.ask_finger(clerk)
    shop.tray.put("whorl", "whorl")
    wait_for(
        lambda: shop.read(lambda tx: read_command(tx, command_id=asked)).last_progress().get("done") == 2
    )
    clock.shift_clock(91 * clock.SECOND_US)
    shop.tray.put("whorl")
    wait_for(lambda: f"op-{clerk}" in shop.tray.known and shop.tray.known[f"op-{clerk}"] == {})
    assert shop.read(lambda tx: list_fingers(tx, operator_ids=[clerk]))[0].state == "asked"
    agent.end()


def test_a_desk_that_is_away_is_waited_for(shop: Shop) -> None:
    agent = Working(shop).ready()
    shop.served.stop()
    wait_for(lambda: any("not reached" in line for line in agent.said))
    shop.tray.put("unplug", "plug")
    shop.served.start()
    wait_for(lambda: sum("is reached" in line for line in agent.said) == 2, seconds=30)
    clerk = shop.operator()
    assert shop.teach(clerk, "whorl")["outcome"] == "enrolled"
    agent.end()


def test_a_revoked_station_stops_and_says_so(shop: Shop) -> None:
    agent = Working(shop).ready()
    shop.write(lambda tx: revoke_station(tx, shop.owner, station_id=shop.station_id))
    wait_for(lambda: bool(agent.fault), seconds=30)
    assert isinstance(agent.fault[0], TurnedAway) and "enrol it again" in str(agent.fault[0])
    assert {kind for kind, _, _ in signals(shop.house)} == {"revoked_used"}


def test_commands_go_to_the_newest_request_of_a_station(shop: Shop) -> None:
    """The connection of an agent that was killed may still wait at the desk: it must take nothing."""
    dead = Working(shop).ready()
    dead.cut()
    wait_for(lambda: not shop.served.open)
    asked = _ask_list(shop)
    time.sleep(1.0)
    assert _taken_at(shop, asked) is None, "nobody is there to take it"
    agent = Working(shop).ready()
    assert shop.answer_of(asked) == {"fingers": []}
    clerk = shop.operator()
    for n in range(3):
        assert shop.teach(clerk, f"touch {n}", name=FINGERS[n])["outcome"] == "enrolled"
    agent.end()


def test_a_station_that_is_cut_off_while_it_is_let_in_takes_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin, began, go_on = stations._begin, threading.Event(), threading.Event()

    def begin_late(*given: Any) -> int:
        began.set()
        assert go_on.wait(15)
        return begin(*given)

    monkeypatch.setattr(stations, "_begin", begin_late)
    listening = len(event._wakers)
    dead = Working(shop)
    assert began.wait(15)
    dead.cut()
    asked = _ask_list(shop)
    go_on.set()
    wait_for(lambda: not shop.served.open)
    assert _taken_at(shop, asked) is None, "nobody is there to take it"
    assert len(event._wakers) == listening, "what has ended is woken no more"


def test_a_fault_of_a_driver_is_told_who_waits(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    agent = Working(shop).ready()
    clerk = shop.operator("clerk", name="wang")
    shop.teach(clerk, "whorl")

    def break_(*_: object, **__: object) -> None:
        raise RuntimeError("the driver has a mistake")

    monkeypatch.setattr(MemoryReader, "verify", break_)
    assert shop.state(shop.ask("wang")) == "device_error"
    assert signals(shop.house) == []
    agent.end()


def test_without_a_reader_the_station_says_so(shop: Shop) -> None:
    agent = Working(shop, reader=False).ready()
    wait_for(lambda: shop.found().last_seen_us > 0)
    assert shop.found().reader == "none"
    for kind, payload, said in (
        ("reader.delete", {"operator": "1", "finger": FINGERS[0]}, "failed"), ("reader.list", {"operator": "x"}, "unreadable"),
        ("reader.dance", {}, "unknown"), ("reader.keep", {"known": {}}, "failed"), ("kettle.boil", {}, "unknown"),
    ):  # fmt: skip
        asked = shop.write(lambda tx, kind=kind, payload=payload: ask_station(
            tx, station_id=shop.station_id, kind=kind, payload=payload, seconds=10
        ))  # fmt: skip
        assert shop.answer_of(asked)["problem"] == said, kind
    agent.end()


@pytest.mark.parametrize("light", [True, False])
def test_a_siren_is_told_and_confirms(shop: Shop, light: bool) -> None:
    agent = Working(shop, reader=False).ready()
    payload = {
        "siren": "7", "driver": "memory", "options": {"place": f"shop-{shop.station_id}-{light}"},
        "pattern": {"light": light, "sound": not light, "seconds": 30},
    }  # fmt: skip
    began = time.monotonic()
    asked = shop.write(lambda tx: ask_station(
        tx, station_id=shop.station_id, kind="siren.set", payload=payload, seconds=5
    ))  # fmt: skip
    told = shop.answer_of(asked)
    assert (told["light"], told["sound"], told["confirmed"]) == (light, not light, True)
    assert time.monotonic() - began < 1.5
    agent.end()


def _ask_list(shop: Shop) -> int:
    asked: int = shop.write(lambda tx: ask_station(
        tx, station_id=shop.station_id, kind="reader.list", payload={"operator": "1", "finger": ""}, seconds=20
    ))  # fmt: skip
    return asked


def _taken_at(shop: Shop, command_id: int) -> int | None:
    found: Command = shop.read(lambda tx: read_command(tx, command_id=command_id))
    return found.taken_at_us
