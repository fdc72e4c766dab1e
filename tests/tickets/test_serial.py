"""What a paper answers when it is scanned, and how papers are numbered."""

import threading

import pytest
import sqlalchemy as sa

from tests.counter import BASE, open_counter
from tests.house import make_house
from tocsin.alarm.table import signal
from tocsin.core.clock import DAY_US, MINUTE_US, shift_clock
from tocsin.core.db import Database
from tocsin.core.statement import Statement, own
from tocsin.orders.amend import cancel_order
from tocsin.tickets.hold import hold_order
from tocsin.tickets.job import read_content
from tocsin.tickets.serial import TicketUnknown, make_code, next_serial, scan_ticket

TOLD = Statement[tuple[str, str]](sa.select(signal.c.kind, signal.c.subject).where(own(signal)))


def test_the_words_have_their_precedence(db: Database) -> None:
    with open_counter(db) as counter:
        taken = counter.take(external_id="E-1")
        job = counter.print(taken.order_id).job_ids[0]
        link = counter.ask(read_content, job_id=job).scan_url
        word = lambda: scan_ticket(db, code=link).word
        assert word() == "CURRENT"
        counter.do(hold_order, order_id=taken.order_id, reason="等客户")
        assert word() == "HELD"
        counter.amend(taken.order_id, 1)
        assert word() == "SUPERSEDED"
        counter.take(external_id="E-1", payment="refunded")
        assert word() == "VOID"
        counter.take(external_id="E-1", payment="paid")
        assert word() == "SUPERSEDED"
        counter.do(cancel_order, order_id=taken.order_id, reason="客户取消")
        assert word() == "VOID"


def test_a_void_paper_that_is_scanned_is_told_to_the_alarm_once_an_hour(db: Database) -> None:
    with open_counter(db) as counter:
        taken = counter.take()
        job = counter.print(taken.order_id).job_ids[0]
        code = counter.ask(read_content, job_id=job).scan_url
        told = lambda: counter.ask(lambda tx: tx.rows(TOLD))
        scan_ticket(db, code=code)
        assert told() == []
        counter.do(cancel_order, order_id=taken.order_id, reason="客户取消")
        for _ in range(3):
            assert scan_ticket(db, code=code).word == "VOID"
        assert told() == [("void_scanned", f"ticket:{job}")]
        shift_clock(61 * MINUTE_US)
        scan_ticket(db, code=code)
        assert len(told()) == 2


def test_each_way_of_scanning_reaches_the_same_paper(db: Database) -> None:
    with open_counter(db) as counter:
        taken = counter.take()
        job = counter.print(taken.order_id).job_ids[0]
        link = counter.ask(read_content, job_id=job).scan_url
        code = link.rsplit("/", 1)[1]
        assert link == f"{BASE}/t/{code}" and len(code) == 32
        for written in (link, code, f" {code.lower()}\n", str(job)):
            found = scan_ticket(db, code=written, merchant_id=counter.house.merchant_id)
            assert (found.job_id, found.order_id, found.number, found.revision) == (
                job,
                taken.order_id,
                taken.number,
                1,
            )
        assert found.serial == counter.job(job).serial and found.merchant_id == counter.house.merchant_id


@pytest.mark.parametrize(
    "code", ["", "/", "x", "A" * 32, "9" * 19, "9" * 400, "²", "٣", "\x00", "\ud800", "-1"]
)
def test_what_is_no_code_is_unknown(db: Database, code: str) -> None:
    with open_counter(db) as counter:
        for merchant_id in (0, counter.house.merchant_id):
            with pytest.raises(TicketUnknown):
                scan_ticket(db, code=code, merchant_id=merchant_id)


def test_a_bar_code_is_read_within_its_merchant_only(db: Database) -> None:
    with open_counter(db) as counter:
        job = counter.print(counter.take().order_id).job_ids[0]
        other = make_house(db, code="NJ")
        for merchant_id in (0, other.merchant_id):
            with pytest.raises(TicketUnknown):
                scan_ticket(db, code=str(job), merchant_id=merchant_id)


def test_codes_are_stored_as_digests(db: Database) -> None:
    with open_counter(db) as counter:
        codes = {db.write(counter.house.merchant_id, lambda tx: make_code(tx, job_id=7)) for _ in range(20)}
        stored = {
            row[0]
            for row in db.read(
                0, lambda tx: tx.rows(Statement(sa.text("SELECT code_digest FROM ticket_code")))
            )
        }
        assert len(codes) == len(stored) == 20 and not codes & stored


def test_serials_count_by_shop_and_day_from_threads(db: Database) -> None:
    with open_counter(db) as counter:
        made: list[str] = []
        take = lambda: made.append(
            db.write(counter.house.merchant_id, lambda tx: next_serial(tx, counter.house.shop))
        )
        threads = [threading.Thread(target=take) for _ in range(8)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        assert sorted(serial[-5:] for serial in made) == [f"T{n:04d}" for n in range(1, 9)]
        try:
            shift_clock(DAY_US)
            take()
        finally:
            shift_clock(0)
        assert made[-1].endswith("-T0001") and made[-1].startswith("HF-")
