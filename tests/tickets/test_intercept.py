"""Intercept slips: one for each paper of a void order, where it came out, until somebody has pulled it."""

import time
from typing import Any

import pytest
import sqlalchemy as sa

from tests.counter import Counter, open_counter
from tests.proofs.running import wait_until
from tests.tickets.test_hand_over import printed
from tocsin.core.clock import MINUTE_US, shift_clock
from tocsin.core.db import Database
from tocsin.core.statement import Statement
from tocsin.tickets import intercept, spool
from tocsin.tickets.hold import release_hold
from tocsin.tickets.intercept import queue_slips, slips_of
from tocsin.tickets.job import jobs_of_order
from tocsin.tickets.table import print_job


def refund(counter: Counter, order_id: int) -> None:
    """The shop tells of a refund, and the check hears of it."""
    external = counter.order(order_id).external_id
    counter.take(external_id=external, quantity=3, payment="refunded")
    counter.check()


def states(counter: Counter, order_id: int) -> list[str]:
    return [slip.state for slip in counter.ask(slips_of, order_id=order_id)]


def test_a_slip_comes_out_where_the_ticket_lies_and_says_void(db: Database) -> None:
    with open_counter(db, copies=("merchant", "kitchen")) as counter:
        order_id = counter.take(external_id="R-1", quantity=3).order_id
        jobs = counter.print(order_id).job_ids
        counter.run_spool()
        for job in jobs:
            counter.wait_state(job, "printed")
        refund(counter, order_id)
        assert wait_until(lambda: states(counter, order_id) == ["printed"] * 2, seconds=20)
        papers = counter.peer.papers()
        assert len(papers) == 4, "two tickets and two slips"
        slips = counter.ask(slips_of, order_id=order_id)
        assert {paper.codes()["code128"] for paper in papers[2:]} == {str(slip.id) for slip in slips}
        assert {paper.codes()["qr"] for paper in papers[2:]} == {paper.codes()["qr"] for paper in papers[:2]}
        for ticket, slip in zip(papers[:2], papers[2:], strict=True):
            assert slip.picture.tobytes() != ticket.picture.tobytes()
        assert len(counter.ask(jobs_of_order, order_id=order_id)) == 2, "a slip is no paper of the order"
        (hold,) = (hold for hold in counter.holds(order_id) if hold.kind == "refund")
        counter.check()
        refund(counter, order_id)
        assert len(states(counter, order_id)) == 2, "once for each paper"
        again = counter.db.write(counter.house.merchant_id, lambda tx: queue_slips(tx, order_id=order_id))
        assert again == 0, "whoever asks again"
        counter.do(release_hold, hold_id=hold.id, reason="撤回了")
        pulled = counter.ask(slips_of, order_id=order_id)
        assert [(slip.state, slip.pulled_by) for slip in pulled] == [("pulled", counter.actor.name)] * 2


def test_a_slip_that_is_queued_wakes_who_prints_it(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "_IDLE_SECONDS", 60.0)
    with open_counter(db) as counter:
        order_id = counter.take(external_id="R-1", quantity=3).order_id
        (job,) = counter.print(order_id).job_ids
        counter.run_spool()
        counter.wait_state(job, "printed")
        time.sleep(0.5)  # it has looked for more, and waits
        refund(counter, order_id)
        assert wait_until(lambda: states(counter, order_id) == ["printed"], seconds=20)


def test_each_paper_of_an_order_has_a_slip_however_many_there_are(db: Database) -> None:
    with open_counter(db) as counter:
        order_id = counter.take(external_id="R-1", quantity=3).order_id
        printed(counter, order_id)
        columns = [column.name for column in print_job.columns]
        copies = ", ".join({"id": "id + k", "serial": "serial || k"}.get(name, name) for name in columns)
        more = sa.text(
            f"INSERT INTO print_job ({', '.join(columns)}) WITH RECURSIVE n(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n WHERE k < 150) "
            f"SELECT {copies} FROM print_job, n"
        )
        db.write(counter.house.merchant_id, lambda tx: tx.run(Statement[None](more)))
        refund(counter, order_id)
        assert len(states(counter, order_id)) == 151
        assert len({slip.job_id for slip in counter.ask(slips_of, order_id=order_id)}) == 151


def test_what_did_not_leave_is_tried_again_until_it_was_pulled(db: Database) -> None:
    with open_counter(db) as counter:
        order_id = counter.take(external_id="R-1", quantity=3).order_id
        printed(counter, order_id)
        behind = counter.print(counter.take(quantity=9).order_id).job_ids[0]
        counter.peer.switches.paper = "out"
        refund(counter, order_id)
        counter.run_spool()
        tried = lambda: [slip.tries for slip in counter.ask(slips_of, order_id=order_id)]
        assert wait_until(lambda: tried() == [1] and states(counter, order_id) == ["queued"], seconds=20)
        assert counter.job(behind).state == "queued", (
            "the slip has found the printer away: no ticket fails for it"
        )
        counter.peer.switches.paper = "ok"
        try:
            shift_clock(2 * MINUTE_US)
            assert wait_until(lambda: states(counter, order_id) == ["printed"], seconds=20)
        finally:
            shift_clock(0)
        counter.wait_state(behind, "printed")
        assert len(counter.peer.papers()) == 2


def test_what_became_of_a_slip_is_stored_once_the_database_can(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_counter(db) as counter:
        order_id = counter.take(external_id="R-1", quantity=3).order_id
        printed(counter, order_id)
        refund(counter, order_id)
        tries, record = [], intercept._record

        def record_later(*given: Any, **more: Any) -> None:
            tries.append(1)
            if len(tries) == 1:
                raise OSError("disk full")
            record(*given, **more)

        monkeypatch.setattr(intercept, "_record", record_later)
        counter.run_spool()
        assert wait_until(lambda: states(counter, order_id) == ["printed"], seconds=20)
        assert len(tries) == 2 and len(counter.peer.papers()) == 1


def test_one_that_was_pulled_meanwhile_and_one_of_no_paper_do_not_come_out(db: Database) -> None:
    with open_counter(db) as counter:
        order_id = counter.take(external_id="R-1", quantity=3).order_id
        printed(counter, order_id)
        refund(counter, order_id)
        (hold,) = (hold for hold in counter.holds(order_id) if hold.kind == "refund")
        counter.do(release_hold, hold_id=hold.id, reason="撤回了")
        other = counter.take(external_id="R-2", quantity=4).order_id
        counter.take(external_id="R-2", quantity=4, payment="refunded")
        counter.check()
        assert states(counter, order_id) == ["pulled"] and states(counter, other) == []
        third = counter.take(quantity=5).order_id
        job = counter.print(third).job_ids[0]
        counter.run_spool()
        counter.wait_state(job, "printed")
        assert len(counter.peer.papers()) == 1, "the ticket alone"
        assert counter.db.write(counter.house.merchant_id, lambda tx: queue_slips(tx, order_id=other)) == 0
