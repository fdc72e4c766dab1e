"""The spool where the database fails it: no printer stays busy, and no merchant is kept from paper by another."""

import threading
from typing import Any

import pytest

from tests.counter import open_counter
from tests.house import make_house
from tocsin.core.db import Database, Tx
from tocsin.core.vault import SealBroken
from tocsin.tickets import spool as module
from tocsin.tickets.claim import Sending
from tocsin.tickets.device import Device, add_printer
from tocsin.tickets.lease import lease_station
from tocsin.tickets.printer import Drawn, PrintOutcome
from tocsin.tickets.spool import Spool


def test_a_read_that_fails_once_leaves_no_printer_busy_for_ever(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_counter(db) as counter:
        real, failed = module.slip_waits, threading.Event()

        def lost_once(tx: Tx, *, printer_id: int) -> bool:
            if not failed.is_set():
                failed.set()
                raise OSError("connection lost")
            return real(tx, printer_id=printer_id)

        monkeypatch.setattr(module, "slip_waits", lost_once)
        counter.run_spool()
        assert failed.wait(10)
        counter.wait_state(counter.print(counter.take().order_id).job_ids[0], "printed")


def test_what_is_wrong_with_one_merchant_keeps_no_other_from_paper(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, real, asked = make_house(db, code="AA"), module.list_printers, threading.Event()

    def break_one(tx: Tx) -> list[Device]:
        if tx.merchant_id == broken.merchant_id:
            asked.set()
            raise ValueError("a row that can't be read")
        return real(tx)

    monkeypatch.setattr(module, "list_printers", break_one)
    with open_counter(db) as counter:
        counter.run_spool()
        job = counter.print(counter.take().order_id).job_ids[0]
        assert counter.wait_state(job, "printed").state == "printed" and len(counter.peer.papers()) == 1
        assert asked.is_set()


def test_a_printer_whose_keys_can_not_be_opened_keeps_no_other_from_paper(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, asked = module.open_printer, threading.Event()
    with open_counter(db) as counter:
        sound = counter.printer().id

        def break_other(tx: Tx, *, printer_id: int) -> Device:
            if printer_id != sound:
                asked.set()
                raise SealBroken
            return real(tx, printer_id=printer_id)

        monkeypatch.setattr(module, "open_printer", break_other)
        other = counter.do(add_printer, name="云", kind="escpos_network", options={"host": "127.0.0.1"})
        counter.run_spool()
        waits = counter.print(counter.take().order_id, queue_id=other).job_ids[0]
        assert asked.wait(10)
        job = counter.print(counter.take(quantity=3).order_id).job_ids[0]
        assert counter.wait_state(job, "printed").state == "printed"
        assert counter.job(waits).state == "queued" and counter.holds(counter.job(waits).order_id) == []


def test_what_can_not_be_stored_though_the_database_is_well_is_in_doubt_and_the_next_goes_on(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_counter(db) as counter:
        keep, tries = Spool._keep, list[int]()
        jobs = [counter.print(counter.take(quantity=n).order_id).job_ids[0] for n in (2, 3)]

        def break_first(self: Spool, tx: Tx, sending: Sending, outcome: PrintOutcome) -> None:
            if sending.job.id == jobs[0]:
                tries.append(1)
                raise ValueError("no such outcome")
            keep(self, tx, sending, outcome)

        monkeypatch.setattr(Spool, "_keep", break_first)
        monkeypatch.setattr(module, "_STORE_TRIES", 2)
        counter.run_spool()
        counter.wait_state(jobs[1], "printed")
        doubted = counter.wait_state(jobs[0], "unknown")
        assert (doubted.reason, len(tries), len(counter.peer.papers())) == ("fault", 2, 2)
        assert counter.kinds(doubted.order_id) == ["unknown"]


def test_a_claim_of_which_the_word_is_lost_is_in_doubt_at_once(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_counter(db) as counter:
        write, lost = db.write, list[int]()

        def lose_word(merchant_id: int, verb: Any) -> Any:
            made = write(merchant_id, verb)
            if isinstance(made, Sending) and not lost:
                lost.append(made.job.id)
                raise OSError("the connection broke at the commit")
            return made

        monkeypatch.setattr(db, "write", lose_word)
        jobs = [counter.print(counter.take(quantity=n).order_id).job_ids[0] for n in (2, 3)]
        counter.run_spool()
        counter.wait_state(jobs[1], "printed")
        assert lost == [jobs[0]] and counter.wait_state(jobs[0], "unknown").reason == "fault"
        assert len(counter.peer.papers()) == 1


def test_who_lost_the_lease_while_a_paper_came_out_still_says_so(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_counter(db) as counter:
        send, kinds = module.send_drawn, list[list[str]]()
        job = counter.print(counter.take().order_id).job_ids[0]
        order_id = counter.job(job).order_id

        def send_slowly(device: Device, drawn: Drawn) -> PrintOutcome:
            take = lambda tx: lease_station(tx, holder="another process", takes_over=True)
            assert db.write(counter.house.merchant_id, take)
            kinds.append(counter.kinds(order_id))
            return send(device, drawn)

        monkeypatch.setattr(module, "send_drawn", send_slowly)
        counter.run_spool()
        assert counter.wait_state(job, "printed").reason == "told_late"
        assert kinds == [["unknown"]] and counter.kinds(order_id) == [] and len(counter.peer.papers()) == 1


def test_the_round_goes_on_after_a_fault(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_counter(db) as counter:
        faults, real = [], module.list_printers

        def once(tx: object) -> object:
            if not faults:
                faults.append(1)
                raise OSError("gone for a moment")
            return real(tx)  # type: ignore[arg-type]

        monkeypatch.setattr(module, "list_printers", once)
        job = counter.print(counter.take().order_id).job_ids[0]
        counter.run_spool()
        counter.wait_state(job, "printed")
        assert faults
