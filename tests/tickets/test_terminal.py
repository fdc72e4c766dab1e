"""The print terminal: batches, marks, what is held, who may."""

from typing import Any

import pytest

from tests.counter import BASE, Counter, open_counter
from tests.house import make_house
from tocsin.core.actor import Actor, NotAllowed
from tocsin.core.db import Database, Tx
from tocsin.orders.amend import cancel_order
from tocsin.orders.store import OrderMissing
from tocsin.tickets import terminal
from tocsin.tickets.hold import hold_order
from tocsin.tickets.job import JobMissing, jobs_of_batch, list_jobs, read_content
from tocsin.tickets.print_queue import QueueMissing
from tocsin.tickets.terminal import (
    BatchWrong,
    JobNotWaiting,
    Requested,
    cancel_job,
    print_few,
    print_orders,
    request_print,
)


def test_each_order_of_a_batch_has_its_own_answer(db: Database) -> None:
    with open_counter(db) as counter:
        good, wrong, held = (
            counter.take(),
            counter.take(quantity=3, payment="unpaid"),
            counter.take(quantity=4),
        )
        counter.do(hold_order, order_id=held.order_id, reason="等客户")
        asked = [(taken.order_id, 1) for taken in (good, wrong, held)]
        receipt = print_orders(db, counter.actor, orders=asked, base_url=BASE)
        assert [(r.result, r.holds, len(r.job_ids)) for r in receipt.results] == [
            ("queued", (), 1), ("held", ("check",), 0), ("held", ("manual",), 0),
        ]  # fmt: skip
        assert [r.number for r in receipt.results] == [good.number, wrong.number, held.number]
        jobs = counter.ask(jobs_of_batch, batch_id=receipt.batch.id)
        assert [job.id for job in jobs] == list(receipt.results[0].job_ids)


def test_a_long_batch_is_taken_whole(db: Database) -> None:
    with open_counter(db) as counter:
        taken = [counter.take(quantity=n) for n in range(1, 24)]
        receipt = print_orders(db, counter.actor, orders=[(t.order_id, 1) for t in taken], base_url=BASE)
        assert [r.order_id for r in receipt.results] == [t.order_id for t in taken]
        assert {r.result for r in receipt.results} == {"queued"} and receipt.batch.count == 23
        jobs = counter.ask(jobs_of_batch, batch_id=receipt.batch.id)
        assert sorted(int(job.serial.rsplit("T", 1)[1]) for job in jobs) == list(range(1, 24))


def test_a_few_are_queued_together_or_not_at_all(db: Database) -> None:
    with open_counter(db) as counter:
        taken = [counter.take(quantity=n) for n in range(1, 4)]
        asked = [(t.order_id, 1) for t in taken]
        with pytest.raises(OrderMissing):
            counter.do(print_few, orders=[*asked, (1, 1)], base_url=BASE)
        assert not counter.ask(list_jobs)
        receipt = counter.do(print_few, orders=asked, base_url=BASE)
        assert [(r.order_id, r.result) for r in receipt.results] == [(t.order_id, "queued") for t in taken]
        with pytest.raises(BatchWrong):
            counter.do(print_few, orders=[], base_url=BASE)


def test_a_second_paper_says_reprint_and_a_new_revision_amended(db: Database) -> None:
    """Also while the first one still waits: it will come out before."""
    with open_counter(db, copies=("merchant", "customer")) as counter:
        taken = counter.take()
        marks = lambda seen: [
            (c.copy, c.reprint_no, c.amended_from)
            for c in (
                counter.ask(read_content, job_id=j) for j in counter.print(taken.order_id, seen).job_ids
            )
        ]
        assert marks(1) == [("merchant", 0, 0), ("customer", 0, 0)]
        assert marks(1) == [("merchant", 1, 0), ("customer", 1, 0)]
        job = counter.print(taken.order_id, copies=("customer",)).job_ids[0]
        assert counter.job(job).reprint_no == 2
        counter.run_spool()
        counter.wait_state(job, "printed")
        counter.amend(taken.order_id, 1)
        assert marks(2) == [("merchant", 0, 1), ("customer", 0, 1)]


def test_what_waits_for_an_earlier_revision_leaves_no_mark(db: Database) -> None:
    with open_counter(db) as counter:
        taken = counter.take()
        counter.print(taken.order_id)
        counter.amend(taken.order_id, 1)
        job = counter.job(counter.print(taken.order_id, 2).job_ids[0])
        assert (job.reprint_no, job.amended_from) == (0, 0)


def test_a_ticket_of_another_revision_is_held_as_changed(db: Database) -> None:
    with open_counter(db) as counter:
        taken = counter.take()
        counter.amend(taken.order_id, 1)
        stale = counter.print(taken.order_id, 1)
        assert stale.result == "held" and [f.code for f in stale.findings] == ["changed"]
        assert counter.kinds(taken.order_id) == [] == list(stale.holds)  # the order itself is right
        assert counter.print(taken.order_id, 2).result == "queued" and counter.kinds(taken.order_id) == []
        with pytest.raises(OrderMissing):
            counter.print(taken.order_id, 3)


def test_a_cancelled_order_is_held(db: Database) -> None:
    with open_counter(db) as counter:
        taken = counter.take()
        counter.do(cancel_order, order_id=taken.order_id, reason="客户取消")
        assert counter.print(taken.order_id).holds == ("check",)


def test_batches_that_are_none_are_refused(db: Database) -> None:
    with open_counter(db) as counter:
        taken = counter.take()
        for orders, copies in (
            ([], ()),
            ([(taken.order_id, 1)] * 501, ()),
            ([(taken.order_id, 1)], ("secret",)),
        ):
            with pytest.raises(BatchWrong):
                print_orders(db, counter.actor, orders=orders, base_url=BASE, copies=copies)
        with pytest.raises(QueueMissing):
            print_orders(db, counter.actor, orders=[(taken.order_id, 1)], base_url=BASE, queue_id=5)


def test_what_broke_off_in_a_batch_is_told_and_the_rest_stands(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_counter(db) as counter:
        ids = [counter.take(quantity=n).order_id for n in range(1, 13)]

        def request(tx: Tx, actor: Actor, *, order_id: int, **given: Any) -> Requested:
            if order_id == ids[3]:
                raise OrderMissing(order="?")
            if order_id == ids[11]:
                raise RuntimeError("the disk is full")
            return request_print(tx, actor, order_id=order_id, **given)

        monkeypatch.setattr(terminal, "request_print", request)
        orders = [(order_id, 1) for order_id in ids]
        receipt = print_orders(db, counter.actor, orders=orders, base_url=BASE)
        told = {place: one.refused for place, one in enumerate(receipt.results) if one.result == "error"}
        assert told == {3: "order_missing", 10: "broken", 11: "broken"}
        waiting = counter.ask(list_jobs, state="queued")
        assert len(waiting) == 9 == len({job.order_id for job in waiting}), "one paper each, none twice"


def test_a_waiting_ticket_can_be_cancelled_once(db: Database) -> None:
    with open_counter(db, copies=("merchant", "customer")) as counter:
        taken = counter.take()
        one, two = counter.print(taken.order_id).job_ids
        counter.do(cancel_job, job_id=two)
        assert (counter.job(two).state, counter.job(two).settled_by) == ("cancelled", "owner")
        with pytest.raises(JobNotWaiting):
            counter.do(cancel_job, job_id=two)
        counter.run_spool()
        counter.wait_state(one, "printed")
        assert (
            counter.order(taken.order_id).desk_state == "printed"
        )  # the other copy is not asked for any more
        assert len(counter.peer.papers()) == 1


def test_who_may_print(db: Database) -> None:
    with open_counter(db) as counter:
        for place, role in enumerate(("owner", "manager", "clerk", "checker"), start=1):
            taken = counter.take(quantity=place)
            as_role = Counter(counter.house, counter.peer, counter.house.actor(role))
            job = as_role.print(taken.order_id).job_ids[0]
            as_role.do(cancel_job, job_id=job)
        job = counter.print(taken.order_id).job_ids[0]
        for role in ("auditor", "station"):
            as_role = Counter(counter.house, counter.peer, counter.house.actor(role))
            with pytest.raises(NotAllowed):
                as_role.print(taken.order_id)
            with pytest.raises(NotAllowed):
                as_role.do(cancel_job, job_id=job)


def test_another_merchant_prints_nothing_of_it(db: Database) -> None:
    with open_counter(db) as counter, open_counter(db, code="NJ") as other:
        taken = counter.take()
        job = counter.print(taken.order_id).job_ids[0]
        with pytest.raises(OrderMissing):
            other.print(taken.order_id)
        with pytest.raises(QueueMissing):
            other.print(other.take().order_id, queue_id=counter.printer().id)
        with pytest.raises(JobMissing):
            other.do(cancel_job, job_id=job)
        stranger = make_house(db, code="XX")
        with pytest.raises(QueueMissing):
            print_orders(db, stranger.actor(), orders=[(taken.order_id, 1)], base_url=BASE)
