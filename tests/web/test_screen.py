"""Screens as pages: a filter, built-in and saved ones, with their counts."""

import pytest

from tests.house import make_draft
from tests.web.pages import Pages, text_of
from tocsin.orders.draft import Totals


def test_a_filter_shows_what_it_asks_for_and_keeps_it(pages: Pages) -> None:
    sound = pages.take(make_draft(external_id="1", campaign="团购")).number
    wrong = pages.take(
        make_draft(external_id="2", price=500, totals=Totals(goods_minor=100_000, payable_minor=1))
    ).number
    for query, shown, hidden in (
        ("hold=any", wrong, sound), ("hold=none", sound, wrong), ("finding=sum_order", wrong, sound),
        ("campaign=团购", sound, wrong), ("amount_from=50", sound, wrong), ("amount_to=50", wrong, sound), ("hold=check", wrong, sound),
    ):  # fmt: skip
        page = text_of(pages.get(f"/screens?{query}"))
        assert shown in page and hidden not in page and "One order" in page, query
    assert 'value="团购"' in text_of(pages.get("/screens?campaign=团购"))


def test_what_cannot_be_read_is_said_at_its_field(pages: Pages) -> None:
    answer = pages.get("/screens?date_from=2026-13-45&amount_to=ten&state=produced")
    assert answer.status_code == 422
    assert 'value="2026-13-45"' in answer.text and 'value="ten"' in answer.text and answer.text.count("aria-invalid") == 2  # fmt: skip


def test_a_screen_is_saved_shown_and_removed(pages: Pages) -> None:
    pages.take(make_draft())
    nameless = pages.post("/screens", state="produced", title=" ")
    assert nameless.status_code == 422
    saved = pages.post("/screens", state="produced", title="待打印的", shared="1")
    assert saved.status_code == 303
    path = saved.headers["location"].partition("?")[0]
    assert (
        "待打印的" in text_of(pages.get(path, role="clerk"))
        and "/removal" not in pages.get(path, role="clerk").text
    )
    assert "待打印的" in text_of(pages.get("/orders")), "it is among the tabs, counted"
    assert pages.post(f"{path}/removal", role="clerk").status_code == 303
    assert pages.get(path).status_code == 200, "a clerk removes no other's"
    for _ in range(2):
        assert pages.post(f"{path}/removal").status_code == 303
    assert pages.get(path).status_code == 404


def test_built_in_screens_are_there(pages: Pages) -> None:
    for name in ("to-print", "held", "unpaid", "to-ship"):
        assert pages.get(f"/screens/{name}").status_code == 200
    assert pages.get("/screens/none").status_code == 404
    assert pages.get("/screens/held", role="").status_code == 303
    assert pages.get("/screens", role="station").status_code == 403


@pytest.mark.parametrize("query", ["date_from=0001-01-01", "date_to=9999-12-31", "amount_from=" + "9" * 40, "after=" + "9" * 30, "hold=x&finding=%27&state=%22", "date_from=2026-01-01&after=1.2.3"])  # fmt: skip
def test_hostile_filters_are_no_fault(pages: Pages, query: str) -> None:
    assert pages.get(f"/screens?{query}").status_code in (200, 422)
