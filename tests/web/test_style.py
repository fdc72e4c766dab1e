"""The living page of components: none is missing, each state is there, whoever is signed in sees it."""

import re

import pytest

from tests.telling import assert_none
from tests.web.pages import Pages
from tests.web.samples import SAMPLES
from tocsin.web.page import TEMPLATE_DIR, render

SHELVES = {"components.html": "c", "alarm/parts.html": "alarms", "orders/charts.html": "charts"}
BY_ANOTHER = {"charts.table", "charts.numbers", "charts.legend"}  # each chart draws its own


def missing(page: str) -> list[str]:
    """Return the macros that the page's template does not show."""
    made = {
        f"{short}.{name}"
        for path, short in SHELVES.items()
        for name in re.findall(r"{% macro (\w+)\(", (TEMPLATE_DIR / path).read_text())
    }
    return sorted(made - set(re.findall(r"(?:c|alarms|charts)\.\w+(?=\()", page)) - BY_ANOTHER)


def test_every_component_is_shown_in_every_state() -> None:
    page = (TEMPLATE_DIR / "style.html").read_text()
    assert_none(missing(page))
    assert missing(page.replace("c.toast(", "")) == ["c.toast"]
    html = render("style.html", locale="en", **SAMPLES["style"][1])
    states = re.findall(
        r'"\w*": \(_\("([^"]+)"\), "\w*", "\w+"\)', (TEMPLATE_DIR / "states.html").read_text()
    )
    assert len(states) > 60
    assert_none(word for word in states if f"</svg>{word}</span>" not in html)
    assert html.count("As a table") == 4


@pytest.mark.parametrize("role", ["owner", "auditor"])
def test_who_is_signed_in_sees_it(pages: Pages, role: str) -> None:
    assert pages.get("/style", role=role).status_code == 200
    assert pages.client.get("/style", follow_redirects=False).status_code in (302, 303)
