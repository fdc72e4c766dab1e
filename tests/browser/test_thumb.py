"""One hand holds the phone: what a page is for is met by the thumb, low and large, at 390×844."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route

from tests.browser.test_journey import browser
from tests.web.samples import SAMPLES
from tocsin.web.assets import read_asset
from tocsin.web.page import render

__all__ = ["browser"]
HEIGHT, LOW, LARGE, BARS = 844, 844 * 0.4, 44, 60
# Each page, what it is for, and what it leads to.
ACTS = {
    "order": [
        ".finding form[action$='/acknowledgements'] button",
        ".holdline form[action$='/release'] button",
    ],
    "held": ["form[action$='/acknowledgements'] button"],
    "second_person": ["form[action^='/second-person/'] button"],
    "incident": [".thumb form[action$='/silence'] button", ".thumb form[action$='/acknowledgement'] button"],
    "scan": ["main form[action='/scan'] .do button.main"],
    "scan_current": ["form[action='/scan/hand-over'] button", "main form[action='/scan'] .do button.main"],
}


@pytest.fixture(scope="module")
def phone(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 390, "height": HEIGHT}, has_touch=True, is_mobile=True)
    yield context.new_page()
    context.close()


def open_sample(page: Page, name: str, sent: list[str]) -> None:
    template, context = SAMPLES[name]
    if context.get("ticket"):
        context = {**context, "ticket": {**context["ticket"], "may_hand_over": True}}

    def answer(route: Route) -> None:
        path = route.request.url.removeprefix("http://desk.test")
        if asset := read_asset(path.removeprefix("/static/").partition("?")[0]):
            route.fulfill(body=asset.body, content_type=asset.kind)
        elif path == "/page":
            route.fulfill(
                body=render(template, locale="zh_CN", **context), content_type="text/html; charset=utf-8"
            )
        else:
            sent.append(f"{route.request.method} {path}")
            route.fulfill(status=204)

    page.unroute_all()
    page.route("**/*", answer)
    page.goto("http://desk.test/page")


@pytest.mark.parametrize("name", ACTS)
def test_what_a_page_is_for_is_met_by_the_thumb(phone: Page, name: str) -> None:
    sent: list[str] = []
    open_sample(phone, name, sent)
    assert phone.evaluate("innerWidth") == 390, "nothing is wider than the phone"
    for selector in ACTS[name]:
        button = phone.locator(selector).first
        box = button.bounding_box()
        assert box is not None and box["height"] >= LARGE and box["width"] >= LARGE, (selector, box)
        if box["y"] + box["height"] > HEIGHT - BARS:  # further down: one swipe brings it to the middle
            button.evaluate("(one) => one.scrollIntoView({ block: 'center' })")
            box = button.bounding_box()
        assert box is not None and box["y"] >= LOW and box["y"] + box["height"] <= HEIGHT, (selector, box)
        at = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        met = phone.evaluate(
            "([x, y]) => document.elementFromPoint(x, y).closest('button')?.form.getAttribute('action')", at
        )
        assert met == button.evaluate("(one) => one.form.getAttribute('action')"), (
            f"{selector} lies under something"
        )
    phone.touchscreen.tap(*at)
    for _ in range(100):
        if any(met in one for one in sent):
            return
        phone.wait_for_timeout(50)
    raise AssertionError(f"a touch does not send {met}: {sent}")
