"""Decoys on their page: suggested, added, removed by those who set the shop up."""

import re

from tests.web.pages import Pages, text_of


def test_a_suggested_name_becomes_a_decoy_and_is_removed(pages: Pages) -> None:
    page = text_of(pages.get("/settings/decoys"))
    assert 'name="name" value="admin"' in page and "No decoy yet" in page
    added = pages.post("/settings/decoys", name="admin")
    assert (added.status_code, added.headers["location"]) == (303, "/settings/decoys?done=saved")
    page = text_of(pages.get("/settings/decoys", role="manager"))
    removal = re.search(r"/settings/decoys/\d+/removal", page)
    assert removal and 'name="name" value="admin"' not in page
    assert pages.post(removal[0], token="another session's").status_code == 403
    assert pages.post(removal[0], role="clerk").status_code == 403
    assert pages.post(removal[0], role="manager").headers["location"] == "/settings/decoys?done=dropped"
    assert pages.post(removal[0]).status_code == 404


def test_a_name_that_somebody_has_is_refused_at_the_form(pages: Pages) -> None:
    owner = f"owner-{pages.house.merchant_id}"
    refused = pages.post("/settings/decoys", name=owner)
    assert refused.status_code == 409 and f'value="{owner}"' in refused.text and "f-name-say" in refused.text
    assert pages.post("/settings/decoys", name="  ").status_code == 422


def test_the_page_is_for_those_who_set_the_shop_up(pages: Pages) -> None:
    for role in ("clerk", "checker", "auditor", "station"):
        assert pages.get("/settings/decoys", role=role).status_code == 403, role
        assert pages.post("/settings/decoys", role=role, name="admin").status_code == 403, role
    assert pages.get("/settings/decoys", role="").status_code == 303
    assert "/settings/decoys" not in text_of(pages.get("/settings", role="clerk"))
    assert "诱饵账号" in text_of(pages.get("/settings/decoys?locale=zh_CN"))
