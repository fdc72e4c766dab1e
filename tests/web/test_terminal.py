"""The print terminal on its pages: prints, queues, what became of papers."""

from tests.house import make_draft
from tests.web.pages import Pages, text_of
from tocsin.orders.draft import Order
from tocsin.orders.lookup import all_lookups
from tocsin.tickets.claim import claim_job
from tocsin.tickets.device import add_printer, get_printer, printer_plugin, read_options
from tocsin.tickets.job import list_jobs
from tocsin.tickets.papers import keep_papers_in
from tocsin.tickets.printer import PrintOutcome
from tocsin.tickets.spool import record_outcome


def ask(pages: Pages, order: Order, printer_id: int) -> int:
    """Ask for an order's paper; return its job."""
    answer = pages.post(f"/terminals/{printer_id}/prints", order=str(order.id), revision=str(order.revision))
    assert answer.headers["location"] == f"/terminals/{printer_id}?queued=1&held=0"
    return pages.jobs(order)[0].id


def end(pages: Pages, printer_id: int, outcome: PrintOutcome) -> None:
    """Have a printer answer for its oldest paper."""
    merchant = pages.house.merchant_id

    def run(tx: object) -> None:
        sending = claim_job(tx, device=get_printer(tx, printer_id=printer_id))  # type: ignore[arg-type]
        assert sending is not None
        record_outcome(tx, job_id=sending.job.id, outcome=outcome)  # type: ignore[arg-type]

    pages.db.write(merchant, run)


def test_a_selection_is_queued_or_held(pages: Pages) -> None:
    printer_id = pages.printer()
    good, bad = pages.take(make_draft(external_id="1")), pages.take(make_draft(external_id="2", lines=()))
    form = [("order", str(good.id)), ("order", f"{bad.id}:1")]
    assert (
        pages.post(f"/terminals/{printer_id}/prints", form=form)
        .headers["location"]
        .endswith("?queued=1&held=1")
    )
    page = text_of(pages.get(f"/terminals/{printer_id}?queued=1&held=1"))
    assert (
        pages.jobs(good)[0].serial in page and "One order is queued" in page and "One order is held" in page
    )
    assert pages.jobs(bad) == []
    one = pages.post(f"/terminals/{printer_id}/prints", order=str(bad.id), revision="1")
    assert one.headers["location"] == f"/orders/{bad.number}?done=held"
    assert pages.post(f"/terminals/{printer_id}/prints").status_code == 422, "nothing chosen"
    assert pages.post("/terminals/99/prints", order=str(good.id)).status_code == 404
    many = [("order", str(n)) for n in range(600)]
    assert pages.post(f"/terminals/{printer_id}/prints", form=many).status_code == 422


def test_a_waiting_paper_is_cancelled_once(pages: Pages) -> None:
    printer_id, order = pages.printer(), pages.take(make_draft())
    job_id = ask(pages, order, printer_id)
    assert pages.post(f"/jobs/{job_id}/cancellation", role="auditor").status_code == 403
    assert pages.post(f"/jobs/{job_id}/cancellation").status_code == 303
    assert pages.post(f"/jobs/{job_id}/cancellation").status_code == 409
    assert pages.jobs(order)[0].state == "cancelled"


def test_an_unknown_paper_is_settled_by_a_person(pages: Pages) -> None:
    printer_id, order = pages.printer(), pages.take(make_draft())
    job_id = ask(pages, order, printer_id)
    end(pages, printer_id, PrintOutcome(result="unknown", reason="connection_lost", bytes_left=True))
    page = text_of(pages.get("/terminals"))
    assert f"/jobs/{job_id}/settlement" in page and "The connection broke off" in page
    assert pages.post(f"/jobs/{job_id}/settlement", answer="perhaps").status_code == 422
    assert pages.post(f"/jobs/{job_id}/settlement", answer="came_out").status_code == 303
    assert pages.post(f"/jobs/{job_id}/settlement", answer="did_not").status_code == 409, "said once"
    assert pages.jobs(order)[0].state == "printed"


def test_a_paper_that_did_not_come_out_stays_in_sight_until_it_is_printed(pages: Pages) -> None:
    printer_id, order = pages.printer(), pages.take(make_draft())
    job_id = ask(pages, order, printer_id)
    end(pages, printer_id, PrintOutcome(result="unknown", reason="connection_lost", bytes_left=True))
    assert pages.post(f"/jobs/{job_id}/settlement", answer="did_not").status_code == 303
    for path in ("/held", "/held?kind=failed", f"/orders/{order.number}"):
        page = text_of(pages.get(path))
        assert "It did not come out, says a person" in page and "Print failed" in page, path
    assert "data-live-count>1<" in page
    chinese = text_of(pages.get("/held?locale=zh_CN"))
    assert "打印失败" in chinese and "did_not" not in chinese
    release = page.split('action="/holds/')[1].split('"')[0]
    assert pages.post(f"/holds/{release}", reason="again", role="clerk").status_code == 303
    end(pages, printer_id, PrintOutcome(result="printed"))
    assert pages.again(order).desk_state == "printed"
    assert order.number not in text_of(pages.get("/held"))


def test_a_reprint_says_so_and_is_checked(pages: Pages) -> None:
    printer_id, order = pages.printer(), pages.take(make_draft())
    job_id = ask(pages, order, printer_id)
    end(pages, printer_id, PrintOutcome(result="printed"))
    assert (
        pages.post(f"/jobs/{job_id}/reprint").headers["location"] == f"/terminals/{printer_id}?done=printed"
    )
    assert pages.jobs(order)[0].reprint_no == 1
    assert "REPRINT 1" in text_of(pages.get(f"/terminals/{printer_id}"))
    pages.post(f"/orders/{order.number}/holds", reason="wait")
    assert pages.post(f"/jobs/{job_id}/reprint").headers["location"] == f"/orders/{order.number}?done=held"


def test_a_queue_is_paused_and_goes_on(pages: Pages) -> None:
    printer_id = pages.printer()
    for paused, word in (("1", "Go on with"), ("0", "Pause")):
        assert pages.post(f"/terminals/{printer_id}/pause", paused=paused).status_code == 303
        assert word in text_of(pages.get(f"/terminals/{printer_id}"))


def test_the_preview_is_a_masked_picture(pages: Pages) -> None:
    order = pages.take(make_draft())
    answer = pages.get(f"/orders/{order.number}/ticket.png")
    assert answer.headers["content-type"] == "image/png" and answer.content[:4] == b"\x89PNG"


def test_the_file_of_a_ticket_is_opened_by_those_who_may_see_it(pages: Pages) -> None:
    keep_papers_in(pages.desk.settings.path("papers"))
    owner, merchant = pages.house.actor(), pages.house.merchant_id
    printer_id = pages.db.write(merchant, lambda tx: add_printer(
        tx, owner, name="Files", kind="pdf_file", options={}, copies=("merchant", "customer")
    ))  # fmt: skip
    order = pages.take(make_draft())
    pages.post(f"/terminals/{printer_id}/prints", order=str(order.id), revision=str(order.revision))
    by_copy = {job.copy: job for job in pages.jobs(order)}
    assert pages.get(f"/jobs/{by_copy['customer'].id}/file").status_code == 404, "it has not come out"
    while pages.db.read(merchant, lambda tx: list_jobs(tx, state="queued")):
        sending = pages.db.write(merchant, lambda tx: claim_job(tx, device=get_printer(tx, printer_id=printer_id)))
        assert sending is not None
        outcome = printer_plugin("pdf_file").send(read_options(sending.device), sending.content)
        pages.db.write(merchant, lambda tx, s=sending, o=outcome: record_outcome(tx, job_id=s.job.id, outcome=o))  # type: ignore[misc]
    real, masked = f"/jobs/{by_copy['merchant'].id}/file", f"/jobs/{by_copy['customer'].id}/file"
    assert real in text_of(pages.get(f"/orders/{order.number}")) and real in text_of(pages.get("/terminals"))
    assert pages.get(real).content.startswith(b"%PDF") and pages.get(masked, role="checker").status_code == 200
    assert pages.get(real, role="checker").status_code == 403
    kinds = [row.kind for row in pages.db.read(merchant, lambda tx: all_lookups(tx, owner))]
    assert kinds[:3] == ["denied", "detail", "reveal"], "each is recorded, the denied one too"
    (pages.desk.settings.path("papers") / f"{by_copy['customer'].serial}.pdf").unlink()
    assert pages.get(masked).status_code == 404
    assert pages.get("/jobs/5/file").status_code == 404 and pages.get(real, role="").status_code == 303
