"""Printers at a station, over a real socket: each ticket once, through lost lines, kills and silence."""

from typing import Any

import pytest
import sqlalchemy as sa

from tests.counter import BASE
from tests.station.counter import wait_for
from tests.station.stall import Stall
from tocsin.access.station import StationMissing
from tocsin.core.clock import SECOND_US, shift_clock
from tocsin.core.command import command, read_command
from tocsin.core.statement import Statement, bind, own
from tocsin.station import paper_journal
from tocsin.tickets import errand as module
from tocsin.tickets.device import PrinterWrong, add_printer
from tocsin.tickets.errand import errand_of
from tocsin.tickets.known_printer import find_known
from tocsin.tickets.printers import escpos_network
from tocsin.tickets.trial import ask_printer, print_test_page

SEEN = {"online": True, "paper": "ok", "detail": "王小明 13812345678"}
_PAYLOAD = Statement[tuple[bytes]](
    sa.select(command.c.payload).where(own(command), command.c.id == bind("id"))
)


def test_a_station_prints_and_says_how_its_printer_is(stall: Stall) -> None:
    waiting = stall.ask_for_one()
    assert ask_printer(stall.db, stall.actor, printer_id=0).detail == "station_away"
    assert stall.job(waiting).state == "queued" and not stall.asked(module.SEND), (
        "nobody was there: it was not even claimed"
    )
    stall.work()
    job = stall.wait_state(waiting, "printed")
    assert len(stall.peer.papers()) == 1
    seen = stall.printer()
    assert (
        seen.seen_at_us and (status := seen.last_status()) and (status.online, status.paper) == (True, "ok")
    )
    assert stall.order(job.order_id).desk_state == "printed"
    taken = errand_of(job)
    assert taken and stall.ask(read_command, command_id=taken.command_id).taken_at_us
    kept = stall.db.read(stall.house.merchant_id, lambda tx: tx.value(_PAYLOAD, id=taken.command_id))
    assert kept == b"", "what a paper says is kept no longer than until it is taken"
    assert f"T{stall.peer.port}" in stall.ask(find_known, printer_id=seen.id).identity  # asked by its station
    assert (
        print_test_page(stall.db, stall.actor, printer_id=0, base_url=BASE).result == "printed"
        and len(stall.peer.papers()) == 2
    )
    second, third = stall.ask_for_one(3), stall.ask_for_one(4)
    stall.wait_state(second, "printed")
    stall.wait_state(third, "printed")
    stall.peer.switches.paper = "out"
    wait_for(lambda: ask_printer(stall.db, stall.actor, printer_id=0).paper == "out")


def test_the_end_of_a_paper_is_told_through_a_lost_line_and_a_restart(stall: Stall) -> None:
    stall.run_agent()
    stall.peer.switches.delay_seconds = 0.1
    job = stall.ask_for_one()
    stall.wait_written("begun")
    stall.shop.served.stop()  # the desk is away when the paper comes out
    stall.wait_written("ended")
    assert len(stall.peer.papers()) == 1 and stall.job(job).state == "sending"
    stall.kill()
    stall.shop.served.start()
    stall.run_agent()
    stall.wait_state(job, "printed")
    assert len(stall.peer.papers()) == 1


def test_a_paper_that_was_cut_off_is_in_doubt_and_never_begun_again(stall: Stall) -> None:
    stall.run_agent()
    stall.peer.switches.delay_seconds = 0.3
    job = stall.ask_for_one()
    stall.wait_written("begun")
    stall.kill()
    assert stall.job(job).state == "sending"
    stall.run_agent()
    assert stall.wait_state(job, "unknown").reason == "stopped"
    assert stall.kinds(stall.job(job).order_id) == ["unknown"]
    stall.peer.switches.delay_seconds = 0
    after = stall.ask_for_one(3)
    stall.wait_state(after, "printed")
    codes = [paper.codes().get("code128") for paper in stall.peer.papers()]
    assert codes.count(str(job)) <= 1 and codes.count(str(after)) == 1


def test_what_never_reached_its_station_waits_anew_and_is_printed_once(
    stall: Stall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_ASK_SECONDS", 1)
    monkeypatch.setattr(paper_journal, "CLOCK_SECONDS", 0)  # as if the journal were older than clocks differ
    stall.work().end()
    stall.at_work.clear()
    stall.come_by_hand()
    job = stall.ask_for_one()
    lost = stall.take_by_hand()  # the answer that hands it over gets lost
    assert stall.job(job).state == "sending" and lost
    stall.work()
    stall.wait_state(job, "printed")
    assert len(stall.peer.papers()) == 1 and b'"void"' in stall.path.read_bytes()
    assert not stall.tell(lost, job, result="printed"), "it was given up: its number is of no paper any more"


def test_a_station_whose_journal_is_young_leaves_doubt_about_what_it_can_not_know(
    stall: Stall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_ASK_SECONDS", 0)
    stall.come_by_hand()
    job = stall.ask_for_one()
    assert stall.take_by_hand()
    stall.work()
    monkeypatch.setattr(module, "_LOST_SECONDS", 1)
    assert stall.wait_state(job, "unknown").reason == "no_answer"
    assert stall.peer.papers() == []


def test_a_silent_station_leaves_doubt_that_it_can_end_later(stall: Stall) -> None:
    stall.come_by_hand()
    first = stall.ask_for_one()
    command = stall.take_by_hand()
    shift_clock(31 * SECOND_US)
    try:
        stall.spools[0]._since_us -= 60 * SECOND_US
        assert stall.wait_state(first, "unknown").reason == "no_answer"
    finally:
        shift_clock(0)
    assert not stall.tell(command, first, result="taken") and not stall.tell(
        command + 1, first, result="printed"
    )
    assert not stall.tell(command, first, result="failed", bytes_left=True)
    assert stall.tell(command, first, result="printed", reason="made UP reason!", status_after=SEEN)
    assert stall.kinds(stall.job(first).order_id) == []
    assert "王" not in stall.printer().status + stall.job(first).outcome
    stall.come_by_hand()
    second = stall.ask_for_one(3)
    command = stall.take_by_hand()
    assert stall.tell(command, second, result="failed", reason="paper_out")
    assert stall.job(second).reason == "paper_out" and stall.kinds(stall.job(second).order_id) == ["failed"]
    assert not stall.tell(command, second, result="printed") and not stall.tell(command, 7, result="printed")
    third = stall.ask_for_one(4)
    command = stall.take_by_hand()
    assert stall.tell(command, third, result="taken"), "what is taken is not told: it may be out"
    assert stall.job(third).state == "unknown"


def test_a_station_that_can_not_print_gives_papers_back(stall: Stall) -> None:
    stall.work(papers=False)
    job = stall.ask_for_one()
    wait_for(lambda: (seen := stall.printer().last_status()) and seen.detail == "station_old")
    assert stall.job(job).state == "queued" and stall.holds(stall.job(job).order_id) == []
    assert ask_printer(stall.db, stall.actor, printer_id=0).detail == "station_old"
    assert print_test_page(stall.db, stall.actor, printer_id=0, base_url=BASE).reason == "station_old"
    stall.at_work.pop().end()
    stall.work()
    stall.wait_state(job, "printed")


def test_what_a_station_may_not_do_is_refused(stall: Stall, monkeypatch: pytest.MonkeyPatch) -> None:
    place = {"host": "192.0.2.7", "port": 9100}
    with pytest.raises(StationMissing):
        stall.do(add_printer, name="x", kind="escpos_network", options=place, station_id=7)
    with pytest.raises(PrinterWrong, match="at the desk alone"):
        stall.do(add_printer, name="x", kind="pdf_file", options={}, station_id=stall.shop.station_id)
    # Its own networks decide, not the desk's.
    far = stall.do(
        add_printer, name="远", kind="escpos_network", options=place, station_id=stall.shop.station_id
    )
    stall.work()
    assert ask_printer(stall.db, stall.actor, printer_id=far).detail == "outside_networks"

    def break_(*_: object, **__: object) -> None:
        raise RuntimeError("broken driver")

    monkeypatch.setattr(escpos_network.EscposNetwork, "send", break_)
    job = stall.ask_for_one()
    assert stall.wait_state(job, "unknown").reason == "fault"
    monkeypatch.setattr(escpos_network.EscposNetwork, "probe", break_)
    assert ask_printer(stall.db, stall.actor, printer_id=0).detail == "fault"
    odd: dict[str, Any] = {"printer": "1", "kind": "../x", "options": {}}
    for kind, payload in (("printer.probe", odd), ("printer.send", {}), ("printer.melt", odd)):
        assert stall.command(kind, payload), kind
