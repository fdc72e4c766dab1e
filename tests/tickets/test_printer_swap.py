"""A printer replaced: its queues and what never left go over, checked and drawn anew; undone until something was printed."""

import threading
from functools import partial
from typing import Any

import pytest
from msgspec.structs import replace

from tests.counter import Counter, open_counter
from tests.tickets.test_claim import claim, send
from tests.tickets.test_route import make_queue
from tocsin.core.actor import NotAllowed, PersonNeeded
from tocsin.core.db import Database
from tocsin.core.journal import read_journal
from tocsin.orders.amend import Amendment
from tocsin.tickets import intercept
from tocsin.tickets.device import (
    Device,
    PrinterMissing,
    PrinterWrong,
    add_printer,
    get_printer,
    remove_printer,
)
from tocsin.tickets.intercept import queue_slips, send_slip, slips_of
from tocsin.tickets.late import record_outcome
from tocsin.tickets.print_queue import get_queue
from tocsin.tickets.printer import PrintOutcome
from tocsin.tickets.printer_swap import (
    Stays,
    SwapBegun,
    SwapMissing,
    SwapSame,
    SwapUntried,
    last_swap,
    replace_printer,
    stands_now,
    undo_swap,
    what_stays,
)
from tocsin.tickets.queue_move import move_job
from tocsin.tickets.queue_setup import change_queue
from tocsin.tickets.under_way import free_job


def spare(counter: Counter, name: str = "新机") -> Device:
    """Set a printer with narrower paper and another language up."""
    made = counter.do(
        add_printer, name=name, kind="escpos_network", options={"host": "127.0.0.1", "port": counter.peer.port},
        paper_mm=58, locale="en",
    )  # fmt: skip
    return counter.ask(get_printer, printer_id=made)


def jobs_of(counter: Counter, count: int) -> list[int]:
    """Have some orders wait; return their jobs."""
    return [counter.print(counter.take(quantity=n + 1).order_id).job_ids[0] for n in range(count)]


def swap(counter: Counter, by: Device, *, right: bool = True) -> list[int]:
    """Replace the first printer; return the papers that went over."""
    given = {"printer_id": counter.printer().id, "by_id": by.id, "came_out_right": right}
    return counter.do(replace_printer, **given).went_over()


def test_queues_and_what_never_left_go_over_and_are_checked_and_drawn_anew(db: Database) -> None:
    with open_counter(db) as counter:
        old, new, third = counter.printer(), spare(counter), spare(counter, "三")
        kitchen = make_queue(
            counter, name="厨房", printer_id=old.id, role="kitchen", takes="商品:咖啡", backup_id=third.id
        ).id
        packing = make_queue(counter, name="打包", printer_id=third.id, role="packing", backup_id=old.id).id
        lost, at_work, *waiting = jobs_of(counter, 5)
        send(counter, result="unknown")
        assert claim(counter).job.id == at_work
        held = counter.job(waiting.pop()).order_id
        counter.amend(held, 1, Amendment(carrier="顺丰"))
        stays = counter.ask(what_stays, printer_id=old.id)
        assert stays == Stays(3, counter.job(waiting[0]).asked_at_us, 1, 1)
        for right, by, wrong in ((False, new, SwapUntried), (True, old, SwapSame)):
            with pytest.raises(wrong):
                swap(counter, by, right=right)
        with pytest.raises(NotAllowed):
            Counter(counter.house, counter.peer, counter.house.actor("clerk")).do(
                replace_printer, printer_id=old.id, by_id=new.id, came_out_right=True
            )
        with pytest.raises(PersonNeeded):
            swap(Counter(counter.house, counter.peer, replace(counter.actor, kind="api_key")), new)
        assert swap(counter, new)[:2] == waiting
        queues = {each: counter.ask(get_queue, queue_id=each) for each in (old.id, kitchen, packing)}
        assert [(one.printer_id, one.backup_id) for one in queues.values()] == [
            (new.id, 0), (new.id, third.id), (third.id, new.id)
        ]  # fmt: skip
        assert (queues[kitchen].role, queues[kitchen].takes) == ("kitchen", "商品:咖啡")
        assert [counter.job(one).printer_id for one in (lost, at_work)] == [old.id] * 2
        assert counter.ask(what_stays, printer_id=old.id) == Stays(0, None, 1, 1)
        assert claim(counter) is None
        papers = [send(counter, new) for _ in waiting]
        assert [(one.content.paper_mm, one.content.locale) for one in papers] == [(58, "en")] * 2
        last = claim(counter, new)
        assert last is None or last.content.revision == 2, "an order that changed is not printed as it was"
        with pytest.raises(SwapBegun):
            counter.do(undo_swap, printer_id=old.id)
        finish = partial(record_outcome, job_id=at_work, outcome=PrintOutcome(result="printed"))
        counter.db.write(counter.house.merchant_id, finish)
        counter.do(remove_printer, printer_id=old.id)
        assert counter.job(lost).state == "unknown" and counter.job(at_work).state == "printed"
        with pytest.raises(PrinterMissing):
            counter.do(undo_swap, printer_id=old.id)
        verbs = [each.verb for each in counter.ask(read_journal, subject=f"printer:{old.id}")]
        assert "tickets.replace_printer" in verbs


def test_a_swap_is_taken_back_as_long_as_nothing_was_begun(db: Database) -> None:
    with open_counter(db) as counter:
        old, new, third = counter.printer(), spare(counter), spare(counter, "三")
        kitchen = make_queue(counter, name="厨房", printer_id=old.id, backup_id=new.id).id
        backed = make_queue(counter, name="打包", printer_id=third.id, backup_id=old.id).id
        jobs = jobs_of(counter, 3)
        with pytest.raises(SwapMissing):
            counter.do(undo_swap, printer_id=old.id)
        assert swap(counter, new) == jobs
        assert counter.ask(get_queue, queue_id=kitchen).backup_id == 0
        assert counter.ask(stands_now, printer_id=old.id, since_us=0) == new.id
        counter.do(move_job, job_id=jobs[2], queue_id=third.id)
        changed = replace(counter.ask(get_queue, queue_id=backed), backup_id=0)
        counter.do(change_queue, queue=changed)
        later = counter.print(counter.take(quantity=7).order_id, queue_id=old.id).job_ids[0]
        assert counter.job(later).printer_id == new.id
        assert send(counter, third).job.order_id == counter.job(jobs[2]).order_id, "no paper of the new one"
        assert counter.do(undo_swap, printer_id=old.id) == 3
        assert [counter.job(one).printer_id for one in (*jobs, later)] == [old.id, old.id, third.id, old.id]
        queues = [counter.ask(get_queue, queue_id=each) for each in (old.id, kitchen, backed)]
        assert [(one.printer_id, one.backup_id) for one in queues] == [
            (old.id, 0), (old.id, new.id), (third.id, 0)
        ], "what somebody has set up since stays"  # fmt: skip
        with pytest.raises(SwapMissing):
            counter.do(undo_swap, printer_id=old.id)
        swap(counter, new)
        assert claim(counter, new) is not None
        with pytest.raises(SwapBegun):
            counter.do(undo_swap, printer_id=old.id)
        assert counter.ask(last_swap, printer_id=old.id).new_id == new.id


def test_slips_go_where_the_papers_lie_now(db: Database) -> None:
    with open_counter(db) as counter:
        old, new = counter.printer(), spare(counter)
        orders = [counter.take(quantity=n).order_id for n in (2, 3)]
        for order_id in orders:
            counter.print(order_id)
            send(counter)
        counter.db.write(counter.house.merchant_id, partial(queue_slips, order_id=orders[0]))
        assert [one.printer_id for one in counter.ask(slips_of, order_id=orders[0])] == [old.id]
        swap(counter, new)
        counter.db.write(counter.house.merchant_id, partial(queue_slips, order_id=orders[1]))
        found = [one.printer_id for each in orders for one in counter.ask(slips_of, order_id=each)]
        assert found == [new.id, new.id]
        counter.do(undo_swap, printer_id=old.id)
        assert [one.printer_id for one in counter.ask(slips_of, order_id=orders[0])] == [old.id]


def test_what_never_left_waits_anew_where_its_printer_stands_now(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_counter(db) as counter:
        old, new = counter.printer(), spare(counter)
        void, begun = (counter.job(one) for one in jobs_of(counter, 2))
        send(counter)
        assert claim(counter).job.id == begun.id
        write = partial(counter.db.write, counter.house.merchant_id)
        write(partial(queue_slips, order_id=void.order_id))

        def fails(*_: Any, **__: Any) -> PrintOutcome:
            swap(counter, new)  # while both are on their way
            write(lambda tx: free_job(tx, counter.job(begun.id)))
            assert counter.job(begun.id).printer_id == new.id
            with pytest.raises(PrinterWrong, match="slip"):
                counter.do(remove_printer, printer_id=old.id)
            return PrintOutcome(result="failed", reason="connect_failed")

        monkeypatch.setattr(intercept, "give_page", fails)
        store = lambda _, keep: write(keep)
        send_slip(db, counter.house.merchant_id, device=old, drawing=threading.Semaphore(), store=store)
        [slip] = counter.ask(slips_of, order_id=void.order_id)
        assert (slip.state, slip.printer_id) == ("queued", new.id)
        counter.do(remove_printer, printer_id=old.id)
        third = spare(counter, "三")
        for one, by in ((new, third), (third, new)):
            counter.do(replace_printer, printer_id=one.id, by_id=by.id, came_out_right=True)
        assert send(counter, new).job.order_id == begun.order_id
        write(partial(queue_slips, order_id=begun.order_id))
        [slip] = counter.ask(slips_of, order_id=begun.order_id)
        assert slip.printer_id == new.id, "there and back is where it came out"
