"""An open page that something has moved asks for its regions alone: they are those of the whole page, and cost less."""

import re
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any

from tests.house import make_draft
from tests.web.attacks import attack, victim
from tests.web.pages import Pages
from tests.web.samples import SAMPLES
from tests.web.test_terminal import ask
from tocsin.orders.ledger import who_has_seen
from tocsin.web.page import TEMPLATE_DIR, render

_VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())
# What makes a form count once is another each time that a page is drawn.
_ONCE = re.compile(r'(name="form_key" data-once value=")[^"]*')
_AROUND = ('<header class="bar">', "<dialog", '<nav class="rail"', "<head>")


class Regions(HTMLParser):
    """Takes the regions out of a page, each as it is written."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=False)
        self.found: list[str] = []
        self._open: list[str] = []
        self._lines = page.splitlines(keepends=True)
        self._began = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a region, or go deeper in one."""
        if not self._open and "data-live-region" in dict(attrs):
            self._began = self._place()
        elif not self._open:
            return
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Stay where it is: a part of a picture."""

    def handle_endtag(self, tag: str) -> None:
        """End the region that this closes."""
        if not self._open:
            return
        while self._open and self._open.pop() != tag:  # what HTML lets one leave open
            pass
        if not self._open:
            self.found.append("".join(self._lines)[self._began : self._place()])

    def _place(self) -> int:
        line, column = self.getpos()
        return sum(map(len, self._lines[: line - 1])) + column


def regions_of(page: str) -> list[str]:
    """Return the regions of a page, but for what differs each time."""
    found = Regions(_ONCE.sub(r"\1", page)).found
    assert len(found) == page.count("data-live-region")
    return found


def as_part(context: Mapping[str, Any]) -> dict[str, Any]:
    """Return a sample's context as an open page asks for it."""
    return {**context, "shell": {**context["shell"], "part": True}}


def test_regions_alone_are_those_of_the_whole_page() -> None:
    """Each template that has regions is shown with them by a sample, whole and as a part."""
    shown = set()
    for template, context in SAMPLES.values():
        whole = render(template, locale="zh_CN", **context)
        if "data-live-region" not in whole:
            continue
        part = render(template, locale="zh_CN", **as_part(context))
        assert regions_of(part) == regions_of(whole), template
        assert all(one in whole and one not in part for one in _AROUND), template
        shown.add(template)
    written = {path for path in TEMPLATE_DIR.rglob("*.html") if "data-live-region" in path.read_text("utf-8")}
    assert {str(path.relative_to(TEMPLATE_DIR)) for path in written} <= shown | {"orders/charts.html"}
    assert len(shown) > 8


def test_a_page_of_the_desk_answers_with_its_regions(pages: Pages) -> None:
    order = pages.take(make_draft(lines=()))
    ask(pages, pages.take(make_draft(external_id="P")), pages.printer())
    attack(pages, victim(pages, "林小姐"), times=3)
    own = f"/orders/{order.number}"
    for path in (own, "/problems", "/terminals", "/alarm", "/pictures", "/orders"):
        role = "clerk" if path == own else "owner"  # who may read the ledger sees this very look-up in it
        whole, part = pages.get(path, role=role), pages.get(path, role=role, **{"x-tocsin-part": "1"})
        assert (whole.status_code, part.status_code) == (200, 200), path
        assert regions_of(part.text) == regions_of(whole.text), path
        assert bool(regions_of(part.text)) == (path != "/orders")
        assert len(part.text) < len(whole.text) - 15_000, path


def test_open_pages_ask_for_no_more(pages: Pages) -> None:
    assert '"x-tocsin-part": "1"' in pages.client.get("/static/js/line.js").text
    for script in ("live.js", "wake.js"):
        assert "fetchAgain()" in pages.client.get(f"/static/js/{script}").text


def test_what_an_open_page_fetches_is_recorded(pages: Pages) -> None:
    order = pages.take(make_draft())
    part = {"x-tocsin-part": "1", "x-tocsin-quiet": "1"}

    def seen() -> int:
        return len(
            pages.db.read(
                pages.house.merchant_id, lambda tx: who_has_seen(tx, pages.house.actor(), order_id=order.id)
            )
        )

    for count in (1, 2):
        assert pages.get(f"/orders/{order.number}", role="clerk", **part).status_code == 200
        assert seen() == count
