"""The command palette as a page and as a list: what one may go to, found in both languages, one's own look-ups alone."""

import re

from tests.web.pages import Pages, text_of
from tocsin.web.palette import fits


def test_letters_find_in_their_order() -> None:
    assert fits("prn", "Printers 打印机") and fits("打印", "Printers 打印机") and fits("", "x")
    assert not fits("rpn", "Held") and not fits("z", "Printers 打印机")


def test_the_page_finds_places_in_both_languages_without_a_script(pages: Pages) -> None:
    found = pages.get("/go?q=打印机").text
    assert (
        'href="/settings/printers"' in found.split("<main")[1]
        and "/settings/people" not in found.split("<main")[1]
    )
    assert 'href="/settings/printers"' in pages.get("/go?q=printers").text.split("<main")[1]
    assert "/orders?q=0004" in pages.get("/go?q=0004").text
    assert "Nothing is called that" in text_of(pages.get("/go?q=qqqq"))


def test_it_leads_nowhere_where_one_may_not_go(pages: Pages) -> None:
    seen = {role: pages.get("/go?part=1", role=role).text for role in ("owner", "clerk", "auditor")}
    assert "/lock-all" in seen["owner"] and "/lock-all" not in seen["clerk"]
    assert "/orders/new" in seen["clerk"] and "/orders/new" not in seen["auditor"]
    keys = {role: set(re.findall(r'data-press="(Key[A-Z])"', text)) for role, text in seen.items()}
    assert keys["owner"] == keys["clerk"] == set("KeyA KeyP KeyH KeyR KeyT KeyD KeyM".split())
    assert not keys["auditor"] & set("KeyA KeyP KeyH KeyR KeyD KeyM".split()), (
        "what he may not, he is not offered"
    )


def test_recent_look_ups_are_ones_own(pages: Pages) -> None:
    pages.get("/orders?q=7788", role="clerk")
    assert "/orders?q=7788" in pages.get("/go?part=1", role="clerk").text
    assert "7788" not in pages.get("/go?part=1").text


def test_who_is_not_signed_in_is_led_to_the_sign_in(pages: Pages) -> None:
    assert pages.get("/go", role="").headers["location"].startswith("/sign-in")
