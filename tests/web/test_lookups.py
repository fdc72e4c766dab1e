"""The look-up ledger on its pages."""

import html
import re
from urllib.parse import parse_qsl

from tests.house import make_draft
from tests.web.pages import Pages, text_of


def test_mine_can_be_run_again_and_others_only_read(pages: Pages) -> None:
    order = pages.take(make_draft())
    pages.get("/orders?q=5678", role="clerk")
    pages.get(f"/orders/{order.number}", role="clerk")
    pages.get("/held", role="clerk")
    mine = text_of(pages.get("/lookups", role="clerk"))
    assert 'href="/orders?q=5678"' in mine and f'href="/orders/{order.number}"' in mine
    assert 'href="/orders?q=held%3Ayes"' in mine
    assert "of=all" not in mine
    everybody = text_of(pages.get("/lookups?of=all"))
    assert "5678" in everybody and 'href="/orders?q=5678"' not in everybody


def test_who_has_seen_an_order(pages: Pages) -> None:
    order = pages.take(make_draft())
    pages.get(f"/orders/{order.number}", role="clerk")
    seen = text_of(pages.get(f"/orders/{order.number}/lookups"))
    assert "clerk" in seen and order.number in seen and "365" in seen
    assert pages.get("/orders/HF-1/lookups").status_code == 404
    pages.post(f"/orders/{order.number}/reveals", field="address", purpose="deliver")
    seen = text_of(pages.get(f"/orders/{order.number}/lookups"))
    assert "<td>Address</td>" in seen
    for role, shown in (("owner", True), ("auditor", True), ("clerk", False)):
        page = text_of(pages.get(f"/orders/{order.number}", role=role))
        assert (f"/orders/{order.number}/lookups" in page) == shown, role
    assert pages.get(f"/orders/{order.number}/lookups", role="clerk").status_code == 403


def test_the_ledger_is_asked_by_its_form(pages: Pages) -> None:
    order = pages.take(make_draft())
    pages.get("/orders?q=5678", role="clerk")
    pages.get(f"/orders/{order.number}", role="checker")
    assert pages.get("/lookups?of=all", role="clerk").status_code == 403
    for asked, found in (
        ("text=5678", ["clerk"]), ("text=567", []), ("door=page", ["checker", "clerk"]), ("door=scan", []),
        ("from=2020-01-01&to=2020-01-02", []), ("from=2020-01-01", ["checker", "clerk"]), ("who=99", []), ("door=x", ["checker", "clerk"]),
    ):  # fmt: skip
        page = text_of(pages.get(f"/lookups?of=all&{asked}"))
        assert re.findall(r"of=all&amp;who=\d+\">(\w+)<", page) == found, asked
    wrong = pages.get("/lookups?of=all&from=2020-13-01")
    assert wrong.status_code == 422 and "2020-13-01" in wrong.text


def test_what_has_changed_since_is_shown_to_whose_look_up_it_is(pages: Pages) -> None:
    order = pages.take(make_draft())
    pages.get("/orders?q=5678", role="clerk")
    place = re.findall(r'href="(/lookups/\d+)"', text_of(pages.get("/lookups", role="clerk")))[0]
    assert "Unchanged 1" in text_of(pages.get(place, role="clerk"))
    pages.post(f"/orders/{order.number}/cancellation", reason="不要了")
    fresh = pages.take(make_draft(external_id="E-2"))
    page = text_of(pages.get(place, role="clerk"))
    assert fresh.number in page and all(
        word in page for word in ("New 1", "Changed 1", "Issued", "Cancelled")
    )
    assert pages.get(place, role="manager").status_code == 404
    assert "What has changed" in text_of(pages.get("/lookups", role="clerk"))


def test_what_could_not_be_read_is_not_said_to_be_looked_up(pages: Pages) -> None:
    wrong, right = pages.get("/orders?q=no such thing:"), pages.get("/orders?q=5678")
    assert (
        "Nothing was looked up yet" in wrong.text
        and "recent look-ups" not in wrong.text.partition("</h1>")[2]
    )
    assert "among your recent look-ups" in right.text


def test_a_screen_is_run_again_with_all_that_it_asked_for(pages: Pages) -> None:
    for asked, query in (
        ("/held?kind=manual&code=sum_order", "held:manual finding:sum_order"),
        ("/orders?q=渠道:mall sort:amount", "渠道:mall sort:amount"),
    ):
        pages.get(asked)
        link = html.unescape(re.findall(r'href="(/orders\?[^"]+)"', text_of(pages.get("/lookups")))[0])
        assert dict(parse_qsl(link.partition("?")[2])) == {"q": query}
        assert pages.get(link).status_code == 200
