"""The real fprintd: what is a wrong finger and what only looks like one."""

import asyncio
import time
from collections.abc import Iterator
from threading import Event

import pytest
from dbus_fast import Message, MessageType
from dbus_fast.aio import MessageBus

from tests.access.fingers import A, Bench, beside
from tests.peers.fprintd_peer import FprintdPeer
from tocsin.access.reader import BAD_SCANS_MOST, FINGERS, Enrolment, ReaderFailed, Scan
from tocsin.access.readers.fprintd import PLUGIN


@pytest.fixture
def bench() -> Iterator[Bench]:
    """A reader that knows one finger of A."""
    with FprintdPeer() as peer:
        made = Bench("fprintd", peer)
        assert made.enrol(A, "whorl") == Enrolment("enrolled")
        yield made
        made.reader.close()


def peer_of(bench: Bench) -> FprintdPeer:
    assert bench.peer is not None
    return bench.peer


def test_turned_shifted_and_dirty_prints_still_match(bench: Bench) -> None:
    scans = []
    for seed in range(8):
        done = bench.verify()
        bench.lay("whorl", seed)
        scans.append(done.result(20).outcome)
        peer_of(bench).lift()
    assert scans.count("match") >= 7 and set(scans) <= {"match", "no_match"}


def test_other_fingers_do_not_match(bench: Bench) -> None:
    for name in ("arch", "loop-right", "tented_arch"):
        assert bench.scan(name) == Scan("no_match")


def test_a_scan_that_can_not_be_read_is_asked_for_again_and_is_no_failure(bench: Bench) -> None:
    done = bench.verify()
    bench.lay("blank")
    for kind in (1, 2, 3):
        peer_of(bench).bad(kind)
    bench.lay("whorl")
    assert done.result(20) == Scan("match", bad_scans=4)


def test_scans_that_can_not_be_read_end_after_five(bench: Bench) -> None:
    done = bench.verify()
    for _ in range(BAD_SCANS_MOST):
        peer_of(bench).bad(0)
    assert done.result(20) == Scan("bad_scan", BAD_SCANS_MOST)


def test_a_bad_scan_and_then_nothing_is_not_a_wrong_finger(bench: Bench) -> None:
    """fprintd says `verify-no-match` when we stop it."""
    done = bench.verify(seconds=1.5)
    bench.lay("blank")
    assert done.result(20) == Scan("cancelled", bad_scans=1)


def test_a_wrong_finger_laid_as_the_time_ends_is_still_seen(bench: Bench) -> None:
    stop = Event()
    done = bench.verify(stop=stop)
    bench.lay("arch")
    while peer_of(bench).asks_for_a_finger():
        time.sleep(0.001)
    stop.set()
    assert done.result(20) == Scan("no_match")


def test_a_reader_that_fails_is_no_failure_of_anybody(bench: Bench) -> None:
    done = bench.verify()
    peer_of(bench).fault()
    assert done.result(20) == Scan("device_error")
    assert bench.reader.presence() == "ready"


def test_a_crash_of_fprintd_is_a_vanished_reader_that_comes_back(bench: Bench) -> None:
    done = bench.verify()
    peer_of(bench).wait_for_need()
    peer_of(bench).kill_fprintd()
    assert done.result(20) == Scan("vanished")
    assert bench.said == ["ready", "vanished"]
    peer_of(bench).start_fprintd()
    until = time.monotonic() + 10
    while bench.reader.presence() != "ready" and time.monotonic() < until:
        time.sleep(0.05)
    assert bench.said == ["ready", "vanished", "ready"]
    assert bench.scan("whorl").outcome == "match", "it has kept what it learnt"


def test_an_idle_reader_that_is_gone_is_noticed_unasked(bench: Bench) -> None:
    peer_of(bench).kill_fprintd()
    until = time.monotonic() + 5
    while len(bench.said) < 2 and time.monotonic() < until:
        time.sleep(0.02)
    assert bench.said == ["ready", "vanished"]


def test_a_reader_that_another_program_uses_is_busy(bench: Bench) -> None:
    other = Bench("fprintd", peer_of(bench))
    done = bench.verify()
    peer_of(bench).wait_for_need()
    assert other.verify().result(20) == Scan("device_error", problem="busy")
    with pytest.raises(ReaderFailed, match="AlreadyInUse"):
        other.reader.delete(A)
    bench.lay("whorl")
    assert done.result(20).outcome == "match"
    other.reader.close()


def test_who_drops_off_the_bus_frees_the_reader(bench: Bench) -> None:
    other = Bench("fprintd", peer_of(bench))
    stop = Event()
    other.verify(stop=stop)
    peer_of(bench).wait_for_need()
    other.reader.close()
    stop.set()
    assert bench.scan("whorl").outcome == "match"


def test_a_forged_signal_of_somebody_else_on_the_bus_is_not_heard(bench: Bench) -> None:
    """The bus delivers a signal that is addressed to us, whoever sent it and whatever we asked to hear."""
    done = bench.verify(seconds=2)
    peer_of(bench).wait_for_need()
    us = bench.reader._bus._bus.unique_name  # type: ignore[attr-defined]

    async def forge() -> None:
        bus = await MessageBus(bus_address=peer_of(bench).address).connect()
        for word in ("verify-match", "verify-no-match"):
            await bus.send(Message(
                message_type=MessageType.SIGNAL, destination=us, path="/net/reactivated/Fprint/Device/0",
                interface="net.reactivated.Fprint.Device", member="VerifyStatus", signature="sb", body=[word, True],
            ))  # fmt: skip
        await asyncio.sleep(0.2)
        bus.disconnect()

    asyncio.run(forge())
    assert done.result(20) == Scan("cancelled")


def test_an_enrolment_says_why_a_touch_did_not_count_and_can_be_stopped(bench: Bench) -> None:
    stages = []
    stop = Event()
    done = beside(lambda: bench.reader.enrol(
        "op-9", FINGERS[1], seconds=20, stop=stop, on_stage=stages.append
    ))  # fmt: skip
    peer_of(bench).bad(1)
    bench.lay("arch", 1)
    until = time.monotonic() + 10
    while len(stages) < 3 and time.monotonic() < until:
        time.sleep(0.01)
    stop.set()
    assert done.result(20) == Enrolment("cancelled")
    assert [(one.done, one.of, one.retry) for one in stages] == [
        (0, 6, ""),
        (0, 6, "swipe-too-short"),
        (1, 6, ""),
    ]
    assert bench.reader.fingers("op-9") == ()


def test_templates_stay_with_fprintd_under_an_opaque_name(bench: Bench) -> None:
    (template,) = peer_of(bench).templates()
    assert A in template.parts and template.stat().st_size > 1000
    bench.reader.delete(A)
    assert peer_of(bench).templates() == []


def test_without_a_bus_there_is_no_reader() -> None:
    said: list[str] = []
    reader = PLUGIN.open({"bus": "unix:path=/nowhere/at.all"}, on_presence=said.append)
    assert reader.presence() == "vanished" and said == ["vanished"]
    assert reader.verify(A, seconds=1, stop=Event(), on_asking=print) == Scan("vanished")
    assert reader.enrol(A, FINGERS[0], seconds=1, stop=Event(), on_stage=print) == Enrolment("vanished")
    with pytest.raises(ReaderFailed):
        reader.fingers(A)
    reader.close()
