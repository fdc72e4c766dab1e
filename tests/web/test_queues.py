"""Queues on their pages: set up, changed, moved, taken away; orders printed where the rules say."""

from tests.house import make_draft
from tests.web.pages import Pages, text_of
from tests.web.test_terminal import ask
from tocsin.tickets.print_queue import list_queues

FORM = {
    "name": "吧台",
    "place": "kitchen",
    "orders": "query",
    "takes": "商品:酥梨",
    "copy_kitchen": "1",
    "backup_minutes": "3",
}


def ids(pages: Pages) -> dict[str, int]:
    """Return the queues' ids by name."""
    return {queue.name: queue.id for queue in pages.db.read(pages.house.merchant_id, list_queues)}


def test_a_queue_is_set_up_changed_and_removed(pages: Pages) -> None:
    assert "a queue of its name comes with it" in text_of(pages.get("/settings/queues"))
    printer_id = pages.printer()
    form = {**FORM, "printer": str(printer_id)}
    for role in ("clerk", "auditor"):
        assert pages.get("/settings/queues", role=role).status_code == 403
        assert pages.post("/settings/queues", role=role, **form).status_code == 403
    for wrong in ({"name": ""}, {"takes": "nofield:x"}, {"takes": "held:yes"}, {"backup": str(printer_id)}):
        answer = pages.post("/settings/queues", **{**form, **wrong})
        assert answer.status_code == 422 and 'role="alert"' in answer.text
    answer = pages.post("/settings/queues", **{**form, "printer": "77"})
    assert answer.status_code == 404 and 'role="alert"' in answer.text
    assert pages.post("/settings/queues", **form).status_code == 303
    page = text_of(pages.get("/settings/queues"))
    assert "商品:酥梨" in page and "Kitchen" in page
    bar = ids(pages)["吧台"]
    assert 'value="商品:酥梨"' in text_of(pages.get(f"/settings/queues/{bar}"))
    assert (
        pages.post(f"/settings/queues/{bar}", **{**form, "name": "水吧", "orders": "every"}).status_code
        == 303
    )
    assert pages.post(f"/settings/queues/{bar}", **{**form, "takes": "(a"}).status_code == 422
    assert "every order" in text_of(pages.get("/settings/queues"))
    assert pages.post(f"/settings/queues/{bar}/removal").status_code == 303
    assert pages.post(f"/settings/queues/{bar}/removal").status_code == 404
    assert pages.get(f"/settings/queues/{bar}").status_code == 404


def test_orders_are_printed_by_the_rules_and_what_waits_is_moved(pages: Pages) -> None:
    first, other = pages.printer(), pages.printer("other", copies=("customer",))
    order = pages.take(make_draft(external_id="1"))
    assert "By the rules" not in text_of(pages.get(f"/orders/{order.number}"))
    pages.post("/settings/queues", **FORM, printer=str(first))
    bar = ids(pages)["吧台"]
    for path in (f"/orders/{order.number}", "/orders"):
        assert "the rules" in text_of(pages.get(path))
    answer = pages.post("/terminals/0/prints", order=str(order.id), revision="1")
    assert answer.headers["location"] == "/terminals?queued=1&held=0"
    (job,) = pages.jobs(order)
    assert (job.queue_id, job.copy) == (bar, "kitchen")
    assert f"/jobs/{job.id}/move" in text_of(pages.get(f"/terminals/{bar}"))
    assert pages.post(f"/jobs/{job.id}/move", role="auditor", to=str(other)).status_code == 403
    moved = pages.post(f"/jobs/{job.id}/move", to=str(other)).headers["location"]
    assert moved == f"/terminals/{other}?moved=1" and "One ticket was moved here" in text_of(pages.get(moved))
    ask(pages, pages.take(make_draft(external_id="2", quantity=5)), other)
    assert (
        pages.post(f"/terminals/{other}/move", to=str(first)).headers["location"]
        == f"/terminals/{first}?moved=2"
    )
    assert pages.post(f"/terminals/{other}/move", to="5").status_code == 404
    form = {"name": "前台", "orders": "hand", "copy_merchant": "1", "printer": str(other)}
    swapped = pages.post(f"/settings/queues/{first}", **form)
    assert swapped.headers["location"] == f"/terminals/{first}?moved=2"
    assert {job.printer_id for job in pages.jobs(order)} == {other}
