"""What is said after a release, an acknowledgement or a second try: where paper went, or why none did."""

from tests.counter import check_all
from tests.house import make_draft
from tests.web.pages import Pages, text_of
from tests.web.test_terminal import ask, end
from tocsin.tickets.printer import PrintOutcome


def test_a_failed_paper_printed_again_lets_its_own_hold_go_and_says_where_it_prints(pages: Pages) -> None:
    printer_id, order = pages.printer(), pages.take(make_draft())
    job_id = ask(pages, order, printer_id)
    end(pages, printer_id, PrintOutcome(result="failed", reason="refused"))
    for path in ("/held", f"/orders/{order.number}", f"/orders/{order.number}/revise"):
        assert "Release and print" in text_of(pages.get(path)), path
    pages.post(f"/orders/{order.number}/holds", reason="wait")
    assert "Release and print" not in text_of(pages.get("/held")), "another one keeps it"
    again = f"/jobs/{job_id}/reprint"
    assert (
        pages.post(again).headers["location"].partition("&undo")[0]
        == f"/orders/{order.number}?done=held_waits"
    )
    (by_hand,) = [
        one.split('"')[0]
        for one in text_of(pages.get("/held")).split('action="/holds/')[1:]
        if 'aria-label="Why it' in one.split("</form>")[0]
    ][1:]
    assert (
        pages.post(f"/holds/{by_hand}").headers["location"].partition("&undo")[0]
        == "/held?done=released_held"
    )
    led = pages.post(again).headers["location"]
    assert led == f"/terminals/{printer_id}?done=released&given=1&at={printer_id}"
    assert "Released; one ticket given to Counter" in text_of(pages.get(led))
    assert [job.state for job in pages.jobs(order)] == ["queued", "failed"]
    assert order.number not in text_of(pages.get("/held"))


def test_a_print_that_a_warning_stopped_follows_its_acknowledgement(pages: Pages) -> None:
    printer_id, order = pages.printer(), pages.take(make_draft(price=0.0))
    asked = pages.post(f"/terminals/{printer_id}/prints", order=str(order.id), revision="1").headers[
        "location"
    ]
    assert asked.endswith("?done=held_waits") and "prints by itself" in text_of(pages.get(asked))
    held = pages.post(f"/orders/{order.number}/holds", reason="wait")
    assert "?done=held" in held.headers["location"]
    fields = {"code": "price_zero", "revision": "1"}
    done = pages.post(f"/orders/{order.number}/acknowledgements", **fields).headers["location"]
    assert done.endswith("?done=acknowledged_held") and pages.jobs(order) == []
    hold = text_of(pages.get("/held")).split('action="/holds/')[1].split('"')[0]
    assert "given=1" in pages.post(f"/holds/{hold}").headers["location"] and len(pages.jobs(order)) == 1
    other = pages.take(make_draft(price=0.0, external_id="2"))
    pages.post(f"/terminals/{printer_id}/prints", order=str(other.id), revision="1")
    led = pages.post("/held/acknowledgements", orders=f"{other.id}:1").headers["location"]
    assert led == f"/held?done=acknowledged&given=1&at={printer_id}" and len(pages.jobs(other)) == 1


def test_a_void_order_offers_no_revision(pages: Pages) -> None:
    printer_id, order = pages.printer(), pages.take(make_draft())
    ask(pages, order, printer_id)
    end(pages, printer_id, PrintOutcome(result="printed"))
    pages.post(f"/orders/{order.number}/cancellation", reason="客户取消")
    check_all(pages.db)
    for path in ("/held", f"/orders/{order.number}"):
        page = text_of(pages.get(path))
        assert "/holds/" in page and f"/orders/{order.number}/revise" not in page, path
    hold = page.split('action="/holds/')[1].split('"')[0]
    assert pages.post(f"/holds/{hold}").headers["location"].partition("&undo")[0].endswith("?done=released")
    page = text_of(pages.get("/held"))
    assert f"/orders/{order.number}/revise" not in page
    assert (
        pages.post(f"/terminals/{printer_id}/prints", order=str(order.id), revision="1")
        .headers["location"]
        .endswith("?done=held_mend")
    )


def test_an_amended_order_whose_paper_is_out_says_so_until_it_is_printed_again(pages: Pages) -> None:
    printer_id, order = pages.printer(), pages.take(make_draft())
    job_id = ask(pages, order, printer_id)
    end(pages, printer_id, PrintOutcome(result="printed"))
    told, page = "A ticket of revision 1 is out", f"/orders/{order.number}"
    assert told not in text_of(pages.get(page))
    amended = pages.post(f"{page}/amendments", revision="1", reason="x", carrier="顺丰").headers["location"]
    assert amended.partition("&undo")[0].endswith("done=amended") and told in text_of(pages.get(amended))
    assert f"/jobs/{job_id}/reprint" in text_of(pages.get(page))
    assert pages.post(f"/jobs/{job_id}/reprint").status_code == 303
    assert told not in text_of(pages.get(page)) and pages.jobs(order)[0].revision == 2
