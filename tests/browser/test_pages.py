"""Every page is for everybody: axe-core finds nothing serious, nothing is too small to touch, nothing moves."""

import os

from playwright.sync_api import Browser

from tests.browser.judged import PLANTED, VIEWS, draw, judge, judge_planted
from tests.browser.test_journey import browser
from tests.telling import assert_none
from tests.web.samples import SAMPLES

__all__ = ["browser"]


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
    wrong = judge_planted(browser)
    assert {one.partition(":")[0] for one in wrong} >= PLANTED, wrong
