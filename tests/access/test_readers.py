"""What every reader promises, asked of each that the scan finds; fprintd's is the real one."""

from collections.abc import Iterator
from threading import Event

import pytest

from tests.access.fingers import READERS, A, B, Bench
from tests.peers.fprintd_peer import FprintdPeer
from tocsin.access.reader import FINGERS, Enrolment, Scan


@pytest.fixture(params=READERS)
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    if request.param != "fprintd":
        made = Bench(request.param, None)
        yield made
        made.reader.close()
        return
    with FprintdPeer() as peer:
        made = Bench("fprintd", peer)
        yield made
        made.reader.close()


def test_a_reader_knows_the_right_finger_and_no_other(bench: Bench) -> None:
    assert bench.reader.presence() == "ready"
    assert bench.reader.fingers(A) == ()
    assert bench.enrol(A, "whorl") == Enrolment("enrolled")
    assert [stage.done for stage in bench.stages] == sorted(stage.done for stage in bench.stages)
    assert bench.stages[0].done == 0 and len(bench.stages) > 1
    assert bench.enrol(B, "arch", FINGERS[1]) == Enrolment("enrolled")
    assert (bench.reader.fingers(A), bench.reader.fingers(B)) == ((FINGERS[0],), (FINGERS[1],))
    assert bench.scan("whorl").outcome == "match"
    assert bench.asked == [A]
    assert bench.scan("loop-right").outcome == "no_match"
    assert bench.scan("arch").outcome == "no_match", "the finger of another operator"
    assert bench.scan("arch", B).outcome == "match"
    assert bench.enrol("op-1003", "whorl") == Enrolment("duplicate")
    assert bench.reader.fingers("op-1003") == ()
    bench.asked.clear()
    assert bench.verify("op-1003").result(20) == Scan("device_error", problem="not_enrolled")
    assert bench.asked == []


def test_what_was_forgotten_matches_nothing(bench: Bench) -> None:
    bench.enrol(A, "whorl")
    bench.reader.delete(A, FINGERS[3])
    assert bench.reader.fingers(A) == (FINGERS[0],)
    bench.reader.delete(A, FINGERS[0])
    assert bench.reader.fingers(A) == ()
    bench.enrol(A, "whorl")
    bench.reader.delete(A)
    bench.reader.delete(A)
    bench.reader.delete("op-404")
    assert bench.reader.fingers(A) == ()


def test_nothing_laid_is_no_failure(bench: Bench) -> None:
    bench.enrol(A, "whorl")
    assert bench.verify(seconds=0.6).result(20) == Scan("cancelled")
    stop = Event()
    stopped = bench.verify(stop=stop)
    stop.set()
    assert stopped.result(20) == Scan("cancelled")


def test_an_unplugged_reader_has_vanished_and_is_no_failure_of_anybody(bench: Bench) -> None:
    bench.enrol(A, "whorl")
    done = bench.verify()
    bench.unplug()
    assert done.result(20).outcome == "vanished"
    assert bench.reader.presence() == "vanished" and bench.said[-1] == "vanished"
    assert bench.verify().result(20).outcome == "vanished"
