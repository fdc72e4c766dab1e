"""Every page is for everybody: axe-core finds nothing serious, nothing is too small to touch, nothing moves."""

import os
from itertools import product

from playwright.sync_api import Browser

from tests.browser.judged import LOCALES, SCHEMES, SIZES, View, draw, judge
from tests.browser.test_journey import browser
from tests.telling import assert_none
from tests.web.samples import SAMPLES

__all__ = ["browser"]
VIEWS = [View(size, locale, scheme) for scheme, locale, size in product(SCHEMES, LOCALES, SIZES)]


def test_every_page_is_for_everybody(browser: Browser) -> None:
    """One sample of every fourth template, or of each where PAGES=all; by turns in all views."""
    windows = [view.open(browser) for view in VIEWS]
    one_each = {template: name for name, (template, _) in SAMPLES.items()}
    names = [*one_each.values()][:: 1 if os.environ.get("PAGES") == "all" else 4]
    found = []
    for at, name in enumerate(names):
        view = VIEWS[at % len(VIEWS)]
        wrong, _ = judge(windows[at % len(VIEWS)], draw(name, view), size=view.size)
        found += [f"{name} ({view.size} {view.locale} {view.scheme}): {one}" for one in wrong]
    assert_none(found)


def test_planted_faults_are_found(browser: Browser) -> None:
    """A button and a field without a name, a picture without words, grey on white."""
    faults = '<button class="b"></button><input name="x"><img src="/static/bell.svg"><p class="faint">Faint words</p>'
    html = draw("sign_in", VIEWS[0]).replace("</main>", faults + "</main>")
    page = VIEWS[0].open(browser)
    faint = 'document.querySelector(".faint")?.style.setProperty("color", "#ccc")'
    page.add_init_script(f'addEventListener("DOMContentLoaded", () => {faint})')
    wrong, _ = judge(page, html, size="pc")
    rules = {one.partition(":")[0] for one in wrong}
    assert {"button-name", "label", "image-alt", "color-contrast"} <= rules, wrong
