"""A printer's station that is away, revoked, or never got the paper: it waits anew, or is held, and is not printed twice."""

import threading

import pytest

from tests.station.counter import wait_for
from tests.station.stall import Stall
from tocsin.access.station import StationMissing, named_station, revoke_station
from tocsin.core.clock import SECOND_US, shift_clock
from tocsin.tickets import errand as module
from tocsin.tickets.away import PROBE
from tocsin.tickets.device import add_printer
from tocsin.tickets.errand import errand_of
from tocsin.tickets.trial import ask_printer


def test_a_fault_before_a_paper_is_handed_over_holds_its_order(
    stall: Stall, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_(*_: object, **__: object) -> None:
        raise RuntimeError("a fault of the desk's own")

    monkeypatch.setattr("tocsin.tickets.spool.draw_for", break_)
    stall.work()
    job = stall.wait_state(stall.ask_for_one(), "failed")
    assert job.reason == "fault" and stall.kinds(job.order_id) == ["failed"] and stall.peer.papers() == []


def test_a_station_that_takes_nothing_is_away(stall: Stall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tocsin.tickets.away._TAKE_SECONDS", 0.2)
    stall.come_by_hand()
    assert ask_printer(stall.db, stall.actor, printer_id=0).detail == "station_away"


def test_a_printer_is_not_asked_how_it_is_while_it_prints(
    stall: Stall, monkeypatch: pytest.MonkeyPatch
) -> None:
    stall.come_by_hand()
    job = stall.ask_for_one()
    command = stall.take_by_hand()
    monkeypatch.setattr("tocsin.tickets.trial.ASK_EVERY_SECONDS", 0)
    for _ in range(3):
        stall.spools[0]._round()
    assert stall.asked(PROBE) == 0
    assert stall.tell(command, job, result="printed")
    wait_for(lambda: stall.asked(PROBE))


def test_a_ticket_is_taken_back_at_once_from_a_station_that_was_revoked(
    stall: Stall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BEGIN_SECONDS", 3_600)  # not because its time is over
    stall.come_by_hand()
    job = stall.ask_for_one()
    wait_for(lambda: errand_of(stall.job(job)))
    stall.do(revoke_station, station_id=stall.shop.station_id)
    stall.wait_state(job, "queued")
    place, id_ = {"host": "127.0.0.1", "port": 9100}, stall.shop.station_id
    with pytest.raises(StationMissing):
        stall.do(add_printer, name="x", kind="escpos_network", options=place, station_id=id_)
    with pytest.raises(StationMissing):
        stall.ask(named_station, name=stall.shop.found().name)


def test_a_process_that_died_before_it_handed_a_paper_over_has_printed_nothing(
    stall: Stall, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed = threading.Event()

    def die(*_: object, **__: object) -> None:
        handed.set()
        raise RuntimeError

    monkeypatch.setattr("tocsin.tickets.spool.draw_for", die)
    monkeypatch.setattr("tocsin.tickets.spool.Spool._is_idle", lambda *_: False)  # it has no time to see that
    stall.work()
    job = stall.ask_for_one()
    assert handed.wait(10)
    stall.spools.pop().stop()
    monkeypatch.undo()
    assert stall.job(job).state == "sending"
    if stall.db.dialect == "postgresql":
        shift_clock(16 * SECOND_US)  # its lease runs out
    try:
        stall.run_spool()
        stall.wait_state(job, "printed")
    finally:
        shift_clock(0)
    assert len(stall.peer.papers()) == 1
