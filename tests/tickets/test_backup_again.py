"""What a printer that went away refused: it goes to the back-up, and nothing of which a byte may have left."""

from functools import partial

from msgspec.structs import replace

from tests.counter import open_counter
from tests.tickets.test_claim import claim, second_printer
from tests.tickets.test_queue_move import three_jobs
from tocsin.core.clock import MINUTE_US, shift_clock
from tocsin.core.db import Database
from tocsin.orders.stop import list_holds
from tocsin.tickets.backup_again import TO_BACKUP
from tocsin.tickets.device import note_status
from tocsin.tickets.hold import hold_order
from tocsin.tickets.job import jobs_of_order
from tocsin.tickets.late import record_outcome
from tocsin.tickets.print_queue import get_queue
from tocsin.tickets.printer import PrinterStatus, PrintOutcome
from tocsin.tickets.queue_move import use_backups
from tocsin.tickets.queue_setup import change_queue

REFUSED = PrintOutcome(result="failed", reason="refused")


def test_what_was_refused_unsent_goes_with_what_waits_and_nothing_else(db: Database) -> None:
    with open_counter(db) as counter:
        other, merchant = second_printer(counter), counter.house.merchant_id
        own = counter.ask(get_queue)
        counter.do(change_queue, queue=replace(own, backup_id=other.id, backup_minutes=5))

        def fail(outcome: PrintOutcome) -> int:
            """Have the oldest paper end so; return its order."""
            sending = claim(counter)
            assert sending is not None
            db.write(merchant, lambda tx: record_outcome(tx, job_id=sending.job.id, outcome=outcome))
            return sending.job.order_id

        def see(printer_id: int, *, online: bool) -> None:
            status = PrinterStatus(online=online, paper="ok")
            db.write(merchant, lambda tx: note_status(tx, printer_id=printer_id, status=status))

        counter.print(counter.take(quantity=7).order_id)
        old = fail(REFUSED)
        shift_clock(MINUTE_US)
        try:
            see(own.printer_id, online=True)  # it came back: that one failed before
            three_jobs(counter)
            waiting = counter.print(counter.take(quantity=4).order_id).job_ids[0]
            shift_clock(2 * MINUTE_US)
            gone, left = fail(REFUSED), fail(replace(REFUSED, bytes_left=True))
            by_hand = fail(REFUSED)
            counter.do(hold_order, order_id=by_hand, reason="等客户")
            see(own.printer_id, online=False)
            shift_clock(9 * MINUTE_US)
            see(other.id, online=True)
            assert db.write(merchant, use_backups) == 2 and db.write(merchant, use_backups) == 0
        finally:
            shift_clock(0)
        kinds = [counter.kinds(one) for one in (old, gone, left, by_hand)]
        assert kinds == [["failed"], [], ["failed"], ["failed", "manual"]]
        assert counter.ask(list_holds, order_id=gone)[0].closed_reason == TO_BACKUP
        again, first = counter.ask(jobs_of_order, order_id=gone)
        assert (again.state, again.printer_id, again.reprint_no, first.state) == (
            "queued",
            other.id,
            0,
            "failed",
        )
        assert counter.job(waiting).printer_id == other.id
        assert all(
            len(counter.ask(partial(jobs_of_order, order_id=one))) == 1 for one in (old, left, by_hand)
        )
