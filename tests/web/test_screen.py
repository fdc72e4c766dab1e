"""Screens as pages: a query with its columns under a name, counted, opened with, removed."""

import pytest

from tests.house import make_draft
from tests.web.pages import Pages, text_of
from tocsin.orders.draft import Totals
from tocsin.tickets.auto_print import print_automatically


def test_a_filter_shows_what_it_asks_for_and_keeps_it(pages: Pages) -> None:
    sound = pages.take(make_draft(external_id="1", campaign="团购")).number
    wrong = pages.take(
        make_draft(external_id="2", price=500, totals=Totals(goods_minor=100_000, payable_minor=1))
    ).number
    for query, shown, hidden in (
        ("held:yes", wrong, sound), ("held:no", sound, wrong), ("finding:sum_order", wrong, sound), ("状态：挂起", wrong, sound),
        ("campaign:团购", sound, wrong), ("amount:>=50", sound, wrong), ("amount:<=50", wrong, sound), ("held:check", wrong, sound),
        ("王小明 -held:yes", sound, wrong), ("(held:check OR campaign:none) sort:amount", wrong, sound),
    ):  # fmt: skip
        page = text_of(pages.get(f"/orders?q={query}"))
        assert shown in page and hidden not in page and "One order" in page, query
    assert 'value="campaign:团购"' in text_of(pages.get("/orders?q=campaign:团购"))


def test_an_address_of_the_earlier_filter_leads_to_its_query(pages: Pages) -> None:
    answer = pages.get("/screens?hold=any&campaign=团 购&amount_from=50&date_from=2026-11-01")
    assert answer.status_code == 303
    where = answer.headers["location"]
    assert pages.get(where).status_code == 200
    shown = text_of(pages.get(where))
    assert "held:yes campaign:&#34;团 购&#34; placed:2026-11-01.. amount:50.. sort:placed-" in shown


@pytest.mark.parametrize(
    ("query", "before"),
    [("状态:挂起 stat:held", "状态:挂起 "), ("payment:gold", "payment:"), ("placed:2026-13-45", "placed:"), ("(a", "(a"), ("amount:ten", "amount:")],
)  # fmt: skip
def test_what_cannot_be_read_is_pointed_at(pages: Pages, query: str, before: str) -> None:
    number = pages.take(make_draft()).number
    answer = pages.get(f"/orders?q={query}")
    assert answer.status_code == 422 and number not in answer.text
    assert f"<span>{before}</span>^</pre>" in answer.text, "the caret stands under the character"
    assert f'value="{query}"' in answer.text, "what was typed stays"


def test_a_screen_is_saved_shown_opened_with_and_removed(pages: Pages) -> None:
    pages.take(make_draft())
    query = "state:produced sort:amount-"
    assert pages.post("/screens", q=query, title=" ").status_code == 422
    assert pages.post("/screens", q="state:gone", title="x").status_code == 422
    saved = pages.post("/screens", q=query, title="待打印的", shared="1", opens="1", col="campaign")
    assert saved.status_code == 303
    path = saved.headers["location"].partition("&done")[0]
    name = path.partition("=")[2]
    shown = text_of(pages.get(path))
    assert f'value="{query}"' in shown and "<th>Campaign</th>" in shown and "<th>Receiver</th>" not in shown
    assert "待打印的" in text_of(pages.get(path, role="clerk"))
    assert f"{name}/removal" not in pages.get("/screens", role="clerk").text
    assert "待打印的" in text_of(pages.get("/orders")), "it is among the tabs, counted"
    assert pages.get("/").headers["location"] == path and pages.get("/", role="clerk").headers["location"] == "/orders"  # fmt: skip
    assert pages.post(f"/screens/{name}/removal", role="clerk").status_code == 303
    assert pages.get(path).status_code == 200, "a clerk removes no other's"
    for _ in range(2):
        assert pages.post(f"/screens/{name}/removal").status_code == 303
    assert pages.get(path).status_code == 404 and pages.get("/").headers["location"] == "/orders"


def test_a_screen_is_told_to_print_by_itself_and_who_did_is_seen(pages: Pages) -> None:
    pages.printer()
    saved = pages.post("/screens", q="payment:paid", title="新单", shared="1").headers["location"]
    path = f"/screens/{saved.partition('=')[2].partition('&')[0]}/automatic"
    assert path in pages.get("/screens").text and path not in pages.get("/screens", role="clerk").text
    assert pages.post(path, role="clerk", automatic="1").status_code == 403
    assert (
        pages.post(path, role="manager", automatic="1").headers["location"].partition("&undo")[0]
        == "/screens?done=saved"
    )
    for page in ("/screens", "/terminals"):
        shown = text_of(pages.get(page, role="clerk"))
        assert "新单" in shown and "switched on by manager" in shown, page
    number = pages.take(make_draft()).number
    print_automatically(pages.db, base_url="http://localhost")
    assert number in text_of(pages.get("/terminals"))
    assert "Asked for by a screen" in text_of(pages.get(f"/orders/{number}/timeline"))
    pages.post(path, automatic="0")
    assert "switched on by" not in text_of(pages.get("/screens")) + text_of(pages.get("/terminals"))


def test_who_may_not_amend_shares_nothing(pages: Pages) -> None:
    assert pages.post("/screens", role="checker", q="", title="x", shared="1").status_code == 403
    assert pages.post("/screens", role="checker", q="", title="x").status_code == 303


def test_each_saved_screen_is_listed_though_not_each_is_a_tab(pages: Pages) -> None:
    pages.take(make_draft())
    titles = [f"筛选{n:02}" for n in range(14)]
    for title in titles:
        pages.post("/screens", q="payment:unpaid", title=title)
    listed, tabs = text_of(pages.get("/screens")), text_of(pages.get("/orders"))
    assert [title for title in titles if title not in listed] == []
    assert [title for title in titles if title not in tabs] == titles[12:]


def test_built_in_screens_are_there(pages: Pages) -> None:
    for name in ("to-print", "held", "unpaid", "to-ship"):
        assert pages.get(pages.get(f"/screens/{name}").headers["location"]).status_code == 200
    assert pages.get("/orders?screen=none").status_code == 404
    assert pages.get("/orders?screen=held", role="").status_code == 303
    assert pages.get("/screens", role="station").status_code == 403


@pytest.mark.parametrize("query", ["date_from=0001-01-01", "date_to=9999-12-31", "amount_from=" + "9" * 40, "after=" + "9" * 30, "hold=x&finding=%27&state=%22", "date_from=2026-01-01&after=1.2.3"])  # fmt: skip
def test_hostile_filters_are_no_fault(pages: Pages, query: str) -> None:
    answer = pages.get(f"/screens?{query}")
    if answer.status_code == 303:
        answer = pages.get(answer.headers["location"])
    assert answer.status_code in (200, 422)


def test_the_box_is_completed_and_chips_change_its_text(pages: Pages) -> None:
    found = pages.get("/orders/completions?q=支付:未支付 sta").json()
    assert {"text": "支付:未支付 state:", "what": "state"} in found
    assert pages.get("/orders/completions?q=x", role="").status_code == 303
    page = text_of(pages.get("/orders?q=王小明 state:held"))
    assert "/orders?q=%E7%8E%8B%E5%B0%8F%E6%98%8E+state%3Aheld+payment%3Aunpaid" in page.replace("&amp;", "&")
    assert 'href="/orders?q=%E7%8E%8B%E5%B0%8F%E6%98%8E" aria-current="true">state:held' in page
