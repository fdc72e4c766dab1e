"""The first hour: each step is told by what has happened, through the pages, until the first ticket is printed."""

import re

import pytest

from tests.counter import check_all, wait_for
from tests.web.asked import counted
from tests.web.pages import Pages, text_of
from tocsin.orders.screen import Filter, screen_orders
from tocsin.tickets import first_hour
from tocsin.tickets.first_hour import STEPS, read_steps
from tocsin.tickets.spool import Spool


def done(pages: Pages) -> list[str]:
    steps = pages.db.read(pages.house.merchant_id, read_steps)
    return [name for name in STEPS if getattr(steps, name)]


@pytest.mark.parametrize("locale", ["en", "zh_CN"])
def test_from_an_empty_shop_to_the_first_ticket(pages: Pages, locale: str) -> None:
    pages.headers("owner")
    assert done(pages) == [] and "0 of 9 done" in text_of(pages.get("/start?locale=en"))
    assert (
        pages.post("/settings", shop_name="梨园", zone="Asia/Shanghai", day_starts_at_hour="0").status_code
        == 303
    )
    printer_id = pages.printer()
    assert done(pages) == ["shop", "printer"]
    assert pages.post(f"/settings/printers/{printer_id}/test").status_code == 303
    sample = pages.get(f"/start/sample.csv?locale={locale}").content
    uploaded = pages.upload(sample, name="tocsin-sample.csv", channel="shop")
    place = re.search(r"/imports/\d+", uploaded.headers.get("location", "") + uploaded.text)
    assert place, uploaded.text[:500]
    assert pages.post(f"{place[0]}/commit").status_code == 303
    wait_for(lambda: "sheet" in done(pages))
    check_all(pages.db)
    assert {"page", "sheet", "checked"} <= {*done(pages)}, done(pages)
    rows = screen_orders(pages.db, pages.house.actor(), wanted=Filter(query=""), door="page").rows
    assert sorted(row.holds_open > 0 for row in rows) == [False, False, True]
    good = next(row for row in rows if not row.holds_open)
    spool = Spool(pages.db)
    spool.start()
    pages.post(f"/terminals/{printer_id}/prints", order=str(good.id), revision="1")
    wait_for(lambda: "ticket" in done(pages))
    spool.stop()
    pages.headers("clerk")
    assert done(pages) == ["shop", "printer", "page", "sheet", "checked", "ticket", "second"]
    assert pages.post("/start", hidden="1").headers["location"].startswith("/orders")
    assert "Show it again" in text_of(pages.get("/start?locale=en"))
    assert (
        pages.get("/start", role="clerk").status_code == 403
        and pages.get("/start", role="").status_code == 303
    )


def strip(pages: Pages, path: str = "/orders", *, role: str = "owner") -> str:
    """Return what a page says of the first hour, in English, or nothing."""
    found = re.search(
        r'<p class="steps noprint">.*?</p>', pages.get(f"{path}?locale=en", role=role).text, re.S
    )
    return " ".join(re.sub(r"<[^>]+>", " ", found[0]).split()) if found else ""


def test_each_page_says_how_far_it_is_until_it_is_put_away(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who sets the shop up sees the next step, and the way back; put away it is gone for all of them, and comes back."""
    monkeypatch.setattr(first_hour, "SOON_SECONDS", 600)
    first = "First hour: 0 of 9 Next step: Name the shop and its zone"
    assert [strip(pages, path) for path in ("/orders", "/settings/printers", "/start")] == [first, first, ""]
    assert strip(pages, role="manager") == first and strip(pages, role="clerk") == ""
    pages.printer()
    assert strip(pages) == first, "what one page asked holds a while"
    with counted() as taken:
        pages.get("/orders")
        usual = taken()
        monkeypatch.setattr(first_hour, "_known", {})
        assert "2 of 9" in strip(pages)
        assert taken() == usual + 1, "one statement for them all"
        strip(pages)
        assert taken() == usual
    assert "<b>Name the shop" in pages.get("/settings?locale=en").text, (
        "the step's own page leads to itself by no link"
    )
    pages.post("/start", hidden="1")
    assert (
        [strip(pages, path) for path in ("/orders", "/settings/printers")]
        == ["", ""]
        == [strip(pages, role="manager"), ""]
    )
    assert "First hour" in text_of(pages.get("/settings?locale=en")), "it is found again in the settings"
    pages.post("/start", hidden="0")
    assert "2 of 9" in strip(pages, "/problems")
    monkeypatch.setattr(first_hour.Steps, "left", lambda _: "")
    first_hour.forget_far(pages.db, pages.house.merchant_id)
    assert strip(pages) == "", "all is done"
