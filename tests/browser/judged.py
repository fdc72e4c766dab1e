"""A page as its readers meet it, judged: axe-core, touch targets, width, layout shift, weight."""

import re
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, Route

from tests.npm import fetch_tools
from tests.web.samples import SAMPLES
from tocsin.web.assets import read_asset
from tocsin.web.headers import headers_of
from tocsin.web.page import render

BASE = "http://desk.test"
SIZES = {"pc": (1440, 900), "phone": (390, 844)}
SCHEMES = ("light", "dark", "contrast", "contrast-dark")
LOCALES = ("zh_CN", "en")
SHIFT_MOST = 0.05
# WCAG 2.2 AA 2.5.8: 24 px, or as much room around; a link in a line of text needs none.
JUDGE = """async () => {
  const found = await axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], resultTypes: ["violations"]});
  return found.violations.filter((one) => ["serious", "critical"].includes(one.impact))
    .map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | ")}`);
}"""
SMALL = """(least) => [...document.querySelectorAll(".b.main, .tabs > a, .dock .b")]
  .filter((one) => { const box = one.getBoundingClientRect(); return box.width && box.height < least; })
  .map((one) => `small: ${one.outerHTML.slice(0, 120)}`)"""
SHIFT = """() => new Promise((done) => { let sum = 0;
  new PerformanceObserver((list) => list.getEntries().forEach((one) => (sum += one.value))).observe({type: "layout-shift", buffered: true});
  requestAnimationFrame(() => setTimeout(() => done(sum), 30)); })"""


@dataclass
class View:
    """One way to look at pages: size, language, scheme; its window is used again for each page."""

    size: str
    locale: str
    scheme: str

    def open(self, browser: Browser) -> Page:
        """Return an empty window of this view."""
        width, height = SIZES[self.size]
        context: BrowserContext = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if self.scheme.endswith("dark") else "light",
            reduced_motion="reduce",
            service_workers="block",
        )
        context.add_init_script(axe())
        return context.new_page()


PLANTED = {"button-name", "label", "image-alt", "color-contrast"}
VIEWS = [View(size, locale, scheme) for scheme, locale, size in product(SCHEMES, LOCALES, SIZES)]


@cache
def axe() -> str:
    """Return the script of axe-core."""
    return (fetch_tools() / "axe-core/axe.min.js").read_text()


def draw(name: str, view: View) -> str:
    """Return a sample as HTML; a part of a page stands in the door's shell."""
    template, context = SAMPLES[name]
    if view.scheme.startswith("contrast") and "shell" in context:
        context = {**context, "shell": {**context["shell"], "theme": "contrast"}}
    html = render(template, locale=view.locale, **context)
    if "<html" in html:
        return html
    door = render("error.html", locale=view.locale, shell={"path": "/", "csrf_token": "t", "theme": "auto"},
                  title="x", text="", cure="", status=1, code="x", request_id="x", back_url="/")  # fmt: skip
    return door.replace("<p></p>", html)


def judge(page: Page, html: str, *, size: str) -> tuple[list[str], float]:
    """Show a page; return what is wrong with it, and its layout shift."""
    page.unroute_all()
    page.route("**/*", lambda route: _answer(route, html))
    page.goto(f"{BASE}/page", wait_until="load")
    shift: float = page.evaluate(SHIFT)
    wrong: list[str] = page.evaluate(JUDGE)
    wrong += page.evaluate(SMALL, 44 if size == "phone" else 24)
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    wrong += [f"{wide} px wider than the window"] if wide > 0 else []
    wrong += [f"layout shift {shift:.3f}"] if shift > SHIFT_MOST else []
    return wrong, shift


def judge_planted(browser: Browser) -> list[str]:
    """Return what is found in a page with planted faults: a button and a field without a name, a picture without words, grey on white."""
    faults = '<button class="b"></button><input name="x"><img src="/static/bell.svg"><p class="faint">Faint words</p>'
    html = draw("sign_in", VIEWS[0]).replace("</main>", faults + "</main>")
    page = VIEWS[0].open(browser)
    faint = 'document.querySelector(".faint")?.style.setProperty("color", "#ccc")'
    page.add_init_script(f'addEventListener("DOMContentLoaded", () => {faint})')
    wrong, _ = judge(page, html, size="pc")
    page.context.close()
    return wrong


def weigh(html: str) -> int:
    """Return what the scripts and style sheets that a page names weigh as they are sent, in bytes."""
    named = re.findall(r'(?:src|href)="/static/([^"?]+\.(?:js|css))', html)
    return sum(len(part.packed) for name in named if (part := read_asset(name)))


def _answer(route: Route, html: str) -> None:
    path = route.request.url.removeprefix(BASE)
    kept: dict[str, Any] = {"headers": headers_of(path)}
    if path == "/page":
        route.fulfill(body=html, content_type="text/html; charset=utf-8", **kept)
    elif asset := read_asset(path.removeprefix("/static/").partition("?")[0]):
        route.fulfill(body=asset.body, content_type=asset.kind)
    else:
        route.fulfill(status=204)
