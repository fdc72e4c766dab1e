"""Problem view: each kind is found when its time has come, and gone when it is mended; one answer for a batch."""

import pytest

from tests.counter import Counter, open_counter
from tests.tickets.test_hand_over import printed
from tocsin.core.actor import NotAllowed
from tocsin.core.clock import MINUTE_US, now_us, shift_clock
from tocsin.core.db import Database
from tocsin.core.ident import new_id
from tocsin.orders.amend import cancel_order
from tocsin.tickets.device import remove_printer
from tocsin.tickets.hold import hold_order
from tocsin.tickets.queue_setup import pause_queue
from tocsin.tickets.radar import KINDS, Counts, Late, count_badge, count_problems, list_problems
from tocsin.tickets.settlement import BatchTooLong, ask_together, settle_many


def seen(counter: Counter) -> dict[str, int]:
    """Return the kinds that show something, each with its count, which its list must equal."""
    counts: Counts = counter.ask(count_problems)
    found = {kind: getattr(counts, kind) for kind in KINDS}
    assert {kind: len(counter.ask(list_problems, kind=kind)) for kind in KINDS} == found
    assert counter.ask(count_badge) == (
        counts.held,
        counts.held + counts.unprinted + counts.waiting + counts.changed,
    )
    return {kind: count for kind, count in found.items() if count}


def later(minutes: int) -> None:
    shift_clock(minutes * MINUTE_US)


def test_an_order_is_late_by_the_clock_also_where_ids_are_ahead_of_it(db: Database) -> None:
    """A clock that was a day fast has left ids of tomorrow: what is taken after it was set right is late today."""
    with open_counter(db) as counter:
        try:
            later(24 * 60)
            new_id()
            later(0)
            counter.take(quantity=2)
            counter.check()
            assert seen(counter) == {}
            later(61)
            assert seen(counter) == {"unprinted": 1}
        finally:
            later(0)


def test_each_kind_shows_in_its_time_and_goes(db: Database) -> None:
    with open_counter(db) as counter:
        try:
            late, waiting = counter.take(quantity=2).order_id, counter.take(quantity=3).order_id
            counter.take(quantity=4, fulfilment="shipped")
            counter.check()
            assert seen(counter) == {}
            counter.do(pause_queue, queue_id=counter.printer().id, paused=True)
            counter.print(waiting)
            later(16)
            assert seen(counter) == {"waiting": 1}
            assert counter.ask(list_problems, kind="waiting")[0].order_id == waiting
            later(61)
            assert seen(counter) == {"waiting": 1, "unprinted": 1}
            (row,) = counter.ask(list_problems, kind="unprinted")
            assert row.order_id == late and counter.ask(count_badge) == (0, 2)
            counter.do(hold_order, order_id=late, reason="等")
            assert seen(counter) == {"waiting": 1} and counter.ask(count_badge) == (1, 2)
            later(61 + 24 * 60 + 1)
            assert seen(counter) == {"waiting": 1, "held_long": 1}
            counter.do(cancel_order, order_id=late, reason="不要了")
            assert "held_long" not in seen(counter), "of a cancelled order nobody waits for anything"
            later(8 * 24 * 60)
            assert "unprinted" not in seen(counter), "older than the window"
        finally:
            shift_clock(0)


def test_paper_of_changed_and_of_refunded_orders_lies_about(db: Database) -> None:
    with open_counter(db) as counter:
        try:
            changed = counter.take(quantity=2).order_id
            printed(counter, changed)
            amended_us = now_us()
            counter.amend(changed, 1)
            assert counter.ask(list_problems, kind="changed")[0].since_us >= amended_us, "not since it came"
            refunded = counter.take(quantity=3, external_id="R-1").order_id
            printed(counter, refunded)
            counter.take(quantity=3, external_id="R-1", payment="refunded")
            counter.check()
            assert seen(counter) == {"after_print": 1, "changed": 1}, "wrong paper is a problem at once"
            later(61)
            assert seen(counter) == {"after_print": 1, "changed": 1}
            printed(counter, changed, 2)
            assert seen(counter) == {"after_print": 1}
        finally:
            shift_clock(0)


def test_one_answer_settles_a_batch_and_nothing_is_sent_again(db: Database) -> None:
    with open_counter(db) as counter:
        orders = [counter.take(quantity=n + 2).order_id for n in range(4)]
        jobs = [printed(counter, order_id, result="unknown") for order_id in orders]
        assert seen(counter) == {"unknown": 4}
        (question,) = ask_together(counter.ask(list_problems, kind="unknown"))
        assert question.job_ids == tuple(jobs) and question.reason == "x"
        assert (question.first, question.last) == (counter.job(jobs[0]).serial, counter.job(jobs[3]).serial)
        assert counter.do(settle_many, job_ids=jobs[:3], came_out=True) == 3
        assert counter.do(settle_many, job_ids=jobs, came_out=False) == 1, "answered once is answered"
        assert [counter.job(job).state for job in jobs] == ["printed"] * 3 + ["failed"]
        assert [counter.kinds(order_id) for order_id in orders] == [[], [], [], ["failed"]]
        counter.run_spool()
        assert counter.peer.papers() == []
        for wrong in ([], list(range(101))):
            with pytest.raises(BatchTooLong):
                counter.do(settle_many, job_ids=wrong, came_out=True)
        with pytest.raises(NotAllowed):
            Counter(counter.house, counter.peer, counter.house.actor("auditor")).do(
                settle_many, job_ids=jobs, came_out=True
            )


def test_papers_that_broke_off_are_asked_about_apart() -> None:
    given = [
        ("unconfirmed", 1, "T1"),
        ("connection_lost", 1, "T2"),
        ("unconfirmed", 1, "T3"),
        ("unconfirmed", 2, "T4"),
    ]
    late = [
        Late(
            order_id=n, number=f"N{n}", since_us=n, job_id=n, printer_id=printer, serial=serial, reason=reason
        )
        for n, (reason, printer, serial) in enumerate(given)
    ]
    asked = [(one.printer_id, one.reason, one.first, one.last, one.job_ids) for one in ask_together(late)]
    assert asked == [
        (1, "unconfirmed", "T1", "T3", (0, 2)), (1, "connection_lost", "T2", "T2", (1,)), (2, "unconfirmed", "T4", "T4", (3,))
    ]  # fmt: skip


def test_a_shop_without_a_printer_misses_no_paper(db: Database) -> None:
    with open_counter(db) as counter:
        early = counter.take().order_id
        assert early > counter.printer().id
        try:
            later(61)
            assert seen(counter) == {"unprinted": 1}
            for queue in (counter.printer().id,):
                counter.do(remove_printer, printer_id=queue)
            assert seen(counter) == {}
        finally:
            shift_clock(0)
