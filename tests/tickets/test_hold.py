"""Holds by hand and how each kind is let go: by whom, with what reason, and what follows."""

from functools import partial

import pytest

from tests.counter import BASE, Counter, open_counter
from tests.house import make_house
from tocsin.core.actor import NotAllowed
from tocsin.core.clock import MINUTE_US, now_us, shift_clock
from tocsin.core.db import Database
from tocsin.core.journal import read_journal
from tocsin.orders.amend import cancel_order
from tocsin.orders.screen import Filter, count_rows
from tocsin.orders.stop import HoldMissing, count_held, open_hold
from tocsin.orders.store import OrderMissing
from tocsin.tickets import hold as module
from tocsin.tickets.claim import claim_job
from tocsin.tickets.device import remove_printer
from tocsin.tickets.hold import (
    HoldNotReleasable,
    HoldReasonMissing,
    NothingToAcknowledge,
    NotUnknown,
    acknowledge_findings,
    hold_order,
    release_hold,
    settle_unknown,
    wake_due,
)  # fmt: skip
from tocsin.tickets.job import JOB_LIFE_US, JobMissing, jobs_of_order
from tocsin.tickets.late import record_outcome
from tocsin.tickets.printer import PrintOutcome
from tocsin.tickets.terminal import cancel_job

RIGHTS = {
    "manual": {"owner", "manager", "checker"}, "refund": {"owner", "manager", "checker"},
    "later": {"owner", "manager", "clerk", "checker"}, "failed": {"owner", "manager", "clerk", "checker"},
    "conflict": {"owner", "manager", "clerk"},
}  # fmt: skip


def as_role(counter: Counter, role: str) -> Counter:
    """Return the counter with somebody else at it."""
    return Counter(counter.house, counter.peer, counter.house.actor(role))


def unknown_job(counter: Counter, order_id: int) -> int:
    """Return a job of an order whose paper's fate nobody knows."""
    job = counter.print(order_id).job_ids[0]
    device = counter.printer()
    run = partial(counter.db.write, counter.house.merchant_id)
    run(lambda tx: claim_job(tx, device=device))
    run(
        lambda tx: record_outcome(
            tx, job_id=job, outcome=PrintOutcome(result="unknown", reason="unconfirmed")
        )
    )
    return job


@pytest.mark.parametrize("kind", sorted(RIGHTS))
def test_who_may_release_what(db: Database, kind: str) -> None:
    with open_counter(db) as counter:
        order_id = counter.take().order_id
        for role in ("owner", "manager", "clerk", "checker", "auditor", "station"):
            hold_id = counter.do(open_hold, order_id=order_id, revision=1, kind=kind, reason="x")
            release = partial(as_role(counter, role).do, release_hold, hold_id=hold_id, reason="好了")
            if role in RIGHTS[kind]:
                release()
            else:
                with pytest.raises(NotAllowed):
                    release()
                counter.do(release_hold, hold_id=hold_id, reason="好了")
            assert counter.kinds(order_id) == []


@pytest.mark.parametrize("kind", ["check", "acknowledge", "unknown"])
def test_what_closes_another_way_is_not_released(db: Database, kind: str) -> None:
    with open_counter(db) as counter:
        order_id = counter.take().order_id
        hold_id = counter.do(open_hold, order_id=order_id, revision=1, kind=kind, reason="x")
        with pytest.raises(HoldNotReleasable, match=kind):
            counter.do(release_hold, hold_id=hold_id, reason="好了")
        assert counter.kinds(order_id) == [kind]


def test_a_manual_hold_keeps_from_paper_until_it_is_released_once(db: Database) -> None:
    with open_counter(db) as counter:
        order_id = counter.take().order_id
        hold_id = counter.do(hold_order, order_id=order_id, reason=" 等客户王小明 13812345678 ")
        (hold,) = counter.holds(order_id)
        assert (hold.reason, hold.by_name, hold.revision) == ("等客户*** ***", "owner", 1)
        assert counter.print(order_id).holds == ("manual",)
        for reason in ("", " ", "x" * 501):
            with pytest.raises(HoldReasonMissing):
                counter.do(release_hold, hold_id=hold_id, reason=reason)
            with pytest.raises(HoldReasonMissing):
                counter.do(hold_order, order_id=order_id, reason=reason)
        counter.do(release_hold, hold_id=hold_id, reason="好了")
        with pytest.raises(HoldMissing):
            counter.do(release_hold, hold_id=hold_id, reason="好了")
        assert counter.print(order_id).result == "queued"


def test_a_released_order_that_is_wrong_is_held_by_what_was_found(db: Database) -> None:
    with open_counter(db) as counter:
        order_id = counter.take(payment="unpaid").order_id
        hold_id = counter.do(hold_order, order_id=order_id, reason="等客户")
        assert counter.print(order_id).result == "held"
        released = counter.do(release_hold, hold_id=hold_id, reason="好了", base_url=BASE)
        assert (released.requested.result, released.requested.holds) == ("held", ("check",))


def test_without_a_printer_a_release_is_a_release(db: Database) -> None:
    with open_counter(db) as counter:
        order_id = counter.take().order_id
        counter.do(remove_printer, printer_id=counter.printer().id)
        hold_id = counter.do(hold_order, order_id=order_id, reason="等客户")
        assert counter.do(release_hold, hold_id=hold_id, reason="好了", base_url=BASE).requested is None


def test_what_is_due_re_enters_and_one_that_was_released_meanwhile_harms_nothing(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_counter(db) as counter:
        orders = [counter.take(quantity=n).order_id for n in (1, 2)]
        until = now_us() + MINUTE_US
        holds = [
            counter.do(hold_order, order_id=order_id, reason="下午", kind="later", until_us=until)
            for order_id in orders
        ]
        try:
            shift_clock(2 * MINUTE_US)
            stale = counter.ask(module.due_holds)
            counter.do(release_hold, hold_id=holds[0], reason="已提前")
            monkeypatch.setattr(
                module, "due_holds", lambda tx: stale if tx.merchant_id == counter.house.merchant_id else []
            )
            assert wake_due(db, base_url=BASE) == 1
        finally:
            shift_clock(0)
        assert [counter.kinds(order_id) for order_id in orders] == [[], []]
        jobs = [len(counter.ask(jobs_of_order, order_id=order_id)) for order_id in orders]
        assert jobs == [0, 1]  # what was released by hand, without a printer named, asks for nothing


def test_a_person_says_what_became_of_the_unknown(db: Database) -> None:
    with open_counter(db) as counter:
        for quantity, came_out, state, desk in (
            (1, True, "printed", "printed"),
            (2, False, "failed", "produced"),
        ):
            order_id = counter.take(quantity=quantity).order_id
            job = unknown_job(counter, order_id)
            assert counter.kinds(order_id) == ["unknown"] and counter.print(order_id).result == "held"
            counter.do(settle_unknown, job_id=job, came_out=came_out)
            assert (counter.job(job).state, counter.job(job).settled_by) == (state, "owner")
            assert counter.order(order_id).desk_state == desk
            assert counter.kinds(order_id) == ([] if came_out else ["failed"])
            entry = counter.ask(read_journal, subject=f"order:{order_id}")[0]
            assert entry.verb == "tickets.settle" and entry.fields() == {
                "job": str(job),
                "came_out": came_out,
            }
            with pytest.raises(NotUnknown, match=state):
                counter.do(settle_unknown, job_id=job, came_out=True)


def test_a_paper_that_did_not_come_out_holds_its_order_until_it_is_printed(db: Database) -> None:
    """Promise 4: what was asked for is printed or visible as not printed."""
    with open_counter(db, copies=("merchant", "customer")) as counter:
        order_id = counter.take().order_id
        job = unknown_job(counter, order_id)
        counter.do(settle_unknown, job_id=job, came_out=False)
        (hold,) = counter.holds(order_id)
        assert (hold.kind, hold.reason, hold.job_id, hold.copy) == ("failed", "did_not", job, "merchant")
        assert counter.ask(count_held) == 1
        released = counter.do(release_hold, hold_id=hold.id, reason="再打", base_url=BASE)
        (again,) = released.requested.job_ids
        assert (counter.job(again).copy, counter.job(again).reprint_no) == ("merchant", 0)


def test_a_paper_of_an_order_that_moved_on_holds_nothing_more(db: Database) -> None:
    with open_counter(db) as counter:
        for quantity, move in ((1, "amend"), (2, "cancel")):
            order_id = counter.take(quantity=quantity).order_id
            job = unknown_job(counter, order_id)
            if move == "amend":
                counter.amend(order_id, 1)
            else:
                counter.do(cancel_order, order_id=order_id, reason="客户不要了")
            counter.do(settle_unknown, job_id=job, came_out=False)
            assert "failed" not in counter.kinds(order_id)


def test_every_end_without_paper_leaves_the_order_in_sight(db: Database) -> None:
    """Failed, expired, settled as not out, taken out by hand, overtaken: each is held, or stands under To print."""
    with open_counter(db) as counter:
        seen = {}
        for quantity, end in enumerate(
            ("failed", "did_not", "expired", "by_hand", "changed", "held"), start=1
        ):
            order_id = counter.take(quantity=quantity).order_id
            end_without_paper(counter, order_id, end)
            state, kinds = counter.order(order_id).desk_state, counter.kinds(order_id)
            assert state == "produced", end
            listed = counter.ask(
                count_rows, wanted=Filter(query=f"state:produced held:{'yes' if kinds else 'no'}")
            )
            assert listed == sum(bool(kinds) is bool(other) for other in [*seen.values(), kinds]), end
            seen[end] = kinds
        assert all("failed" in seen[end] for end in ("failed", "did_not", "expired"))
        assert "manual" in seen["held"] and "failed" not in seen["by_hand"]


def end_without_paper(counter: Counter, order_id: int, end: str) -> None:
    """Ask for an order's paper, and have it end in a way that leaves none."""
    if end == "did_not":
        return counter.do(settle_unknown, job_id=unknown_job(counter, order_id), came_out=False)
    job, device = counter.print(order_id).job_ids[0], counter.printer()
    run = partial(counter.db.write, counter.house.merchant_id)
    if end == "by_hand":
        return counter.do(cancel_job, job_id=job)
    if end == "changed":
        counter.amend(order_id, 1)
    if end == "held":
        counter.do(hold_order, order_id=order_id, reason="等客户")
    shift_clock(JOB_LIFE_US + 1 if end == "expired" else 0)
    try:
        claimed = run(lambda tx: claim_job(tx, device=device))
    finally:
        shift_clock(0)
    assert (claimed is not None) is (end == "failed")
    if claimed:
        failed = PrintOutcome(result="failed", reason="unreachable")
        run(lambda tx: record_outcome(tx, job_id=job, outcome=failed))
    return None


def test_nothing_to_acknowledge_is_said(db: Database) -> None:
    with open_counter(db) as counter:
        order_id = counter.take(price=0.0, payment="unpaid", quantity=3).order_id
        ask = partial(counter.do, acknowledge_findings, order_id=order_id)
        for revision, codes in ((2, ("price_zero",)), (1, ("state",)), (1, ()), (1, ("nonsense",))):
            with pytest.raises(NothingToAcknowledge):
                ask(revision=revision, codes=codes)
        assert ask(revision=1, codes=("price_zero",)).unacknowledged == ()


def test_who_may_hold_settle_and_acknowledge(db: Database) -> None:
    with open_counter(db) as counter:
        orders = iter([counter.take(price=0.0, quantity=n).order_id for n in range(1, 7)])
        for role in ("owner", "manager", "clerk", "checker", "auditor", "station"):
            order_id, acts = next(orders), as_role(counter, role)
            tries = [
                partial(acts.do, acknowledge_findings, order_id=order_id, revision=1, codes=("price_zero",)),
                lambda a=acts, o=order_id: a.do(
                    settle_unknown, job_id=unknown_job(counter, o), came_out=True
                ),
                partial(acts.do, hold_order, order_id=order_id, reason="等客户"),
            ]
            for attempt in tries:
                if role in ("auditor", "station"):
                    if attempt is tries[1]:
                        counter.do(acknowledge_findings, order_id=order_id, revision=1, codes=("price_zero",))
                    with pytest.raises(NotAllowed):
                        attempt()
                else:
                    attempt()


def test_another_merchant_reaches_nothing(db: Database) -> None:
    with open_counter(db) as counter:
        order_id = counter.take().order_id
        job = unknown_job(counter, order_id)
        hold_id = counter.do(hold_order, order_id=order_id, reason="等客户")
        other = make_house(db, code="NJ")
        stranger = Counter(other, counter.peer, other.actor())
        for missing, verb, given in (
            (OrderMissing, hold_order, {"order_id": order_id, "reason": "x"}),
            (HoldMissing, release_hold, {"hold_id": hold_id, "reason": "x"}),
            (
                OrderMissing,
                acknowledge_findings,
                {"order_id": order_id, "revision": 1, "codes": ("price_zero",)},
            ),
            (JobMissing, settle_unknown, {"job_id": job, "came_out": True}),
        ):
            with pytest.raises(missing):
                stranger.do(verb, **given)
        assert counter.kinds(order_id) == ["manual", "unknown"]
