"""Campaigns on their pages: added, counted, changed, taken back, and summed up for packing; the same over the API."""

import re

from tests.house import make_draft
from tests.web.pages import Pages, text_of
from tocsin.core.party import Party

AT = "/campaigns"
FORM = {
    "kind": "group_buy", "title": "春季拼团", "code": "PT 1", "starts_at": "2026-09-01T08:00", "per_buyer": "9",
    "stock": "LI-5 = 5\n\nMF=2",
}  # fmt: skip


def made_of(pages: Pages) -> str:
    return pages.post(AT, **FORM).headers["location"].partition("?")[0]


def test_a_campaign_is_added_and_what_it_sells_is_counted_and_packed(pages: Pages) -> None:
    assert "No campaign yet" in text_of(pages.get(AT, role="clerk"))
    page = made_of(pages)
    assert "No order yet" in text_of(pages.get(page))
    assert pages.get("/orders/completions?q=state:held campaign:春").json() == [
        {"text": 'state:held campaign:"PT 1"', "what": "春季拼团"}
    ]
    assert '<option value="PT 1">春季拼团</option>' in text_of(pages.get("/orders/new")), (
        "it is offered in forms"
    )
    for n, place in enumerate(("东门", "东门", "")):
        to = Party(name="王小明", phone=f"1381234567{n}", address="黄山路 12 号")
        more = {"campaign": "PT 1", "pickup_point": place, "community": "翠苑一区", "delivery": "pickup"}
        pages.take(make_draft(external_id=f"E-{n}", receiver=to, **more))
    shown = text_of(pages.get(page, role="clerk"))
    assert all(text in shown for text in ("春季拼团", "<rect", "As a table", "Oversold", "<td>Issued</td>"))
    assert '/orders?q=campaign%3A%22PT%201%22"' in shown and "Change the campaign" not in shown
    (link,) = re.findall(r'href="(/orders[?]q=[^"]*stock[^"]*)"', shown)
    assert text_of(pages.get(link)).count("data-open") == 1, "each problem leads to its orders"
    listed = text_of(pages.get("/orders?q=campaign%3A%22PT%201%22%20自提点:东门&col=pickup"))
    assert listed.count("<td>东门</td>") == 2
    assert "3 orders" in text_of(pages.get(AT))
    paper = text_of(pages.get(f"{page}/packing", role="clerk"))
    assert all(
        text in paper for text in ("东门", "翠苑一区", "砀山酥梨 5 斤装", "LI-5", "Pieces: 4", "Pieces: 0")
    )
    assert '"东门","翠苑一区","LI-5"' in pages.get(f"{page}/packing.csv").text
    api = {"headers": pages.headers("clerk")}
    report = pages.client.get(f"/api/v1{page}", **api).json()
    assert (report["orders"], report["stock"]) == (
        3,
        [
            {"sku": "LI-5", "pieces": 5, "used": 6, "left": -1},
            {"sku": "MF", "pieces": 2, "used": 0, "left": 2},
        ],
    )
    packed = pages.client.get(f"/api/v1{page}/packing", **api).json()
    assert [(row["pickup_point"], row["quantity"], row["held"], row["orders"]) for row in packed] == [
        ("", "0", "2", 1),
        ("东门", "4", "0", 2),
    ]
    assert (
        pages.client.get(f"/api/v1{page}/packing?format=csv", **api).text
        == pages.get(f"{page}/packing.csv").text
    )


def test_it_is_changed_closed_and_taken_back(pages: Pages) -> None:
    page = made_of(pages)
    held = text_of(pages.get(page))
    assert "LI-5 = 5\nMF = 2" in held and 'value="2026-09-01T08:00"' in held
    assert (
        pages.post(page, revision="1", **{**FORM, "title": "夏季拼团"}).headers["location"]
        == f"{page}?done=saved"
    )
    late = pages.post(page, revision="1", **{**FORM, "title": "秋季"})
    assert late.status_code == 409 and "秋季" in late.text and "夏季拼团" in late.text
    assert pages.post(f"{page}/closure", closed="1").status_code == 303
    assert "Open it again" in text_of(pages.get(page))
    assert pages.post(f"{page}/undo", revision="3").headers["location"] == f"{page}?done=undone"
    assert "Close the campaign" in text_of(pages.get(page))
    for way in ("", "/closure", "/undo"):
        assert pages.post(page + way, role="clerk", revision="4", **FORM).status_code == 403


def test_what_is_wrong_is_said_at_its_field_and_a_clerk_sets_none(pages: Pages) -> None:
    made_of(pages)
    for wrong, field in (
        ({"code": "PT 1"}, "code"), ({"code": "b", "title": ""}, "title"), ({"code": "c", "starts_at": "soon"}, "starts_at"),
        ({"code": "d", "per_buyer": "x"}, "per_buyer"), ({"code": "e", "stock": "LI-5 200"}, "stock"), ({"code": "f", "ends_at": "2020-01-01T00:00"}, "ends_at"),
    ):  # fmt: skip
        answer = pages.post(AT, **{**FORM, **wrong})
        assert answer.status_code in (409, 422) and re.search(
            f'id="f-{field}"[^>]*aria-invalid', answer.text
        ), wrong
    assert pages.post(AT, role="clerk", **FORM).status_code == 403
    assert pages.get(f"{AT}/1").status_code == 404 and pages.get(f"{AT}/1/packing").status_code == 404
