"""Campaigns on their pages: added, counted, and summed up for packing."""

from tests.house import make_draft
from tests.web.pages import Pages, text_of

AT = "/campaigns"
FORM = {
    "kind": "group_buy",
    "title": "春季拼团",
    "code": "PT-1",
    "starts_at": "2026-09-01T08:00",
    "per_buyer": "9",
}


def test_a_campaign_is_added_and_what_it_sells_is_counted_and_packed(pages: Pages) -> None:
    assert "No campaign yet" in text_of(pages.get(AT, role="clerk"))
    page = pages.post(AT, **FORM).headers["location"].partition("?")[0]
    for n, place in enumerate(("东门", "东门", "")):
        pages.take(
            make_draft(external_id=f"E-{n}", campaign="PT-1", pickup_point=place, community="翠苑一区")
        )
    shown = text_of(pages.get(page, role="clerk"))
    assert all(text in shown for text in ("春季拼团", "东门", "翠苑一区", "砀山酥梨 5 斤装", "LI-5"))
    assert "produced" in shown
    assert "春季拼团" in text_of(pages.get(AT))


def test_what_is_wrong_is_said_and_a_clerk_sets_none(pages: Pages) -> None:
    pages.post(AT, **FORM)
    for wrong in (
        {"code": "PT-1"},
        {"code": "b", "title": ""},
        {"code": "c", "starts_at": "soon"},
        {"code": "d", "per_buyer": "x"},
    ):
        assert pages.post(AT, **{**FORM, **wrong}).status_code in (409, 422)
    assert pages.post(AT, role="clerk", **FORM).status_code == 403
    assert pages.get(f"{AT}/1").status_code == 404
