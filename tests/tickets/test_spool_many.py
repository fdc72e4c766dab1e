"""Many printers: one that hangs keeps no other from its papers; what can't be drawn has left no byte."""

import pytest

from tests.counter import open_counter
from tests.peers.escpos_peer import EscposPeer
from tests.proofs.running import wait_until
from tocsin.core.db import Database
from tocsin.tickets import giving
from tocsin.tickets.device import add_printer
from tocsin.tickets.spool import Spool
from tocsin.tickets.trial import say_state


def test_a_printer_that_hangs_keeps_no_other_from_its_papers(db: Database) -> None:
    with open_counter(db, answer_timeout_seconds=30) as counter, EscposPeer() as other:
        where = {"host": "127.0.0.1", "port": other.port}
        second = counter.do(add_printer, name="厨房", kind="escpos_network", options=where)
        counter.peer.switches.delay_seconds = 0.4
        hanging = [counter.print(counter.take(quantity=n).order_id).job_ids[0] for n in (1, 2)]
        behind = counter.print(counter.take(quantity=3).order_id, queue_id=second).job_ids[0]
        counter.spools.append(Spool(db, threads=1))
        counter.spools[0].start()
        counter.wait_state(behind, "printed")
        assert counter.job(hanging[1]).state == "queued", "the first printer has not come to its second paper"
        counter.peer.switches.delay_seconds = 0
        counter.wait_state(hanging[1], "printed")


def test_a_paper_that_can_not_be_drawn_has_failed(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_counter(db) as counter:

        def broken(*_: object) -> object:
            raise ZeroDivisionError

        monkeypatch.setattr(giving, "draw_paper", broken)
        taken = counter.take()
        job = counter.print(taken.order_id).job_ids[0]
        counter.run_spool()
        outcome = counter.wait_state(job, "failed").last_outcome()
        assert (outcome.reason, outcome.detail, outcome.bytes_left) == ("fault", "ZeroDivisionError", False)
        assert counter.kinds(taken.order_id) == ["failed"] and counter.peer.jobs == []


def test_a_printer_that_is_away_fails_one_paper_and_the_others_wait_for_it(db: Database) -> None:
    with open_counter(db) as counter:
        jobs = [counter.print(counter.take(quantity=n + 2).order_id).job_ids[0] for n in range(4)]
        counter.peer.switches.paper = "out"
        counter.run_spool()
        assert counter.wait_state(jobs[0], "failed").reason == "paper_out"
        assert wait_until(lambda: say_state(counter.printer().last_status()) == "paper_out", seconds=5)
        assert [counter.job(job).state for job in jobs[1:]] == ["queued"] * 3
        assert counter.peer.papers() == []
        counter.peer.switches.paper = "ok"
        for job in jobs[1:]:
            counter.wait_state(job, "printed")
        assert len(counter.peer.papers()) == 3
