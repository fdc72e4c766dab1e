"""A list with nothing in it says what would stand there and how it comes there; each sample of such a page shows it."""

from tests.telling import assert_none
from tests.web.samples import SAMPLES
from tocsin.web.page import TEMPLATE_DIR, render

# Lists that are never empty where they are shown, and why.
ALWAYS_FULL = {
    "orders/bulk.html": "a result for each chosen order", "orders/bulk_job.html": "shown from the first result on",
    "orders/import.html": "the sheet's rows", "orders/mapped.html": "the sheet's columns", "orders/charts.html": "a table behind each picture",
    "orders/screens.html": "every desk has its first screens", "access/sessions.html": "one's own session", "access/operators.html": "oneself",
    "access/operator.html": "what was ended is shown where something was", "access/lock_all.html": "what was done is shown where something was",
    "settings/checks.html": "the catalogue", "settings/erasure.html": "what an erasure will do", "settings/templates.html": "the built-in ones",
    "tickets/shift_figures.html": "figures of a shift", "settings/start.html": "the steps of the first hour",
}  # fmt: skip


def test_each_list_says_what_it_would_hold() -> None:
    lists = {
        str(path.relative_to(TEMPLATE_DIR)): path.read_text("utf-8")
        for path in TEMPLATE_DIR.rglob("*.html")
        if '<table class="rows' in path.read_text("utf-8")
    }
    assert_none(
        sorted(name for name, text in lists.items() if "c.empty(" not in text and name not in ALWAYS_FULL)
    )
    assert_none(sorted(ALWAYS_FULL.keys() - lists.keys()), "They are no lists any more.")


def test_an_empty_list_has_a_title_and_a_sentence() -> None:
    shown = [
        (name, part.split("</div>")[0])
        for name, (template, context) in SAMPLES.items()
        for part in render(template, locale="en", **context).split('<div class="empty">')[1:]
    ]
    assert len(shown) > 15
    assert_none(name for name, part in shown if "<h2></h2>" in part or "<p></p>" in part or "<p>" not in part)
