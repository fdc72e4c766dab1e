"""A watched order on the pages: nothing of it is shown alone; who asks is led on, who confirms has proved himself."""

import re

from tests.house import make_draft
from tests.web.pages import Pages, text_of
from tocsin.core.clock import MINUTE_US, shift_clock

REVEAL = {"purpose": "deliver", "fields": ["phone"]}


def test_a_watched_order_is_opened_by_two(pages: Pages) -> None:
    order, printer_id = pages.take(make_draft()), pages.printer()
    assert "Nothing is watched" in text_of(pages.get("/settings/watch-list"))
    one = {"kind": "order", "value": order.number, "reason": "dispute"}
    pages.headers("owner")
    alone = pages.post("/settings/watch-list", **one)
    assert alone.status_code == 409 and "two people who may confirm" in alone.text
    for role in ("manager", "checker", "clerk"):
        pages.headers(role)
    assert pages.post("/settings/watch-list", **one).status_code == 303
    assert order.number in text_of(pages.get("/settings/watch-list"))
    led = {f"/second-person?order={order.number}&act={act}" for act in ("open", "print")}
    for path in (
        f"/orders/{order.number}",
        f"/orders/{order.number}/timeline",
        f"/orders/{order.number}/amendments",
    ):
        shown = pages.get(path, role="clerk")
        assert shown.status_code == 303 and shown.headers["location"] in led
    tried = pages.post(f"/terminals/{printer_id}/prints", role="clerk", order=str(order.id), revision="1")
    assert (
        tried.headers["location"] == f"/second-person?order={order.number}&act=print"
        and pages.jobs(order) == []
    )
    page = text_of(pages.get(tried.headers["location"], role="clerk"))
    assert "Nothing was shown" in page and "Waits to be confirmed" not in page
    wrong = pages.post("/second-person", role="clerk", order=order.number, act="open", reason="")
    assert wrong.status_code == 422
    assert (
        pages.post("/second-person", role="clerk", order=order.number, act="open", reason="call").status_code
        == 303
    )
    asked = text_of(pages.get("/second-person", role="checker"))
    place = re.findall(r"/second-person/\d+/answer", asked)[0]
    assert "call" in asked and pages.post(place, role="clerk", answer="confirm").status_code == 403
    shift_clock(11 * MINUTE_US)
    stale = pages.post(place, role="checker", answer="confirm")
    assert stale.headers["location"].startswith("/prove?next=")
    pages.prove("checker")
    assert pages.post(place, role="checker", answer="confirm").status_code == 303
    shown = text_of(pages.get(f"/orders/{order.number}", role="clerk"))
    assert "on the watch list" in shown
    assert pages.post(f"/orders/{order.number}/reveals", purpose="deliver", field="name").status_code == 303
    assert "Confirmed" in text_of(pages.get("/second-person", role="clerk"))
    again = text_of(pages.get(f"/orders/{order.number}/lookups"))
    assert again.count("Watched: not shown") >= 4


def test_all_that_is_kept_of_a_person_is_handed_out_by_two_where_an_order_is_watched(pages: Pages) -> None:
    order, where = pages.take(make_draft()), "/settings/privacy"
    for role in ("owner", "manager", "checker"):
        pages.headers(role)
    asked = {"phone": "13812345678", "purpose": "request"}
    person = re.findall(r'name="person" value="(\d+)"', pages.post(where, **asked).text)[0]
    made = pages.post(f"{where}/export", person=person, **asked)
    assert made.status_code == 200 and "13812345678" in made.text
    one = {"kind": "order", "value": order.number, "reason": "dispute"}
    assert pages.post("/settings/watch-list", **one).status_code == 303
    alone = pages.post(f"{where}/export", person=person, **asked)
    assert alone.headers["location"] == f"/second-person?order={order.number}&act=reveal"
    assert "13812345678" not in alone.text


def test_the_api_asks_too(pages: Pages) -> None:
    order = pages.take(make_draft())
    for role in ("owner", "checker"):
        pages.headers(role)
    assert (
        pages.post("/settings/watch-list", kind="phone", value="13812345678", reason="x").status_code == 303
    )
    key = pages.key("query", "reveal", "download")
    ask = lambda method, path, **more: pages.client.request(method, f"/api/v1{path}", headers=key, **more)
    for method, path, body in (
        ("GET", f"/orders/{order.number}", None), ("POST", f"/orders/{order.number}/reveal", REVEAL)
    ):  # fmt: skip
        refused = ask(method, path, json=body)
        assert (refused.status_code, refused.json()["code"]) == (403, "second_person_needed"), refused.text
    left = ask("GET", "/orders/export")
    assert order.number not in left.text and left.headers["x-tocsin-orders-withheld"] == "1"
    made = ask("POST", f"/orders/{order.number}/second-person", json={"act": "reveal", "reason": "courier"})
    assert made.status_code == 201, made.text
    assert ask("GET", "/second-person").json()[0]["state"] == "waiting"
    place = f"/second-person/{made.json()['id']}/answer"
    assert pages.post(place, role="checker", answer="confirm").status_code == 303
    assert ask("POST", f"/orders/{order.number}/reveal", json=REVEAL).status_code == 200
    assert ask("GET", "/second-person").json()[0]["state"] == "approved"
