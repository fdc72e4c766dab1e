"""Settings, operators, sessions, the journal: each as the right role, the wrong one, and twice."""

import re

from tests.api.door import BASE
from tests.house import make_draft
from tests.web.pages import Pages, text_of
from tests.web.test_access import PASSWORD, clerk
from tocsin.core.tenant import get_shop
from tocsin.orders.archive import ArchiveRules, archive_rules
from tocsin.web.sessions import show_device


def test_the_shop_is_changed_by_those_who_may(pages: Pages) -> None:
    given = {"shop_name": "新店", "zone": "Asia/Tokyo", "day_starts_at_hour": "4"}
    assert pages.post("/settings", role="clerk", **given).status_code == 403
    for name, text in (("shop_name", " "), ("zone", "Mars/Base"), ("day_starts_at_hour", "25")):
        answer = pages.post("/settings", **{**given, name: text})
        assert answer.status_code == 422 and f"#f-{name}" in answer.text
    assert pages.post("/settings", **given).status_code == 303
    shop = pages.db.read(pages.house.merchant_id, get_shop)
    assert (shop.name, shop.zone, shop.day_starts_at_hour) == ("新店", "Asia/Tokyo", 4)
    assert "新店" in text_of(pages.get("/orders"))
    assert pages.get("/settings", role="clerk").text.count("readonly") >= 3


def test_the_archive_is_chosen_by_who_looks_after_the_shop(pages: Pages) -> None:
    given = {"archive_days": "90", "revision": "0"}
    assert pages.post("/settings/archive", role="clerk", **given).status_code == 403
    for days in ("29", "x", "4000", ""):
        answer = pages.post("/settings/archive", **{**given, "archive_days": days})
        assert answer.status_code == 422 and "#f-archive_days" in answer.text
    assert pages.post("/settings/archive", **given).status_code == 303
    assert pages.db.read(pages.house.merchant_id, archive_rules) == (ArchiveRules(90), 1)
    assert pages.post("/settings/archive", **given).status_code == 422, "somebody else saved meanwhile"
    assert (
        'name="archive_days" ' in pages.get("/settings").text and 'value="90"' in pages.get("/settings").text
    )


def test_another_language_keeps_the_place_and_what_was_asked(pages: Pages) -> None:
    came = f"{BASE}/orders?q=held%3Ayes&locale=en&done=saved"
    for door, word in (("locale", "zh_CN"), ("theme", "dark")):
        for back, place in (("/orders", "/orders?q=held%3Ayes"), ("/screens", "/screens")):
            pages.headers("owner")["referer"] = came
            answer = pages.post(f"/settings/{door}", back=back, **{door: word})
            assert answer.headers["location"] == place, door


def test_language_and_theme_are_kept_and_lead_back(pages: Pages) -> None:
    answer = pages.post("/settings/locale", locale="zh_CN", back="/screens")
    assert (answer.status_code, answer.headers["location"]) == (303, "/screens")
    assert "订单" in text_of(pages.get("/orders"))
    dark = pages.post("/settings/theme", theme="dark", back="https://evil.example")
    assert dark.headers["location"] == "/orders" and "tocsin_theme=dark" in dark.headers["set-cookie"]
    assert pages.post("/settings/theme", token="x", theme="dark").status_code == 403


def test_sessions_are_listed_and_ended(pages: Pages) -> None:
    clerk(pages)
    pages.client.cookies.clear()
    page = text_of(pages.get("/settings/sessions"))
    assert "this one" in page
    assert pages.post("/settings/sessions/7/end").status_code == 303
    assert pages.post("/settings/sessions/x/end").status_code == 404
    assert pages.post("/settings/sessions/others/end").status_code == 303
    assert pages.get("/settings/sessions").status_code == 200
    assert pages.get("/settings/sessions", role="").status_code == 303


def test_a_new_password_needs_the_present_one(pages: Pages) -> None:
    weak = pages.post("/settings/password", current="x", password="short")
    assert weak.status_code == 422 and "f-password" in weak.text
    wrong = pages.post("/settings/password", current="x", password=PASSWORD)
    assert wrong.status_code == 422 and "f-current" in wrong.text


def test_the_journal_is_for_those_who_may_and_own_for_others(pages: Pages) -> None:
    order = pages.take(make_draft())
    pages.post(f"/orders/{order.number}/holds", reason="wait")
    page = text_of(pages.get("/journal"))
    assert "orders.hold" in page and f'href="/orders/{order.number}"' in page
    assert "orders.hold" not in re.sub(r"<option[^>]*>", "", pages.get("/journal?verb=produce").text).replace('value="orders.hold"', "")  # fmt: skip
    assert "orders.hold" not in pages.get("/journal", role="clerk").text
    assert pages.get("/journal", role="station").status_code == 403
    for query in ("before=x", "before=" + "9" * 40, "by=%22&verb=%3C"):
        assert pages.get(f"/journal?{query}").status_code == 200


def test_devices_are_named_as_people_know_them() -> None:
    chrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Safari/537.36"
    iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1 (KHTML, like Gecko) Version/17.0 Mobile/15E148 Safari/604.1"  # fmt: skip
    assert show_device(chrome) == "Chrome 128 · Windows"
    assert show_device(iphone) == "Safari 17 · iPhone"
    assert show_device("") == "—" and show_device("curl/8") == "curl/8"


def test_each_creating_form_counts_once(pages: Pages) -> None:
    twice = [
        ("/screens", {"title": "Paid", "payment": "paid"}), ("/downloads", {"format": "csv"}),
        ("/settings/printers", {"name": "Files", "driver": "pdf_file", "copy_merchant": "1"}),
    ]  # fmt: skip
    for path, fields in twice:
        answers = [pages.post(path, form_key="one-press-of-this", **fields) for _ in range(2)]
        assert answers[0].status_code == 303, (path, answers[0].text)
        assert answers[0].headers["location"] == answers[1].headers["location"], path
        assert pages.post(path, form_key="another-press", **fields).status_code in (303, 422), path
    first, second = (
        pages.post("/settings/keys", form_key="a-key-once", name="till", scopes="query") for _ in range(2)
    )
    assert "tocsin_" in first.text and second.headers["location"] == "/settings/keys?done=created"
    assert pages.get("/settings/keys").text.count('<td class="key">till') == 1
    sheet = "订单编号,商品名称,商品数量,商品价格,收货人\nA1,x,1,2,王五\n".encode()
    places = [pages.upload(sheet, form_key="a-sheet-once").headers["location"] for _ in range(2)]
    assert places[0] == places[1] and places[0].startswith("/imports/")
    assert pages.upload(sheet, form_key="a-sheet-again").headers["location"] != places[0]
    assert pages.upload(b"", form_key="a-sheet-wrong").status_code == 422


def test_masking_is_chosen_by_who_looks_after_the_shop(pages: Pages) -> None:
    page = text_of(pages.get("/settings/masking", role="clerk"))
    assert 'value="60"' in page and page.count(" checked") == 4
    form = {
        "seconds": "30",
        "per_hour": "5",
        "per_hour_of_key": "0",
        "channel.taobao": "1",
        "revision": "0",
        "check_revision": "0",
    }
    assert pages.post("/settings/masking", role="clerk", form=form.items()).status_code == 403
    wrong = pages.post("/settings/masking", form={**form, "seconds": "9"}.items())
    assert wrong.status_code == 422 and 'value="9"' in wrong.text and 'href="#f-seconds"' in wrong.text
    assert pages.post("/settings/masking", form=form.items()).status_code == 303
    assert pages.post("/settings/masking", form=form.items()).status_code == 409, (
        "somebody else saved meanwhile"
    )
    kept = text_of(pages.get("/settings/masking"))
    assert 'value="30"' in kept and kept.count(" checked") == 1
