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
    assert "clerk" in seen and order.number in seen
    assert pages.get("/orders/HF-1/lookups").status_code == 404


def test_a_screen_is_run_again_with_all_that_it_asked_for(pages: Pages) -> None:
    for asked, query in (
        ("/held?kind=manual&code=sum_order", "held:manual finding:sum_order"),
        ("/orders?q=渠道:mall sort:amount", "渠道:mall sort:amount"),
    ):
        pages.get(asked)
        link = html.unescape(re.findall(r'href="(/orders\?[^"]+)"', text_of(pages.get("/lookups")))[0])
        assert dict(parse_qsl(link.partition("?")[2])) == {"q": query}
        assert pages.get(link).status_code == 200
