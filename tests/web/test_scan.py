"""The scan page: details for who is signed in, a word for anybody, nothing for who guesses."""

from tests.house import make_draft, make_house
from tests.web.pages import Pages, text_of
from tocsin.access.operator import add_operator
from tocsin.access.session import create_session
from tocsin.orders.draft import Order
from tocsin.orders.ledger import all_lookups
from tocsin.tickets.job import end_job, read_content


def ticket(pages: Pages) -> tuple[Order, str]:
    """Return an order whose ticket is queued, and the path that its QR carries."""
    printer_id, order = pages.printer(), pages.take(make_draft())
    pages.post(f"/terminals/{printer_id}/prints", order=str(order.id))
    job = pages.jobs(order)[0]
    content = pages.db.read(pages.house.merchant_id, lambda tx: read_content(tx, job_id=job.id))
    return order, content.scan_url.removeprefix("http://localhost:8717")


def test_anybody_gets_the_word_and_no_more(pages: Pages) -> None:
    order, path = ticket(pages)
    for _ in range(2):
        answer = pages.get(path, role="")
        assert answer.status_code == 200 and "CURRENT" in answer.text
        assert order.number not in answer.text and "酥梨" not in answer.text
    pages.post(f"/orders/{order.number}/holds", reason="wait")
    assert "HELD" in text_of(pages.get(path, role=""))
    pages.post(f"/orders/{order.number}/cancellation", reason="no")
    assert "VOID" in text_of(pages.get(path, role=""))


def test_who_is_signed_in_gets_the_order_and_it_is_recorded(pages: Pages) -> None:
    order, path = ticket(pages)
    job = pages.jobs(order)[0]
    for address in (path, f"/scan?code={path.rsplit('/')[-1].lower()}", f"/scan?code={job.id}"):
        page = text_of(pages.get(address))
        assert "answer CURRENT" in page and order.number in page and job.serial in page, address
    ledger = pages.db.read(pages.house.merchant_id, lambda tx: all_lookups(tx, pages.house.actor()))
    assert [row.pairs() for row in ledger if row.door == "scan"] == [[(order.id, 1)]] * 3
    assert text_of(pages.get("/scan")).count("answer CURRENT") == 0
    assert "answer UNKNOWN" in text_of(pages.get("/scan?code=NOTHING"))
    assert pages.get(path, role="station").status_code == 200, "without the right to query: the word"


def test_another_merchant_sees_no_details(pages: Pages) -> None:
    order, path = ticket(pages)
    other = make_house(pages.db, code="ZZ")
    token = pages.db.write(other.merchant_id, lambda tx: create_session(tx, operator_id=add_operator(
        tx, name="other", display_name="other", role="owner", password_hash="-", locale="en", zone="UTC", created_by=0
    ), device="t", address="127.0.0.1").token)  # fmt: skip
    answer = pages.client.get(path, headers={"cookie": f"tocsin_session={token}"})
    assert order.number not in answer.text and "CURRENT" not in answer.text


def test_guessing_codes_is_slowed_down(pages: Pages) -> None:
    _, path = ticket(pages)
    answers = [pages.get(f"/t/GUESS{n}", role="").status_code for n in range(31)]
    assert answers == [404] * 30 + [429]
    assert pages.get(path, role="").status_code == 429, "who guesses waits"
    assert pages.get(path).status_code == 200, "who is signed in does not"


def test_a_ticket_is_handed_over_on_the_page_and_the_second_paper_is_told_of(pages: Pages) -> None:
    printer_id, order = pages.printer(), pages.take(make_draft())
    for _ in range(2):
        pages.post(f"/terminals/{printer_id}/prints", order=str(order.id))
    jobs = [job.id for job in pages.jobs(order)]
    for job_id in jobs:
        assert 'action="/scan/hand-over"' not in text_of(pages.get(f"/scan?code={job_id}")), "it waits"
        assert pages.post("/scan/hand-over", job=str(job_id)).status_code == 409
    for job_id in jobs:
        pages.db.write(
            pages.house.merchant_id,
            lambda tx, one=job_id: end_job(tx, job_id=one, came_from=("queued",), state="printed"),
        )  # type: ignore[misc]
    assert 'action="/scan/hand-over"' in text_of(pages.get(f"/scan?code={jobs[0]}"))
    assert 'action="/scan/hand-over"' not in text_of(pages.get(f"/scan?code={jobs[0]}", role="auditor"))
    assert pages.post("/scan/hand-over", role="auditor", job=str(jobs[0])).status_code == 403
    assert pages.post("/scan/hand-over", job=str(jobs[0])).headers["location"].startswith("/scan?code=")
    mine, other = (text_of(pages.get(f"/scan?code={job_id}")) for job_id in jobs)
    assert "Handed over by" in mine and "by another paper" not in mine and "by another paper" in other
    assert pages.post("/scan/hand-over", job=str(jobs[1])).status_code == 409
    assert "Handed over" in text_of(pages.get(f"/orders/{order.number}/timeline"))
