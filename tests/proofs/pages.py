"""`bin/prove pages`: each page in both sizes, languages and four schemes is for everybody: axe-core, width, shift, weight."""

import argparse
import sys
import time
from collections import Counter
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from tests.browser.judged import PLANTED, VIEWS, View, draw, judge, judge_planted, weigh
from tests.browser.test_journey import CHROMIUM, FLAGS
from tests.web.samples import SAMPLES

WEIGHT_BYTES_MOST = 100 * 1024
_WINDOW_PAGES = 40


def judge_view(browser: Browser, view: View, names: list[str]) -> dict[str, Any]:
    """Judge every page in one view, by windows that are changed before they grow."""
    wrong, worst, heaviest, page = dict[str, list[str]](), 0.0, 0, view.open(browser)
    for at, name in enumerate(names):
        if at and at % _WINDOW_PAGES == 0:
            page.context.close()
            page = view.open(browser)
        html = draw(name, view)
        found, shift = judge(page, html, size=view.size)
        worst, heaviest = max(worst, shift), max(heaviest, weigh(html))
        if found:
            wrong[name] = found
    page.context.close()
    told = {"wrong": wrong, "worst_shift": round(worst, 4), "heaviest_bytes": heaviest}
    print(f"{view.size} {view.locale} {view.scheme}: {len(names)} pages, {told}", file=sys.stderr, flush=True)
    return told


def main(given: list[str]) -> dict[str, Any]:
    """Judge the pages; `holds` where nothing is wrong and the planted faults were found."""
    parser = argparse.ArgumentParser(prog="bin/prove pages")
    parser.add_argument(
        "--pages", nargs="*", choices=[*SAMPLES], metavar="SAMPLE", help="of tests/web/samples.py"
    )
    parser.add_argument("--each", action="store_true", help="every sample, not one of each template")
    parser.add_argument("--views", type=int, default=len(VIEWS), help="so many of the views")
    asked = parser.parse_args(given)
    one_each = {template: name for name, (template, _) in SAMPLES.items()}
    names = asked.pages or [*(SAMPLES if asked.each else one_each.values())]
    began = time.monotonic()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        planted = judge_planted(browser)
        views = {
            f"{view.size} {view.locale} {view.scheme}": judge_view(browser, view, names)
            for view in VIEWS[: asked.views]
        }
        browser.close()
    wrong = {at: found["wrong"] for at, found in views.items() if found["wrong"]}
    rules = Counter(
        one.partition(":")[0] for found in wrong.values() for said in found.values() for one in said
    )
    heaviest = max(found["heaviest_bytes"] for found in views.values())
    seen = {one.partition(":")[0] for one in planted} >= PLANTED
    return {
        "pages": len(names), "views": len(views), "judged": len(names) * len(views), "violations": sum(rules.values()),
        "rules": dict(rules), "wrong": wrong, "heaviest_bytes": heaviest, "worst_shift": max(found["worst_shift"] for found in views.values()),
        "seconds": round(time.monotonic() - began), "planted_fault_found": seen,
        "holds": not wrong and seen and heaviest <= WEIGHT_BYTES_MOST,
    }  # fmt: skip
