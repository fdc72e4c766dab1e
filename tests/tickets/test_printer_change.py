"""Changing a printer's name, paper and language: what waits is drawn anew, what is under way is not cut off."""

import pytest

from tests.counter import Counter, open_counter
from tests.house import make_house
from tests.tickets.test_claim import claim, send
from tests.tickets.test_queue_move import three_jobs
from tests.tickets.test_route import make_queue
from tocsin.core.actor import NotAllowed
from tocsin.core.db import Database
from tocsin.core.journal import read_journal
from tocsin.tickets.device import PrinterMissing, PrinterWrong, add_printer, get_printer, read_options
from tocsin.tickets.job import read_content
from tocsin.tickets.late import record_outcome
from tocsin.tickets.print_queue import get_queue
from tocsin.tickets.printer import PrintOutcome
from tocsin.tickets.printer_change import PrinterAtWork, change_printer

NEW = {"name": "吧台 ", "paper_mm": 58, "locale": "en"}


def test_what_waits_is_drawn_anew_for_the_paper_that_lies_there_now(db: Database) -> None:
    with open_counter(db) as counter:
        old, jobs = counter.printer(), three_jobs(counter)
        other = make_queue(counter, "后厨", copies="kitchen")
        serials = [counter.ask(read_content, job_id=job).serial for job in jobs]
        counter.do(change_printer, printer_id=old.id, **NEW)
        changed = counter.ask(get_printer, printer_id=old.id)
        assert (changed.name, changed.profile(), changed.locale) == ("吧台", "escpos_network/58", "en")
        assert read_options(changed).paper_mm == 58 and read_options(changed).port == counter.peer.port
        named = [counter.ask(get_queue, queue_id=queue).name for queue in (old.id, other.id)]
        assert named == ["吧台", "后厨"], "its own queue is called as it is, another keeps its name"
        papers = [send(counter, changed) for _ in jobs]
        assert [(one.content.paper_mm, one.content.locale) for one in papers] == [(58, "en")] * 3
        assert not {one.content.serial for one in papers} & set(serials), "no serial names two papers"
        [entry] = [
            one.fields()
            for one in counter.ask(read_journal, subject=f"printer:{old.id}")
            if one.verb == "tickets.change_printer"
        ]
        assert entry == {"from": "escpos_network/80", "to": "escpos_network/58", "language": "en"}


def test_nothing_changes_under_a_ticket_that_is_under_way_but_the_name(db: Database) -> None:
    with open_counter(db) as counter:
        job, at = three_jobs(counter)[0], counter.printer().id
        as_it_is = {"paper_mm": 80, "locale": "zh_CN"}
        assert claim(counter)
        for other in ({"paper_mm": 58}, {"locale": "en"}):
            with pytest.raises(PrinterAtWork):
                counter.do(change_printer, printer_id=at, name="前台", **{**as_it_is, **other})
        counter.do(change_printer, printer_id=at, name="吧台", **as_it_is)
        assert counter.printer().profile() == "escpos_network/80" and counter.job(job).state == "sending"
        outcome = PrintOutcome(result="printed")
        counter.db.write(
            counter.house.merchant_id, lambda tx: record_outcome(tx, job_id=job, outcome=outcome)
        )
        counter.do(change_printer, printer_id=at, **NEW)
        assert counter.printer().profile() == "escpos_network/58", "what waits does not keep it"


@pytest.mark.parametrize(
    "wrong",
    [{"paper_mm": 70}, {"paper_mm": 210, "paper_high_mm": 297}, {"name": " "}, {"name": "n" * 61}, {"locale": "xx"}],
)  # fmt: skip
def test_what_no_printer_can_have_is_refused(db: Database, wrong: dict[str, object]) -> None:
    with open_counter(db) as counter:
        before = counter.printer()
        with pytest.raises(PrinterWrong):
            counter.do(change_printer, printer_id=before.id, **{**NEW, **wrong})
        assert counter.printer() == before


def test_only_who_may_changes_a_printer_and_only_the_merchants_own(db: Database) -> None:
    with open_counter(db) as counter:
        at = counter.do(add_printer, name="后厨", kind="pdf_file", options={})
        counter.do(change_printer, printer_id=at, name="后厨", paper_mm=210, paper_high_mm=297, locale="en")
        assert counter.ask(get_printer, printer_id=at).profile() == "pdf_file/210x297"
        for printer_id in (0, 5):
            with pytest.raises(PrinterMissing):
                counter.do(change_printer, printer_id=printer_id, **NEW)
        with pytest.raises(NotAllowed):
            Counter(counter.house, counter.peer, counter.house.actor("clerk")).do(
                change_printer, printer_id=at, **NEW
            )
        other = make_house(db, code="NJ")
        with pytest.raises(PrinterMissing):
            Counter(other, counter.peer, other.actor()).do(change_printer, printer_id=at, **NEW)
