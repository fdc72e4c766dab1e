"""The look-up ledger on its pages."""

import html
import re
from urllib.parse import parse_qsl, urlencode

from tests.house import make_draft
from tests.web.pages import Pages, text_of


def test_mine_can_be_run_again_and_others_only_read(pages: Pages) -> None:
    order = pages.take(make_draft())
    pages.get("/orders?q=5678", role="clerk")
    pages.get(f"/orders/{order.number}", role="clerk")
    pages.get("/held", role="clerk")
    mine = text_of(pages.get("/lookups", role="clerk"))
    assert 'href="/orders?q=5678"' in mine and f'href="/orders/{order.number}"' in mine
    assert 'href="/screens?hold=any"' in mine
    assert "of=all" not in mine
    everybody = text_of(pages.get("/lookups?of=all"))
    assert "5678" in everybody and 'href="/orders?q=5678"' not in everybody


def test_who_has_seen_an_order(pages: Pages) -> None:
    order = pages.take(make_draft())
    pages.get(f"/orders/{order.number}", role="clerk")
    seen = text_of(pages.get(f"/orders/{order.number}/lookups"))
    assert "clerk" in seen and order.number in seen
    assert pages.get("/orders/HF-1/lookups").status_code == 404


def test_a_screen_is_run_again_with_all_that_it_asked_for(pages: Pages) -> None:
    asked = {
        "amount_from": "10.50",
        "amount_to": "200.00",
        "date_from": "2026-01-01",
        "channel": "mall & more",
    }
    pages.get("/screens?" + urlencode({**asked, "hold": "none"}))
    page = text_of(pages.get("/lookups"))
    link = html.unescape(re.findall(r'href="(/screens\?[^"]+)"', page)[0])
    assert dict(parse_qsl(link.partition("?")[2])) == {**asked, "hold": "none"}
    assert "10.50 · 200.00" in page and "1050" not in page
