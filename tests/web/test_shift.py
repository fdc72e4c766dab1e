"""The shift handover on the pages and over the API: begun, signed by two, seen by whom it waits for, kept."""

from tests.web.pages import Pages, text_of
from tests.web.test_access import clerk
from tests.web.test_lock import Till, begin_shift, enrol

PASSWORD = "hippo piano stamp desert kite"


def test_a_shift_goes_from_one_to_the_other_on_one_screen(pages: Pages) -> None:
    till = enrol(pages)
    begin_shift(till)
    clerk(pages, "lisi")
    page = text_of(till.get("/shift?locale=en"))
    assert "Nobody is on shift here" in page
    assert till.post("/shift", shop=str(pages.house.shop.id)).headers["location"] == "/shift?done=shift_begun"
    page = text_of(till.get("/shift?locale=en"))
    place = "/shift/" + page.partition('action="/shift/')[2].partition("/")[0]
    wrong = till.post(f"{place}/offer", note="look at the kitchen", password="x")
    assert wrong.status_code == 401 and "look at the kitchen" in wrong.text
    done = till.post(f"{place}/offer", note="look at the kitchen", password=PASSWORD)
    assert done.headers["location"] == "/shift?done=shift_offered", done.text
    assert f'href="/shift?shift={place[7:]}"' in text_of(pages.get("/orders", role="checker")), (
        "it waits for him"
    )
    assert f'href="/shift?shift={place[7:]}"' not in text_of(pages.get("/orders", role="auditor"))
    assert f'href="/shift?shift={place[7:]}"' not in text_of(till.get("/orders")), "his own does not"
    left = dict(till.cookies)
    same = till.post(f"{place}/signature", name="wangxiaoer", password=PASSWORD)
    assert same.status_code == 403
    assert till.post(f"{place}/signature", name="lisi", password="x").status_code == 401
    signed = till.post(f"{place}/signature", name="lisi", password=PASSWORD)
    assert signed.status_code == 303 and signed.headers["clear-site-data"] == '"cache", "storage"'
    record = signed.headers["location"].partition("?")[0]
    page = text_of(till.get(f"{record}?locale=en"))
    assert "look at the kitchen" in page and "lisi" in page and "wangxiaoer" in page
    till.cookies = left
    assert till.get("/orders").headers["location"].startswith("/sign-in"), "who left is signed out"
    listed = pages.client.get("/api/v1/shifts", headers=pages.key("query")).json()
    assert [(one["out_name"], one["in_name"], one["shop"]) for one in listed] == [
        ("wangxiaoer", "lisi", "HF")
    ]
    whole = pages.client.get(f"/api/v1{record}", headers=pages.key("query")).json()
    assert whole["whole"] and whole["note"] == "look at the kitchen" and whole["sessions_ended"] == 1
    assert whole["figures"]["issued"] == {"count": 0, "first": "", "last": ""}
    assert pages.client.get("/api/v1/shifts/7", headers=pages.key("query")).status_code == 404
    assert pages.client.get("/api/v1/shifts", headers=pages.key("print")).status_code == 403
    assert record in text_of(pages.get("/shifts", role="auditor"))


def test_it_is_taken_over_at_ones_own_desk_or_taken_back(pages: Pages) -> None:
    clerk(pages, "wangxiaoer")
    till = Till(pages)
    till.post("/sign-in/password", username="wangxiaoer", password=PASSWORD)
    till.post("/shift", shop=str(pages.house.shop.id))
    assert till.post("/shift", shop=str(pages.house.shop.id)).status_code == 409
    place = "/shift/" + text_of(till.get("/shift")).partition('action="/shift/')[2].partition("/")[0]
    till.post(f"{place}/offer", password=PASSWORD)
    assert till.post(f"{place}/offer", password=PASSWORD).status_code == 409
    assert till.post(f"{place}/return").headers["location"] == "/shift?done=shift_returned"
    till.post(f"{place}/offer", password=PASSWORD)
    clerk(pages, "lisi")
    other = Till(pages)
    other.post("/sign-in/password", username="lisi", password=PASSWORD)
    assert f'action="{place}/takeover"' in text_of(other.get(f"/shift?shift={place[7:]}"))
    assert other.post(f"{place}/takeover", password="x").status_code == 401
    assert other.post(f"{place}/takeover", password=PASSWORD).headers["location"].startswith("/shifts/")
    assert till.get("/orders").status_code == 303


def test_who_may_not(pages: Pages) -> None:
    assert pages.post("/shift", role="auditor", shop=str(pages.house.shop.id)).status_code == 403
    assert pages.post("/shift", role="", shop="7").headers["location"].startswith("/sign-in")
    assert pages.post("/shift/7/offer", role="clerk", password="x").status_code == 401
    assert pages.get("/shifts/7").status_code == 404
    assert pages.get("/shift", role="").headers["location"].startswith("/sign-in")
