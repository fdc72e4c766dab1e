"""The spool where the database fails it: no printer stays busy, and no merchant is kept from paper by another."""

import threading

import pytest

from tests.counter import open_counter
from tests.house import make_house
from tocsin.core.db import Database, Tx
from tocsin.core.vault import SealBroken
from tocsin.tickets import spool as module
from tocsin.tickets.device import Device, add_printer


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
