"""The print terminal on its pages: prints, queues, what became of papers."""

import re
from concurrent.futures import ThreadPoolExecutor

from tests.house import make_draft, make_house
from tests.web.pages import Pages, text_of
from tocsin.orders.draft import Order, Party
from tocsin.orders.ledger import all_lookups
from tocsin.tickets.claim import claim_job
from tocsin.tickets.device import add_printer, get_printer, printer_plugin, read_options
from tocsin.tickets.drawing import print_paper
from tocsin.tickets.job import list_jobs
from tocsin.tickets.late import record_outcome
from tocsin.tickets.papers import keep_papers_in
from tocsin.tickets.printer import PrintOutcome


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


def again_at(queue_id: int) -> str:
    """Return where a paper that was asked for again leads."""
    return f"/terminals/{queue_id}?done=asked_again&given=1&at={queue_id}"


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
    assert one.headers["location"].partition("&undo")[0] == f"/orders/{bad.number}?done=held_mend"
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
    assert re.search(r'<div data-live-region="[a-z ]+"><section class="panel warn asking"', page), (
        "it comes to an open page"
    )
    assert f"/jobs/{job_id}/settlement" in page and "The connection broke off" in page
    for path in ("/held", f"/orders/{order.number}"):
        assert f"/jobs/{job_id}/settlement" in text_of(pages.get(path)), path
    assert pages.post(f"/jobs/{job_id}/settlement", answer="perhaps").status_code == 422
    answered = pages.post(f"/jobs/{job_id}/settlement", answer="came_out", back="/held")
    assert answered.headers["location"].partition("&undo")[0] == "/held?done=saved"
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
    assert pages.post(f"/jobs/{job_id}/reprint").headers["location"] == again_at(printer_id)
    assert pages.jobs(order)[0].reprint_no == 1
    assert "REPRINT 1" in text_of(pages.get(f"/terminals/{printer_id}"))
    pages.post(f"/orders/{order.number}/holds", reason="wait")
    assert (
        pages.post(f"/jobs/{job_id}/reprint").headers["location"].partition("&undo")[0]
        == f"/orders/{order.number}?done=held_waits"
    )


def test_a_spoiled_paper_is_replaced(pages: Pages) -> None:
    printer_id, order = pages.printer(), pages.take(make_draft())
    job_id = ask(pages, order, printer_id)
    assert pages.post(f"/jobs/{job_id}/reprint", spoiled="1").status_code == 409, "it has not come out"
    end(pages, printer_id, PrintOutcome(result="printed"))
    pages.post(f"/jobs/{job_id}/reprint", spoiled="1")
    assert [(job.reprint_no, job.replaces) for job in pages.jobs(order)] == [(0, 1), (0, 0)]
    for page in (f"/terminals/{printer_id}", f"/orders/{order.number}"):
        assert "REPLACEMENT 1" in text_of(pages.get(page)), page
    assert "Spoiled, says a person" in text_of(pages.get(f"/orders/{order.number}/timeline"))


def test_a_queue_is_paused_and_goes_on(pages: Pages) -> None:
    printer_id = pages.printer()
    for paused, word in (("1", "Go on with"), ("0", "Pause")):
        assert pages.post(f"/terminals/{printer_id}/pause", paused=paused).status_code == 303
        assert word in text_of(pages.get(f"/terminals/{printer_id}"))


def test_a_preview_is_masked_until_it_is_opened(pages: Pages) -> None:
    printer_id, order = pages.printer(copies=("merchant", "customer")), pages.take(make_draft())
    here = f"/orders/{order.number}/ticket"
    assert f'href="{here}"' in text_of(pages.get(f"/orders/{order.number}"))
    page = text_of(pages.get(f"{here}?copy=merchant"))
    assert "Here it is masked" in page and f"{here}.png?queue={printer_id}" in page and "Merchant" in page
    assert "Here it is masked" not in text_of(pages.get(f"{here}?copy=customer&queue={printer_id}"))
    masked = pages.get(f"{here}.png?copy=merchant")
    assert masked.headers["content-type"] == "image/png" and masked.headers["cache-control"] == "no-store"
    asked = {"queue": str(printer_id), "copy": "merchant"}
    assert pages.post(here, purpose="", **asked).status_code == 422
    assert pages.post(here, purpose="audit", role="checker", **asked).status_code == 403
    assert (
        pages.post(here, purpose="audit", **asked).headers["location"]
        == f"{here}?queue={printer_id}&copy=merchant"
    )
    assert "Here it is masked" not in text_of(pages.get(f"{here}?copy=merchant"))
    kinds = [
        row.kind
        for row in pages.db.read(pages.house.merchant_id, lambda tx: all_lookups(tx, pages.house.actor()))
    ]
    assert kinds.count("reveal") == 1 and kinds.count("denied") == 1, "each look is recorded"
    assert pages.get(f"{here}.png?copy=merchant").content != masked.content
    assert (
        pages.get(f"{here}.png?queue=7").status_code == 404
        and pages.get(f"{here}.png?queue=x").status_code == 404
    )


def test_a_ticket_is_seen_as_it_was_asked_for(pages: Pages) -> None:
    printer_id, order = pages.printer(), pages.take(make_draft())
    job_id = ask(pages, order, printer_id)
    assert f"/jobs/{job_id}/ticket" in text_of(pages.get("/terminals"))
    page = text_of(pages.get(f"/jobs/{job_id}/ticket"))
    assert (
        f"/jobs/{job_id}/ticket.png" in page
        and pages.jobs(order)[0].serial in page
        and "Here it is masked" in page
    )
    assert pages.get(f"/jobs/{job_id}/ticket.png").content[:4] == b"\x89PNG"
    assert pages.get("/jobs/7/ticket.png").status_code == 404


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
        sending = pages.db.write(
            merchant, lambda tx: claim_job(tx, device=get_printer(tx, printer_id=printer_id))
        )
        assert sending is not None
        outcome = print_paper(printer_plugin("pdf_file"), read_options(sending.device), sending.content)
        pages.db.write(
            merchant, lambda tx, s=sending, o=outcome: record_outcome(tx, job_id=s.job.id, outcome=o)
        )  # type: ignore[misc]
    real, masked = f"/jobs/{by_copy['merchant'].id}/file", f"/jobs/{by_copy['customer'].id}/file"
    assert real in text_of(pages.get(f"/orders/{order.number}")) and real in text_of(pages.get("/terminals"))
    assert (
        pages.get(real).content.startswith(b"%PDF") and pages.get(masked, role="checker").status_code == 200
    )
    assert pages.get(real, role="checker").status_code == 403
    kinds = [row.kind for row in pages.db.read(merchant, lambda tx: all_lookups(tx, owner))]
    assert kinds[:3] == ["denied", "detail", "reveal"], "each is recorded, the denied one too"
    (pages.desk.settings.path("papers") / f"{by_copy['customer'].serial}.pdf").unlink()
    assert pages.get(masked).status_code == 404
    assert pages.get("/jobs/5/file").status_code == 404 and pages.get(real, role="").status_code == 303


def test_a_form_that_is_sent_twice_at_once_makes_one_paper(pages: Pages) -> None:
    drafts = [
        make_draft(),
        make_draft(receiver=Party(name="李慧", phone="13912345678", address="长江路 1 号"), price=5),
    ]
    printer_id, orders = pages.printer(), [pages.take(draft) for draft in drafts]
    path, key = f"/terminals/{printer_id}/prints", ("form_key", "one-press-of-print")

    pages.get("/orders")  # the session is there before two threads use it

    def twice(path: str, form: list[tuple[str, str]]) -> list[str]:
        with ThreadPoolExecutor(2) as hands:
            answers = list(hands.map(lambda _: pages.post(path, form=form), range(2)))
        return [answer.headers["location"].partition("&undo")[0] for answer in answers]

    single = [("order", str(orders[0].id)), ("revision", "1"), key]
    assert twice(path, single) == [f"/terminals/{printer_id}?queued=1&held=0"] * 2
    assert len(pages.jobs(orders[0])) == 1
    other = [("order", str(orders[1].id)), ("revision", "1"), key]
    twice(path, other)
    assert pages.jobs(orders[1]), "another form under the same key is a request of its own"
    end(pages, printer_id, PrintOutcome(result="printed"))
    job_id = next(job.id for job in pages.jobs(orders[0]))
    assert (
        twice(f"/jobs/{job_id}/reprint", [("form_key", "one-press-of-reprint")]) == [again_at(printer_id)] * 2
    )
    assert len(pages.jobs(orders[0])) == 2
    several = [("orders", f"{order.id}:1") for order in orders]
    before = [len(pages.jobs(order)) for order in orders]
    twice(path, [*several, ("form_key", "one-press-of-several")])
    assert [len(pages.jobs(order)) for order in orders] == [count + 1 for count in before]
    missing = pages.post("/terminals/7/prints", form=[*several, ("form_key", "a-printer-that-is-not")])
    assert missing.status_code == 404
    assert (
        pages.post("/terminals/7/prints", form=[*several, ("form_key", "a-printer-that-is-not")]).status_code
        == 404
    )
    hold = [("reason", "why"), ("form_key", "one-press-of-hold")]
    number = orders[0].number
    assert twice(f"/orders/{number}/holds", hold) == [f"/orders/{number}?done=held"] * 2
    page = text_of(pages.get(f"/orders/{number}"))
    assert len(set(re.findall(r"/holds/(\d+)/release", page))) == 1
    keys = re.findall(r'name="form_key" data-once value="([^"]+)"', page)
    assert len(set(keys)) == len(keys) > 3


def test_an_unknown_or_another_merchants_printer_is_missing(pages: Pages) -> None:
    printer_id, other = pages.printer(), make_house(pages.db, code="ZZ")
    foreign = pages.db.write(other.merchant_id, lambda tx: add_printer(
        tx, other.actor(), name="Z", kind="memory", options={"tray": "z"}
    ))  # fmt: skip
    assert pages.get(f"/terminals/{printer_id}").status_code == 200
    for wrong in (0, 1, foreign):
        assert pages.get(f"/terminals/{wrong}").status_code == 404, wrong


def test_a_batch_says_once_that_its_channel_masks_receivers(pages: Pages) -> None:
    printer_id = pages.printer()
    hidden = Party(name="王**", phone="138****5678", province="安徽省", city="合肥市", address="黄山路***")
    orders = [
        pages.take(make_draft(channel="taobao", external_id=f"T-{n}", receiver=hidden, quantity=n))
        for n in (1, 2)
    ]
    form = [("order", f"{one.id}:1") for one in orders]
    sent = pages.post(f"/terminals/{printer_id}/prints", form=form)
    assert sent.headers["location"] == f"/terminals/{printer_id}?queued=2&held=0&masked=2"
    assert text_of(pages.get(sent.headers["location"])).count("2 of them have masked receivers") == 1
