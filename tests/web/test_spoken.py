"""What belongs to a field is said with it: errors and findings are tied to their fields, and each reference of a page leads somewhere."""

from typing import Any

import pytest

from tests.telling import assert_none
from tests.web.samples import SAMPLES
from tests.web.spoken import Element, Spoken
from tocsin.web.page import render


class Faulty(dict[str, str]):
    """Errors that hold one for each name that a template asks for, and know which those were."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def __bool__(self) -> bool:
        return True

    def __contains__(self, name: object) -> bool:
        self.asked.append(str(name))
        return True

    def __getitem__(self, name: str) -> str:
        self.asked.append(name)
        return said(name)

    def get(self, name: str, default: Any = None) -> str:
        return self[name]


def said(name: str) -> str:
    return f"‹{name}›"


def draw(name: str, **more: Any) -> str:
    template, context = SAMPLES[name]
    return render(template, locale="en", **{**context, **more})


def untied(page: Spoken, name: str) -> str:
    """Say what is wrong with how a page says the error of a field, empty where nothing is."""
    fields = page.fields(name)
    if not any(said(name) in one.text for one in page.all):
        return "is not shown"
    if not fields:
        return (
            "" if any(one.live and said(name) in one.text for one in page.all) else "is said by nothing live"
        )
    return "" if any(tied(page, one, said(name)) for one in fields) else "is not tied to its field"


def tied(page: Spoken, one: Element, text: str) -> bool:
    return one.attrs.get("aria-invalid") == "true" and text in page.described(one)


def test_each_reference_leads_somewhere_on_its_page() -> None:
    """Labels, descriptions and links within a page name an id of it, and no id stands twice."""
    assert_none(f"{name}: {lost}" for name in SAMPLES for lost in Spoken(draw(name)).lost())


def wrong_errors(name: str) -> list[str]:
    """Return what is wrong with how a sample says any error that its template asks for."""
    errors = Faulty()
    draw(name, errors=errors)
    page = Spoken(draw(name, errors={one: said(one) for one in errors.asked}))
    found = [(one, untied(page, one)) for one in dict.fromkeys(errors.asked)]
    return [f"{name}: {one}" for one in [*(f"{one} {what}" for one, what in found if what), *page.lost()]]


def test_each_error_is_said_with_its_field() -> None:
    """Whatever a form may refuse: the field says that it is wrong and why, and the summary leads to it."""
    with_errors = [name for name, (_, context) in SAMPLES.items() if "errors" in context]
    assert len(with_errors) > 60
    assert_none(one for name in with_errors for one in wrong_errors(name))


PLANTED = {
    'id="f-a-say"': 'id="f-b-say"',
    'aria-invalid="true"': "",
    "‹a›": "",
    'id="f-a"': 'id="f-b"',
    'href="#f-a"': 'href="#f-c"',
    "<p ": '<p id="f-a"></p><p ',
}


@pytest.mark.parametrize("fault", ["", *PLANTED])
def test_a_planted_fault_is_found(fault: str) -> None:
    right = '<a href="#f-a">x</a><input id="f-a" name="a" aria-invalid="true" aria-describedby="f-a-say"><p id="f-a-say">‹a›</p>'  # fmt: skip
    assert fault in right
    page = Spoken(right.replace(fault, PLANTED[fault], 1) if fault else right)
    assert bool(untied(page, "a") or list(page.lost())) == bool(fault)


def finding(field: str, level: str) -> dict[str, Any]:
    return {"code": "x", "level": level, "field": field, "text": said(field), "revision": 1, "acknowledged_by": ""}  # fmt: skip


@pytest.mark.parametrize("level", ["E", "W"])
@pytest.mark.parametrize("name", ["amend", "new", "revise"])
def test_each_finding_is_said_with_its_field(name: str, level: str) -> None:
    """Of any field that the form has; one that stops the ticket makes it invalid, one to acknowledge does not."""
    page = Spoken(draw(name))
    fields = [each.attrs["name"] for each in page.all if each.attrs.get("id", "").startswith(("f-receiver", "f-totals", "f-lines-", "f-campaign"))
              if "name" in each.attrs]  # fmt: skip
    asked = [*fields, "lines"]
    page = Spoken(draw(name, findings=[finding(one, level) for one in asked]))
    ends = {each.attrs["id"]: each for each in page.all if "id" in each.attrs}
    at = {one: ends[f"f-{one.replace('.', '-')}"] for one in asked}
    assert len(fields) > 30
    assert_none([*page.lost(), *(one for one, each in at.items() if said(one) not in page.described(each))])
    assert {each.attrs.get("aria-invalid") == "true" for each in at.values()} == {level == "E"}


def test_a_finding_of_no_field_leads_nowhere() -> None:
    """One of a whole line is said with the line's first field; one of what the form lacks stands in the list alone."""
    page = Spoken(draw("revise", findings=[finding("lines.1", "E"), finding("lines.1.unit", "W"), finding("payment", "E")]))  # fmt: skip
    title = next(one for one in page.all if one.attrs.get("name") == "lines.1.title")
    assert said("lines.1") in page.described(title) and said("lines.1.unit") in page.described(title)
    assert list(page.lost()) == []
    assert sum(said("payment") in one.text for one in page.all if one.attrs.get("class") == "finding E") == 1


ACTS = ["holds", "marks", "cancellation", "undo", "reveals", "requests", "acknowledgements"]


def with_an_error() -> dict[str, list[Spoken]]:
    """Return each template that tells one error, and the order's page for each act, as their samples show one."""
    drawn: dict[str, list[Spoken]] = {
        f"order: {act}": [Spoken(draw("order", act=act, error="‹error›", form={"field": "phone"}))] for act in ACTS
    }  # fmt: skip
    for name, (template, context) in SAMPLES.items():
        if "error" in context and "act" not in context:
            drawn.setdefault(template, []).append(Spoken(draw(name, error="‹error›")))
    return drawn


def test_a_refusal_is_said() -> None:
    """The one error of a page comes as an alert, or with the field that it is about."""
    wrong = []
    for where, pages in with_an_error().items():
        shown = [page for page in pages if any("‹error›" in one.text for one in page.all)]
        mute = [page for page in shown if not any((one.live and "‹error›" in one.text) or tied(page, one, "‹error›") for one in page.all)]  # fmt: skip
        wrong += [where] * (not shown or bool(mute)) + [
            f"{where}: {lost}" for page in pages for lost in page.lost()
        ]
    assert_none(wrong)
