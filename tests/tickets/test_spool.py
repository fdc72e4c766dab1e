"""The spool: asks again before paper, never sends the unknown twice, keeps what each printer answered."""

import threading
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from tests.counter import Counter, open_counter, wait_for
from tocsin.core.clock import SECOND_US, shift_clock
from tocsin.core.db import Database, Tx
from tocsin.core.life import Life
from tocsin.core.statement import Statement
from tocsin.orders.amend import cancel_order
from tocsin.tickets import giving
from tocsin.tickets import spool as module
from tocsin.tickets.claim import claim_job
from tocsin.tickets.device import PrinterWrong
from tocsin.tickets.hold import release_hold
from tocsin.tickets.job import JOB_LIFE_US
from tocsin.tickets.late import record_outcome
from tocsin.tickets.lease import lease_station
from tocsin.tickets.printer import PrintOutcome
from tocsin.tickets.queue_setup import pause_queue
from tocsin.tickets.spool import Spool


def claim(counter: Counter) -> object:
    """Claim the printer's next job."""
    device = counter.printer()
    return db_write(counter, lambda tx: claim_job(tx, device=device))


def db_write(counter: Counter, verb: Callable[..., object]) -> object:
    """Run a verb of the merchant that takes no actor."""
    return counter.db.write(counter.house.merchant_id, verb)


@pytest.mark.parametrize("news", ["amended", "cancelled", "refunded"])
def test_news_between_the_request_and_the_claim_keeps_the_paper(db: Database, news: str) -> None:
    with open_counter(db) as counter:
        taken = counter.take(external_id="E-1")
        job = counter.print(taken.order_id).job_ids[0]
        {
            "amended": lambda: counter.amend(taken.order_id, 1),
            "cancelled": lambda: counter.do(cancel_order, order_id=taken.order_id, reason="客户取消"),
            "refunded": lambda: counter.take(external_id="E-1", payment="refunded"),
        }[news]()
        counter.run_spool()
        counter.wait_state(job, "cancelled")
        assert counter.peer.jobs == [] and counter.job(job).started_at_us is None
        assert counter.job(job).reason == ("the order has changed" if news == "amended" else "held")
        assert counter.kinds(taken.order_id) == (["failed"] if news == "amended" else ["check"])


def test_a_job_is_claimed_once_and_never_two_at_a_printer(db: Database) -> None:
    with open_counter(db) as counter:
        one, two = counter.print(counter.take().order_id), counter.print(counter.take(quantity=3).order_id)
        claimed: list[object] = []
        threads = [threading.Thread(target=lambda: claimed.append(claim(counter))) for _ in range(6)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        sent = [c for c in claimed if c is not None]
        assert [c.job.id for c in sent] == list(one.job_ids)  # type: ignore[attr-defined]
        assert counter.job(one.job_ids[0]).verdict_id > sent[0].job.verdict_id  # type: ignore[attr-defined]
        done = PrintOutcome(result="printed")
        assert db_write(counter, lambda tx: record_outcome(tx, job_id=one.job_ids[0], outcome=done))
        assert not db_write(counter, lambda tx: record_outcome(tx, job_id=one.job_ids[0], outcome=done))
        assert claim(counter).job.id == two.job_ids[0]  # type: ignore[attr-defined]


def test_what_a_dead_process_was_sending_is_unknown_and_not_sent_again(db: Database) -> None:
    with open_counter(db, answer_timeout_seconds=3) as counter:
        taken = counter.take()
        counter.peer.switches.mute_queued = True
        job = counter.print(taken.order_id).job_ids[0]
        dead = Spool(db)
        dead.start()
        counter.wait_state(job, "sending")
        counter.peer.wait_papers(1)
        dead._stopping.set()  # it takes no more turns and renews no lease; its thread waits for the printer
        dead._thread.join()
        try:
            if db.dialect == "postgresql":  # elsewhere the file's lock tells that it is dead
                shift_clock(16 * SECOND_US)
            counter.run_spool()
            assert counter.wait_state(job, "unknown").reason == "stopped"
        finally:
            shift_clock(0)
        assert [(h.kind, h.job_id) for h in counter.holds(taken.order_id)] == [("unknown", job)]
        counter.peer.switches.mute_queued = False
        dead.stop()
        assert counter.job(job).reason == "stopped"  # what the dead one says late changes nothing
        after = counter.take(quantity=3)
        counter.wait_state(counter.print(after.order_id).job_ids[0], "printed")
        assert len(counter.peer.papers()) == 2


def test_a_printer_that_ran_out_before_fails_and_the_released_comes_out(db: Database) -> None:
    with open_counter(db) as counter:
        taken = counter.take()
        counter.peer.switches.paper = "out"
        job = counter.print(taken.order_id).job_ids[0]
        counter.run_spool()
        assert counter.wait_state(job, "failed").last_outcome().bytes_left is False
        (hold,) = counter.holds(taken.order_id)
        assert hold.kind == "failed" and counter.printer().last_status().paper == "out"
        counter.peer.switches.paper = "ok"
        again = counter.do(
            release_hold, hold_id=hold.id, reason="换纸", base_url="http://localhost:8717"
        ).requested
        printed = counter.wait_state(again.job_ids[0], "printed")
        assert (printed.reprint_no, counter.order(taken.order_id).desk_state) == (0, "printed")
        assert len(counter.peer.papers()) == 1


def test_an_order_is_printed_once_all_its_copies_are(db: Database) -> None:
    with open_counter(db, copies=("merchant", "customer")) as counter:
        taken = counter.take()
        one, two = counter.print(taken.order_id).job_ids
        state = lambda: counter.order(taken.order_id).desk_state
        claim(counter)
        failed = PrintOutcome(result="failed", reason="paper_out")
        db_write(counter, lambda tx: record_outcome(tx, job_id=one, outcome=failed))
        (hold,) = counter.holds(taken.order_id)
        counter.do(release_hold, hold_id=hold.id, reason="换纸")
        claim(counter)
        db_write(counter, lambda tx: record_outcome(tx, job_id=two, outcome=PrintOutcome(result="printed")))
        assert state() == "produced"  # the merchant's copy never came out
        again = counter.print(taken.order_id, copies=("merchant",)).job_ids[0]
        claim(counter)
        db_write(counter, lambda tx: record_outcome(tx, job_id=again, outcome=PrintOutcome(result="printed")))
        assert state() == "printed"


def test_a_ticket_that_waited_too_long_is_not_printed_unseen(db: Database) -> None:
    with open_counter(db) as counter:
        taken = counter.take()
        job = counter.print(taken.order_id).job_ids[0]
        try:
            shift_clock(JOB_LIFE_US + SECOND_US)
            counter.run_spool()
            counter.wait_state(job, "expired")
        finally:
            shift_clock(0)
        assert counter.kinds(taken.order_id) == ["failed"] and counter.peer.jobs == []


def test_a_paused_printer_stops_within_its_queue(db: Database) -> None:
    with open_counter(db) as counter:
        jobs = [counter.print(counter.take(quantity=n).order_id).job_ids[0] for n in range(1, 4)]
        counter.peer.switches.delay_seconds = 0.3
        counter.run_spool()
        counter.wait_state(jobs[0], "sending")
        counter.do(pause_queue, queue_id=counter.printer().id, paused=True)
        counter.wait_state(jobs[0], "printed")
        counter.peer.switches.delay_seconds = 0
        wait_for(lambda: not counter.spools[0]._busy)
        assert [counter.job(job).state for job in jobs] == ["printed", "queued", "queued"]
        counter.do(pause_queue, queue_id=counter.printer().id, paused=False)
        counter.wait_state(jobs[2], "printed")


def test_a_driver_that_crashes_leaves_the_unknown_and_the_queue_goes_on(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_counter(db) as counter:
        real, crashed = giving.printer_plugin, []

        def plugin(kind: str) -> object:
            if crashed:
                return real(kind)

            def send(*_: object) -> None:
                crashed.append(1)
                raise ZeroDivisionError

            return type("Crashing", (), {"form": "content", "send": staticmethod(send)})

        monkeypatch.setattr(giving, "printer_plugin", plugin)
        one, two = counter.take(), counter.take(quantity=3)
        jobs = [counter.print(taken.order_id).job_ids[0] for taken in (one, two)]
        counter.run_spool()
        assert counter.wait_state(jobs[0], "unknown").reason == "fault" and counter.kinds(one.order_id) == [
            "unknown"
        ]
        counter.wait_state(jobs[1], "printed")


def test_a_printer_whose_kind_is_gone_fails_without_a_byte(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_counter(db) as counter:
        taken = counter.take()
        job = counter.print(taken.order_id).job_ids[0]

        def gone(kind: str) -> object:
            raise PrinterWrong(problem=f"{kind} is gone")

        monkeypatch.setattr(giving, "printer_plugin", gone)
        counter.run_spool()
        outcome = counter.wait_state(job, "failed").last_outcome()
        assert (outcome.reason, outcome.permanent, outcome.bytes_left) == ("settings", True, False)


def test_an_outcome_that_can_not_be_stored_at_once_is_stored_later(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_counter(db) as counter:
        taken, tries, keep = counter.take(), [], Spool._keep

        def keep_later(self: Spool, *given: object) -> None:
            tries.append(1)
            if len(tries) == 1:
                raise OSError("disk full")
            keep(self, *given)  # type: ignore[arg-type]

        monkeypatch.setattr(Spool, "_keep", keep_later)
        job = counter.print(taken.order_id).job_ids[0]
        counter.run_spool()
        counter.wait_state(job, "printed")
        assert len(tries) == 2 and len(counter.peer.papers()) == 1


def test_one_process_holds_the_station(db: Database) -> None:
    with open_counter(db) as counter:
        lease = lambda holder, **k: db_write(counter, lambda tx: lease_station(tx, holder=holder, **k))
        assert [lease("a"), lease("b"), lease("a")] == [True, False, True]
        try:
            shift_clock(16 * SECOND_US)
            assert [lease("b"), lease("a")] == [True, False]
        finally:
            shift_clock(0)
        assert lease("c", takes_over=True)


def test_a_dead_process_is_followed_at_once_on_postgresql(db: Database) -> None:
    with open_counter(db) as counter:
        lease = lambda life: db_write(counter, lambda tx: lease_station(tx, holder=life.name, life=life))
        first, second = Life(db), Life(db)
        first.begin()
        second.begin()
        assert [lease(first), lease(second)] == [True, False]
        first.end()
        if db.dialect == "postgresql":
            wait_for(lambda: lease(second), seconds=3)
        else:
            assert not lease(second), "there a file's lock says so"
        second.end()


def test_a_full_queue_comes_out_in_order(db: Database) -> None:
    with open_counter(db) as counter:
        jobs = [counter.print(counter.take(quantity=n).order_id).job_ids[0] for n in range(1, 6)]
        counter.run_spool()
        counter.wait_state(jobs[-1], "printed")
        assert [paper.codes()["code128"] for paper in counter.peer.wait_papers(5)] == [
            str(job) for job in jobs
        ]


def test_a_job_that_can_not_be_claimed_rests_then_ends_and_those_behind_go_on(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_counter(db) as counter:
        bad, good = counter.take(), counter.take(quantity=3)
        jobs = [counter.print(taken.order_id).job_ids[0] for taken in (bad, good)]
        spoil = Statement[None](sa.text("UPDATE print_job SET sealed_content = :junk WHERE id = :job"))
        db_write(counter, lambda tx: tx.run(spoil, junk=b"junk", job=jobs[0]))
        tries, logged = [], []

        def claim_counted(tx: Tx, **given: object) -> object:
            tries.append(1)
            return claim_job(tx, **given)  # type: ignore[arg-type]

        monkeypatch.setattr(module, "claim_job", claim_counted)
        monkeypatch.setattr(module._log, "exception", lambda event, **_: logged.append(event))
        counter.run_spool()
        counter.wait_state(jobs[1], "printed")
        assert counter.job(jobs[0]).state == "queued"  # the one behind did not wait for it
        assert counter.wait_state(jobs[0], "failed").reason == "fault"
        assert [(h.kind, h.job_id) for h in counter.holds(bad.order_id)] == [("failed", jobs[0])]
        assert len(tries) < 12 and logged == ["job not claimed"]


def test_one_that_can_not_be_ended_is_tried_again(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_counter(db) as counter:
        spool, real = Spool(db), module.fail_job
        job, merchant_id = counter.print(counter.take().order_id).job_ids[0], counter.house.merchant_id

        def away(*_: object, **__: object) -> None:
            raise OSError("the database is away")

        monkeypatch.setattr(module, "fail_job", away)
        for _ in range(4):
            spool._back_off(merchant_id, job)
        assert counter.job(job).state == "queued" and spool._backing_off() == [job]
        monkeypatch.setattr(module, "fail_job", real)
        spool._back_off(merchant_id, job)
        assert counter.job(job).state == "failed" and spool._backing_off() == []
