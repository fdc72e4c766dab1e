"""Downloads on their page: asked for, made, fetched by whom they belong to."""

import hashlib
import re
import time

import pytest

from tests.counter import wait_for
from tests.house import make_draft
from tests.web.pages import Pages, text_of
from tocsin.core.event import latest_event_id, replay_events
from tocsin.orders.download import list_downloads
from tocsin.web.news import make_news


def wait_complete(pages: Pages, role: str = "owner") -> int:
    """Return the newest download's id once it is complete."""
    for _ in range(200):
        found = pages.db.read(pages.house.merchant_id, lambda tx: list_downloads(tx, pages.house.actor(role)))
        if found and found[0].status == "complete":
            return found[0].id
        time.sleep(0.05)
    raise AssertionError("the download was not made")


def test_a_file_is_made_and_is_its_receipt_s(pages: Pages) -> None:
    pages.desk.start()
    pages.take(make_draft())
    assert pages.post("/downloads", state="produced", format="csv").headers["location"] == "/downloads"
    made = wait_complete(pages)
    page = text_of(pages.get("/downloads"))
    answer = pages.get(f"/downloads/{made}/file")
    digest = hashlib.sha256(answer.content).hexdigest()
    assert answer.status_code == 200 and digest in page and answer.headers["x-content-sha256"] == digest
    assert answer.headers["content-disposition"].startswith("attachment")
    assert "13812345678" not in answer.text and "砀山酥梨" in answer.text, "masked by default"
    assert pages.get(f"/downloads/{made}/file", role="manager").status_code == 200, "masked"
    assert pages.get(f"/downloads/{made}/file", role="clerk").status_code == 404


def test_real_data_needs_the_right_and_its_reason(pages: Pages) -> None:
    answer = pages.post("/downloads", real="1", campaign="团购")
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text and 'value="campaign:团购"' in answer.text, (
        "what was typed is kept"
    )
    assert pages.post("/downloads", role="clerk", real="1", reason="x").status_code == 403
    assert pages.post("/downloads", real="1", reason="accounts").status_code == 303
    assert "accounts" in text_of(pages.get("/downloads"))


def test_a_filter_that_can_t_be_read_is_said_at_the_form(pages: Pages) -> None:
    for fields in ({"amount_from": "x"}, {"date_from": "some day"}, {"format": "exe"}):
        answer = pages.post("/downloads", **fields)
        assert answer.status_code == 422 and 'role="alert"' in answer.text


def test_real_data_is_asked_for_on_the_screen_by_those_who_may(pages: Pages) -> None:
    for role, may in (("owner", True), ("clerk", False)):
        page = text_of(pages.get("/orders", role=role))
        assert ('name="real"' in page) is may
    assert pages.post("/downloads", real="1").status_code == 422, "it needs its reason"
    sent = pages.post("/downloads", real="1", reason="audit", payment="paid", amount_from="1000")
    assert sent.status_code == 303
    page = text_of(pages.get("/downloads"))
    assert "payment:paid amount:1000.." in page and "real data · audit" in page


def test_the_format_and_the_columns_are_chosen_and_kept_and_a_download_is_cancelled(pages: Pages) -> None:
    pages.take(make_draft())
    asked = text_of(pages.get("/downloads?new=1&state=produced"))
    assert "JSON Lines" in asked and 'name="column_phone"' in asked and "Saved columns" not in asked
    ticked = {"format": "csv", "column_number": "1", "column_title": "1", "save_as": "快递"}
    assert pages.post("/downloads", **ticked).status_code == 303
    page = text_of(pages.get("/downloads"))
    made = pages.db.read(pages.house.merchant_id, lambda tx: list_downloads(tx, pages.house.actor()))[0]
    assert made.columns == "number,title" and f"/downloads/{made.id}/cancel" in page
    assert pages.post(f"/downloads/{made.id}/cancel").status_code == 303
    assert "Cancelled" in text_of(pages.get("/downloads"))
    assert "快递" in text_of(pages.get("/downloads?new=1"))
    first = {"ticked": "1", "first": "1", "column_pickup_point": "1", "column_sku": "1", "format": "csv"}
    assert pages.post("/downloads", **first).status_code == 303
    again = text_of(pages.get("/downloads?new=1"))
    assert re.findall(r'name="column_(\w+)" value="1" checked', again) == ["pickup_point", "sku"]
    assert pages.post("/downloads", query="", format="csv").status_code == 303
    quick = pages.db.read(pages.house.merchant_id, lambda tx: list_downloads(tx, pages.house.actor()))[0]
    assert quick.columns == "pickup_point,sku", "a download from the list has them too"
    pages.desk.start()
    assert pages.post("/downloads", saved="快递", format="csv").status_code == 303
    kept = pages.get(f"/downloads/{wait_complete(pages)}/file").text
    assert kept.splitlines()[0] == '\ufeff"number","title"'


def test_a_page_hears_how_far_a_file_is_and_looks_again_by_itself_without_scripts(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tocsin.orders.download_rows._TELL_ROWS", 1)
    monkeypatch.setattr("tocsin.orders.download_rows.STREAM_ROWS", 2)
    for n in range(5):
        pages.take(make_draft(external_id=f"X-{n}"))
    pages.post("/downloads", state="produced", format="csv")
    waiting = text_of(pages.get("/downloads"))
    assert '<noscript><meta http-equiv="refresh"' in waiting and "Written: 0 of 5" in waiting
    since = pages.db.read(pages.house.merchant_id, latest_event_id)
    pages.desk.start()
    wait_complete(pages)
    replay = lambda: pages.db.read(pages.house.merchant_id, lambda tx: replay_events(tx, after_id=since))
    # On PostgreSQL an event is seen once no older transaction is open: the desk's own work goes on.
    wait_for(lambda: any(event.kind == "download.complete" for event in replay()))
    events = replay()
    told = [event.kind for event in events if event.kind.startswith("download.")]
    assert told == ["download.moved"] * 4 + ["download.complete"], (
        "begun, after 2, 4 and 5 orders, and at its end"
    )
    assert make_news(events, problems=(0, 0)).changed[0] == "downloads", (
        "what the open page is told by its stream"
    )
    assert "http-equiv" not in text_of(pages.get("/downloads"))
