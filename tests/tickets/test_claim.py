"""Claiming: what a held order keeps waiting, what a paper says at last, and who comes first of two."""

from functools import partial

import pytest

from tests.counter import BASE, Counter, open_counter
from tocsin.core.clock import SECOND_US, shift_clock
from tocsin.core.db import Database
from tocsin.core.preference import change_preference
from tocsin.orders.amend import Amendment, cancel_order
from tocsin.orders.mark import mark_order
from tocsin.orders.stop import HoldMissing, open_hold
from tocsin.tickets import claim as module
from tocsin.tickets.check_choice import CheckPreference, LevelFixed, choose_checks
from tocsin.tickets.claim import Sending, claim_job
from tocsin.tickets.device import Device, add_printer, list_printers
from tocsin.tickets.hold import acknowledge_findings, hold_order, release_hold, wake_due
from tocsin.tickets.job import JOB_LIFE_US, jobs_of_order, list_jobs
from tocsin.tickets.late import record_outcome
from tocsin.tickets.printer import PrintOutcome
from tocsin.tickets.queue_setup import pause_queue
from tocsin.tickets.revise import revise_order
from tocsin.tickets.serial import scan_ticket
from tocsin.tickets.terminal import cancel_job

CARRIER = Amendment(carrier="顺丰")


def claim(counter: Counter, device: Device | None = None) -> Sending | None:
    """Claim a printer's next job, by default the first printer's."""
    at = device or counter.printer()
    return counter.db.write(counter.house.merchant_id, lambda tx: claim_job(tx, device=at))


def send(counter: Counter, device: Device | None = None, *, result: str = "printed") -> Sending:
    """Claim the next job, and record that it came out, or what else became of it."""
    sending = claim(counter, device)
    assert sending is not None
    outcome = PrintOutcome(result=result, reason="x")  # type: ignore[arg-type]
    counter.db.write(
        counter.house.merchant_id, lambda tx: record_outcome(tx, job_id=sending.job.id, outcome=outcome)
    )
    return sending


def second_printer(counter: Counter, *copies: str) -> Device:
    """Set up another printer."""
    options = {"host": "127.0.0.1", "port": counter.peer.port}
    counter.do(
        add_printer, name="后厨", kind="escpos_network", options=options, copies=copies or ("merchant",)
    )
    return counter.ask(list_printers)[1]


def told(counter: Counter, order_id: int) -> list[tuple[str, int, str]]:
    """Return (copy, revision, state) of an order's jobs, the oldest first."""
    jobs = counter.ask(jobs_of_order, order_id=order_id)
    return [(job.copy, job.revision, job.state) for job in reversed(jobs)]


def test_a_held_orders_job_waits_others_go_on_and_it_prints_when_the_last_hold_closes(db: Database) -> None:
    with open_counter(db) as counter:
        held, other = counter.take(), counter.take(quantity=3)
        jobs = [counter.print(taken.order_id).job_ids[0] for taken in (held, other)]
        holds = [counter.do(hold_order, order_id=held.order_id, reason="等客户") for _ in range(2)]
        assert [job.shown_state() for job in counter.ask(list_jobs, state="queued")] == ["queued", "held"]
        counter.run_spool()
        counter.wait_state(jobs[1], "printed")
        release = partial(counter.do, release_hold, reason="好了", base_url=BASE)
        first = release(hold_id=holds[0]).requested
        assert (first.result, first.holds) == ("held", ("manual",)) and counter.job(jobs[0]).state == "queued"
        last = release(hold_id=holds[1]).requested
        assert (last.result, last.job_ids) == ("queued", (jobs[0],))
        counter.wait_state(jobs[0], "printed")
        assert len(counter.ask(jobs_of_order, order_id=held.order_id)) == 1


def test_a_copy_behind_one_that_failed_is_not_lost(db: Database) -> None:
    with open_counter(db, copies=("merchant", "delivery")) as counter:
        order_id = counter.take().order_id
        counter.print(order_id)
        send(counter, result="failed")
        assert claim(counter) is None
        (hold,) = counter.holds(order_id)
        counter.do(release_hold, hold_id=hold.id, reason="换纸", base_url=BASE)
        sent = [send(counter).job.copy for _ in range(2)]
        assert sorted(sent) == ["delivery", "merchant"] and claim(counter) is None
        assert counter.order(order_id).desk_state == "printed"


def test_two_copies_that_failed_come_back_each_once(db: Database) -> None:
    with open_counter(db, copies=("merchant", "delivery")) as counter:
        order_id = counter.take().order_id
        jobs = counter.print(order_id).job_ids
        for job, copy in zip(jobs, ("merchant", "delivery"), strict=True):
            counter.do(cancel_job, job_id=job)
            counter.do(
                open_hold, order_id=order_id, revision=1, kind="failed", reason="x", job_id=job, copy=copy
            )
        for hold in counter.holds(order_id):
            counter.do(release_hold, hold_id=hold.id, reason="换纸", base_url=BASE)
        assert [copy for copy, _, state in told(counter, order_id) if state == "queued"] == [
            "delivery",
            "merchant",
        ]


def test_what_waited_for_an_acknowledgement_prints_by_itself(db: Database) -> None:
    with open_counter(db) as counter:
        order_id = counter.take().order_id
        job = counter.print(order_id).job_ids[0]
        counter.take()  # the same receiver and goods
        assert claim(counter) is None and counter.kinds(order_id) == ["acknowledge"]
        counter.do(acknowledge_findings, order_id=order_id, revision=1, codes=("duplicate",))
        assert send(counter).job.id == job


def test_a_release_and_a_time_that_comes_keep_printer_and_copy(db: Database) -> None:
    with open_counter(db) as counter:
        kitchen = second_printer(counter, "kitchen")
        waits, failed = counter.take().order_id, counter.take(quantity=3).order_id
        for order_id in (waits, failed):
            counter.print(order_id, queue_id=kitchen.id)
        counter.do(hold_order, order_id=waits, reason="下午", kind="later", until_us=1)
        assert send(counter, kitchen, result="failed").job.order_id == failed
        assert wake_due(db, base_url=BASE) == 1 and told(counter, waits) == [("kitchen", 1, "queued")]
        assert send(counter, kitchen).job.order_id == waits
        counter.do(release_hold, hold_id=counter.holds(failed)[0].id, reason="好了", base_url=BASE)
        assert send(counter, kitchen).job.order_id == failed and claim(counter) is None


def test_a_release_prints_nothing_that_nobody_asked_for_or_that_is_out(db: Database) -> None:
    with open_counter(db) as counter:
        never, out, asked = (counter.take(quantity=n).order_id for n in (1, 2, 3))
        counter.print(out)
        send(counter)
        for order_id in (never, out, asked):
            counter.do(hold_order, order_id=order_id, reason="等客户")
        later = counter.do(hold_order, order_id=out, reason="下午", kind="later", until_us=1)
        for _ in range(2):
            counter.print(asked)
        release = lambda hold: counter.do(release_hold, hold_id=hold, reason="好了", base_url=BASE).requested
        assert release(counter.holds(never)[0].id) is None is release(counter.holds(out)[0].id)
        assert release(later) is None and len(told(counter, out)) == 1
        assert release(counter.holds(asked)[0].id).result == "queued" and len(told(counter, asked)) == 1


def test_a_hold_is_released_once_by_two_at_once(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_counter(db) as counter:
        order_id = counter.take().order_id
        hold_id = counter.do(hold_order, order_id=order_id, reason="下午", kind="later", until_us=1)
        stale = counter.holds(order_id)[0]
        release = partial(counter.do, release_hold, hold_id=hold_id, reason="好了", base_url=BASE)
        assert release().requested.result == "queued"
        monkeypatch.setattr("tocsin.tickets.hold.get_hold", lambda *_, **__: stale)
        with pytest.raises(HoldMissing):
            release()
        assert len(told(counter, order_id)) == 1


def test_a_paper_kept_too_long_is_shown_but_the_time_under_a_hold_counts_not(db: Database) -> None:
    with open_counter(db) as counter:
        order_id = counter.take().order_id
        job = counter.print(order_id).job_ids[0]
        hold_id = counter.do(hold_order, order_id=order_id, reason="明天")
        shift_clock(JOB_LIFE_US + 60 * SECOND_US)
        assert claim(counter) is None and counter.job(job).state == "queued"
        counter.do(release_hold, hold_id=hold_id, reason="好了", base_url=BASE)
        assert send(counter).job.id == job


def test_a_job_of_an_earlier_revision_ends_in_sight_and_its_release_asks_for_the_head(db: Database) -> None:
    with open_counter(db, copies=("merchant", "delivery")) as counter:
        order_id = counter.take().order_id
        jobs = counter.print(order_id).job_ids
        counter.amend(order_id, 1)
        assert claim(counter) is None is claim(counter)
        assert [counter.job(job).reason for job in jobs] == ["the order has changed"] * 2
        held = [(hold.kind, hold.reason, hold.job_id, hold.copy) for hold in counter.holds(order_id)]
        assert held == [("failed", "the order has changed", job, copy) for job, copy in zip(jobs, ("merchant", "delivery"), strict=True)]  # fmt: skip
        for hold in counter.holds(order_id):
            counter.do(release_hold, hold_id=hold.id, reason="好了", base_url=BASE)
        sent = [send(counter).job for _ in range(2)]
        assert sorted((job.copy, job.revision) for job in sent) == [("delivery", 2), ("merchant", 2)]


def test_a_stale_job_leaves_the_head_alone(db: Database) -> None:
    with open_counter(db) as counter:
        order_id, first, other = counter.take().order_id, counter.printer(), second_printer(counter)
        old = counter.print(order_id, queue_id=first.id).job_ids[0]
        counter.do(pause_queue, queue_id=first.id, paused=True)
        counter.amend(order_id, 1)
        counter.print(order_id, 2, queue_id=other.id)
        link = send(counter, other).content.scan_url
        counter.do(pause_queue, queue_id=first.id, paused=False)
        assert claim(counter, first) is None and counter.job(old).state == "cancelled"
        counter.check()
        assert counter.kinds(order_id) == [] and scan_ticket(db, code=link).word == "CURRENT"


def test_a_revision_asks_once_for_what_waited_on_its_printers(db: Database) -> None:
    with open_counter(db) as counter:
        kitchen, order_id = second_printer(counter, "kitchen", "delivery"), counter.take().order_id
        revise = partial(
            counter.do, revise_order, order_id=order_id, amendment=CARRIER, reason="改", base_url=BASE
        )
        for _ in range(2):
            counter.print(order_id, queue_id=kitchen.id)
        assert revise(seen=1).requested.result == "queued"
        queued = [(copy, revision) for copy, revision, state in told(counter, order_id) if state == "queued"]
        assert queued == [("kitchen", 2), ("delivery", 2)] and counter.kinds(order_id) == []
        send(counter, kitchen, result="failed")
        revise(seen=2, amendment=Amendment(carrier="中通"))  # the failed one and the one behind it
        queued = [(copy, revision) for copy, revision, state in told(counter, order_id) if state == "queued"]
        assert sorted(queued) == [("delivery", 3), ("kitchen", 3)] and claim(counter) is None


def test_a_paper_says_what_has_been_paid_meanwhile(db: Database) -> None:
    with open_counter(db) as counter:
        order_id = counter.take(payment="unpaid", payment_method="cod").order_id
        old = counter.print(order_id).job_ids[0]
        counter.do(mark_order, order_id=order_id, reason="微信已付", payment="paid")
        sent = send(counter)
        assert (sent.content.payment_mark, sent.content.collect) == ("paid", "")
        was = counter.job(old)
        assert (was.state, was.reason) == ("cancelled", "replaced") and was.serial != sent.job.serial
        assert (sent.job.copy, sent.job.printer_id, sent.job.batch_id) == (
            was.copy,
            was.printer_id,
            was.batch_id,
        )
        assert scan_ticket(db, code=sent.content.scan_url).job_id == sent.job.id == int(sent.content.code128)


def test_reprints_are_numbered_after_papers_that_exist(db: Database) -> None:
    with open_counter(db) as counter:
        order_id = counter.take().order_id
        one, _, third = (counter.print(order_id).job_ids[0] for _ in range(3))
        assert counter.job(third).reprint_no == 2
        counter.do(cancel_job, job_id=one)
        assert [send(counter).content.reprint_no for _ in range(2)] == [0, 1]


def test_a_void_order_is_refused_whatever_is_preferred(db: Database) -> None:
    with open_counter(db) as counter:
        off = CheckPreference(levels={"state": "off", "required": "I"})
        counter.do(lambda tx, actor: change_preference(tx, actor, off, box="tickets.check", revision=0))
        waits, asked = counter.take(), counter.take(quantity=3)
        job = counter.print(waits.order_id).job_ids[0]
        for taken in (waits, asked):
            counter.do(cancel_order, order_id=taken.order_id, reason="客户取消")
        assert counter.print(asked.order_id).result == "held" and claim(counter) is None
        assert counter.job(job).state == "cancelled" and counter.kinds(waits.order_id) == ["check"]


@pytest.mark.parametrize("guard", ["check", "void"])
def test_each_guard_alone_keeps_a_void_order_from_paper(
    db: Database, guard: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_counter(db) as counter:
        order_id = counter.take(external_id="E-1").order_id
        counter.print(order_id)
        counter.take(external_id="E-1", payment="refunded")
        if guard == "check":
            monkeypatch.setattr(module, "is_void", lambda _: False)
        else:
            monkeypatch.setattr("tocsin.tickets.check.run_checks", lambda *_: ())
        assert claim(counter) is None


def test_fixed_levels_are_refused(db: Database) -> None:
    with open_counter(db) as counter:
        for code in ("state", "required", "changed"):
            with pytest.raises(LevelFixed, match=code):
                counter.do(choose_checks, chosen=CheckPreference(levels={code: "W"}), revision=0)
        assert counter.do(choose_checks, chosen=CheckPreference(levels={"price_zero": "E"}), revision=0) == 1


def test_a_void_order_with_the_clock_put_back_is_held_once(db: Database) -> None:
    with open_counter(db) as counter:
        order_id = counter.take().order_id
        counter.print(order_id)
        send(counter)
        shift_clock(-3600 * SECOND_US)
        counter.do(cancel_order, order_id=order_id, reason="客户取消")
        for _ in range(3):
            counter.print(order_id)
        assert counter.kinds(order_id) == ["check", "refund"]
        refund = next(hold for hold in counter.holds(order_id) if hold.kind == "refund")
        counter.do(release_hold, hold_id=refund.id, reason="已抽出")
        counter.print(order_id)
        assert counter.kinds(order_id) == ["check"]
