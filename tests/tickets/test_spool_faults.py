"""The spool where the database fails it: no printer stays busy, and no merchant is kept from paper by another."""

import threading

import pytest

from tests.counter import open_counter
from tests.house import make_house
from tocsin.core.db import Database, Tx
from tocsin.tickets import spool as module
from tocsin.tickets.device import Device


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
    broken, real = make_house(db, code="AA"), module.open_printers

    def break_one(tx: Tx) -> list[Device]:
        if tx.merchant_id == broken.merchant_id:
            raise ValueError("a sealed option that can't be opened")
        return real(tx)

    monkeypatch.setattr(module, "open_printers", break_one)
    with open_counter(db) as counter:
        counter.run_spool()
        counter.wait_state(counter.print(counter.take().order_id).job_ids[0], "printed")
