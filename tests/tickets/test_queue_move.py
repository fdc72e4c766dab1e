"""Moving what waits: a job, a queue, a printer's swap; what was sent never moves."""

import threading
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from msgspec.structs import replace

from tests.counter import Counter, open_counter
from tests.tickets.test_claim import claim, second_printer, send
from tests.tickets.test_route import make_queue
from tocsin.core.clock import MINUTE_US, now_us, shift_clock
from tocsin.core.db import Database
from tocsin.core.statement import Statement
from tocsin.migrations import upgrade
from tocsin.tickets.device import PrinterNeeded, add_printer, get_printer, note_status, remove_printer
from tocsin.tickets.job import JobNotWaiting, read_content
from tocsin.tickets.print_queue import QueueMissing, count_waiting, get_queue, list_queues
from tocsin.tickets.printer import PrinterStatus
from tocsin.tickets.queue_move import away_queues, move_job, move_queue, use_backups
from tocsin.tickets.queue_setup import change_queue, pause_queue


def three_jobs(counter: Counter) -> list[int]:
    """Have three orders wait; return their jobs."""
    return [counter.print(counter.take(quantity=n).order_id).job_ids[0] for n in (1, 2, 3)]


def test_a_queue_moves_in_its_order_and_what_was_sent_stays(db: Database) -> None:
    with open_counter(db) as counter:
        other = second_printer(counter)
        sent, *waiting = three_jobs(counter)
        claim(counter)
        first = counter.printer().id
        with pytest.raises(JobNotWaiting):
            counter.do(move_job, job_id=sent, queue_id=other.id)
        assert counter.do(move_queue, queue_id=first, to_id=other.id) == 2
        assert counter.job(sent).printer_id == first and claim(counter) is None
        assert [send(counter, other).job.id for _ in waiting] == waiting
        assert claim(counter, other) is None
        for to in (0, 5):
            with pytest.raises(QueueMissing):
                counter.do(move_queue, queue_id=first, to_id=to)


def test_a_swapped_printer_draws_what_waits_anew_for_its_own_paper(db: Database) -> None:
    with open_counter(db) as counter:
        narrow = counter.do(
            add_printer, name="新机", kind="escpos_network", options={"host": "127.0.0.1", "port": counter.peer.port},
            paper_mm=58, locale="en",
        )  # fmt: skip
        old, jobs = counter.printer(), three_jobs(counter)
        serials = [counter.ask(read_content, job_id=job).serial for job in jobs]
        queue = counter.ask(get_queue, queue_id=old.id)
        assert counter.do(change_queue, queue=replace(queue, printer_id=narrow)) == 3
        assert claim(counter) is None, "nothing waits at the old one"
        at = counter.ask(get_printer, printer_id=narrow)
        papers = [send(counter, at) for _ in jobs]
        assert [(p.content.paper_mm, p.content.locale, p.job.queue_id) for p in papers] == [
            (58, "en", queue.id)
        ] * 3
        assert [p.content.number for p in papers] == [
            counter.order(counter.job(job).order_id).number for job in jobs
        ]
        assert not {p.content.serial for p in papers} & set(serials), "no serial names two papers"
        assert [counter.job(job).reason for job in jobs] == ["replaced"] * 3
        counter.do(remove_printer, printer_id=old.id)
        assert counter.ask(get_queue, queue_id=queue.id).name == "前台", "the place outlives its printer"
        with pytest.raises(PrinterNeeded):
            counter.do(remove_printer, printer_id=narrow)


def test_a_paper_is_claimed_or_moved_never_both(db: Database) -> None:
    with open_counter(db) as counter:
        other, job = second_printer(counter), three_jobs(counter)[0]
        got: list[object] = []

        def move() -> None:
            try:
                got.append(counter.do(move_job, job_id=job, queue_id=other.id) or "moved")
            except JobNotWaiting:
                got.append("sent")

        threads = [threading.Thread(target=move), threading.Thread(target=lambda: got.append(claim(counter)))]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        found = counter.job(job)
        assert (found.state, found.printer_id == other.id) == (
            ("queued", True) if "moved" in got else ("sending", False)
        )


def test_a_paused_queue_rests_while_another_on_the_same_printer_goes_on(db: Database) -> None:
    with open_counter(db) as counter:
        bar = make_queue(counter, "吧台", copies="customer")
        waits, goes = (
            three_jobs(counter)[0],
            counter.print(counter.take(quantity=9).order_id, queue_id=bar.id).job_ids[0],
        )
        first = counter.printer().id
        counter.do(pause_queue, queue_id=first, paused=True)
        assert send(counter).job.id == goes and claim(counter) is None
        assert counter.ask(count_waiting)[first].pending == 3
        counter.do(pause_queue, queue_id=first, paused=False)
        assert send(counter).job.id == waits


def test_printers_of_before_there_were_queues_have_their_own(db: Database) -> None:
    with open_counter(db) as counter:
        job = three_jobs(counter)[0]
        before = counter.ask(list_queues)
        frozen = Path(upgrade.__file__).parent / "versions" / "v0006_sqlite.sql"
        filled = [
            text for text in frozen.read_text().split("\n;;\n") if text.startswith(("INSERT", "UPDATE"))
        ]
        assert len(filled) == 2
        for text in ("DELETE FROM print_queue", "UPDATE print_job SET queue_id = 0", *filled * 2):
            counter.db.write(
                counter.house.merchant_id, lambda tx, t=text: tx.run(Statement[None](sa.text(t)))
            )
        assert counter.ask(list_queues) == before and counter.job(job).queue_id == before[0].id
        assert send(counter).job.id == job


def test_a_backup_prints_what_waits_once_the_printer_was_away_long_enough(db: Database) -> None:
    with open_counter(db) as counter:
        other = second_printer(counter)
        sent, *waiting = three_jobs(counter)
        claim(counter)
        own, merchant = counter.ask(get_queue), counter.house.merchant_id
        counter.do(change_queue, queue=replace(own, backup_id=other.id, backup_minutes=5))

        def use(*, online: bool, minutes: int, backup_online: bool = True, since_us: int = 0) -> int:
            for printer_id, answers in ((own.printer_id, online), (other.id, backup_online)):
                status = PrinterStatus(online=answers, paper="ok")
                db.write(merchant, lambda tx, p=printer_id, s=status: note_status(tx, printer_id=p, status=s))
            try:
                shift_clock(minutes * MINUTE_US)
                return db.write(merchant, partial(use_backups, since_us=since_us))
            finally:
                shift_clock(0)

        assert use(online=False, minutes=4) == 0, "it was just added, and never answered yet"
        shift_clock(6 * MINUTE_US)
        assert counter.ask(away_queues) == [(counter.ask(get_queue), other.id)]
        shift_clock(0)
        assert use(online=True, minutes=9) == 0, "it answers"
        assert use(online=False, minutes=4) == 0, "not long enough"
        assert use(online=False, minutes=6, backup_online=False) == 0, "the back-up is away too"
        woken_us = now_us() + 2 * MINUTE_US
        assert use(online=False, minutes=6, since_us=woken_us) == 0, "the desk itself was away"
        assert use(online=False, minutes=6) == 2 and use(online=False, minutes=7) == 0
        assert counter.job(sent).printer_id == own.printer_id, "what was sent never moves"
        assert [send(counter, other).job.id for _ in waiting] == waiting
