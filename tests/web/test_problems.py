"""Problem view as a page: late orders are printed from it, and one answer settles a batch."""

from functools import partial

from tests.house import make_draft
from tests.web.pages import Pages, text_of
from tocsin.core.clock import MINUTE_US, shift_clock
from tocsin.tickets.job import end_job


def test_what_is_late_is_printed_from_the_page(pages: Pages) -> None:
    assert "Nothing is wrong" in text_of(pages.get("/problems"))
    pages.printer()
    order = pages.take(make_draft())
    shift_clock(61 * MINUTE_US)
    page = text_of(pages.get("/problems"))
    assert "Not printed, and late" in page and order.number in page and 'data-live-count="all">1<' in page
    assert "13812345678" not in page and "王" not in page
    assert 'form="f-unprinted"' not in text_of(pages.get("/problems", role="auditor"))
    sent = pages.post("/terminals/0/prints", orders=str(order.id))
    assert sent.status_code == 303
    assert order.number not in text_of(pages.get("/problems"))


def test_one_answer_for_all_papers_of_a_printer(pages: Pages) -> None:
    printer_id = pages.printer()
    orders = [pages.take(make_draft(quantity=n)) for n in (2, 3)]
    for order in orders:
        pages.post(f"/terminals/{printer_id}/prints", order=str(order.id))
    jobs = [pages.jobs(order)[0] for order in orders]
    for job in jobs:
        end = partial(end_job, job_id=job.id, came_from=("queued",), state="unknown")
        pages.db.write(pages.house.merchant_id, end)
    page = text_of(pages.get("/problems"))
    assert f"{jobs[0].serial} – {jobs[1].serial}" in page and page.count('name="job"') == 2
    assert page.count("Have you looked at the printer?") == 2, "one press answers for many"
    assert 'name="job"' not in text_of(pages.get("/problems", role="auditor"))
    assert pages.post("/problems/settlement", role="auditor", job=str(jobs[0].id)).status_code == 403
    pages.post("/problems/settlement", job=str(jobs[0].id), answer="came_out")
    pages.post("/problems/settlement", job=str(jobs[1].id), answer="did_not")
    assert [pages.jobs(order)[0].state for order in orders] == ["printed", "failed"]
    failed = text_of(pages.get("/problems"))
    assert "Did not print" in failed and f"/jobs/{jobs[1].id}/reprint" in failed
    assert (
        pages.get(f"/orders/{orders[1].number}")
        .text.partition("</h1>")[2]
        .partition("</span></span>")[0]
        .count("Print failed")
    )
    assert pages.post("/problems/settlement", answer="came_out").status_code == 422
