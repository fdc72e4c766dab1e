"""New orders as pages: typed, or read out of pasted text and shown before they are issued."""

import re

from tests.web.pages import Pages, text_of
from tocsin.orders.screen import Filter, count_rows

TYPED = {
    "receiver.name": "王小明", "receiver.phone": "13812345678", "receiver.province": "安徽省", "receiver.city": "合肥市",
    "receiver.district": "蜀山区", "receiver.address": "黄山路 12 号", "line_count": "3", "lines.1.title": "砀山酥梨",
    "lines.1.unit_price": "39.90", "lines.1.quantity": "2", "payment": "paid", "payment_method": "cash", "currency": "CNY",
    "delivery": "express", "key": "a-key-of-this-form",
}  # fmt: skip
CHAT = "王小明 13800138000 浙江省杭州市西湖区文三路 90 号 草莓×2"


def count(pages: Pages) -> int:
    return pages.db.read(pages.house.merchant_id, lambda tx: count_rows(tx, wanted=Filter()))


def test_a_typed_order_is_issued_once(pages: Pages) -> None:
    assert 'name="key"' in text_of(pages.get("/orders/new"))
    answers = [pages.post("/orders", form=TYPED.items()) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].headers["location"] == answers[1].headers["location"]
    page = text_of(pages.get(answers[0].headers["location"]))
    assert "79.80" in page and "Paid" in page and count(pages) == 1
    where = {"campaign": "PT-1", "pickup_point": "东门", "community": "翠苑一区", "waybill": "SF1"}
    other = pages.post("/orders", form={**TYPED, **where, "key": "another-key-of-a-form"}.items())
    page = text_of(pages.get(other.headers["location"]))
    assert all(text in page for text in where.values())


def test_what_cannot_be_read_is_said_at_its_place_with_the_rest_kept(pages: Pages) -> None:
    for path, text in (("lines.1.quantity", "many"), ("totals.shipping", "x"), ("receiver.name", " "), ("currency", "QQQ")):  # fmt: skip
        answer = pages.post("/orders", form={**TYPED, path: text}.items())
        assert answer.status_code == 422, path
        assert "黄山路 12 号" in answer.text and f'href="#f-{path.replace(".", "-")}"' in answer.text
    more = pages.post("/orders", form={**TYPED, "add_line": "1", "pasted": CHAT}.items())
    assert text_of(more).count(f"{CHAT}</textarea>") == 2, "what was pasted above stays"
    assert 'name="lines.3.title"' in more.text and count(pages) == 0


def test_pasted_text_is_shown_then_issued_once(pages: Pages) -> None:
    part = text_of(pages.post("/orders/pasted", pasted=CHAT))
    assert "草莓" in part and "13800138000" in part and "<html" not in part
    whole = text_of(pages.post("/orders/new", pasted=CHAT, read="1"))
    token = re.search(r'name="issue" value="([^"]+)"', whole)
    assert token and CHAT in whole and count(pages) == 0
    changed = pages.post("/orders/new", pasted=CHAT.replace("×2", "×3"), issue=token[1])
    assert changed.status_code == 200 and count(pages) == 0, "only what was shown is issued"
    answers = [pages.post("/orders/new", pasted=CHAT, issue=token[1]) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303] and count(pages) == 1


def test_the_preview_says_all_that_would_be_issued_and_opens_an_order_in_the_form(pages: Pages) -> None:
    text = (
        "陈小丽 13988887777 江苏省南京市玄武区中山路18号3栋 霍山石斛 50g×2@388 已付\n李四 1398888 南京市中山路1号 梨×1\n"
        + CHAT
    )
    part = text_of(pages.post("/orders/pasted", pasted=text))
    for shown in (
        "陈小丽",
        "13988887777",
        "中山路18号3栋",
        "霍山石斛",
        "50g",
        "388.00",
        "776.00",
        "Paid",
        "no phone number",
    ):
        assert shown in part, shown
    assert part.count('name="open"') == 2 and "Issue these 2 orders" in part
    first, _, second = part.partition("王小明")
    assert 'class="finding ' not in first and "price_zero" in second, "the check tells of the missing price"
    whole = text_of(pages.post("/orders/new", pasted=text, open="0"))
    for name, value in (
        ("receiver.name", "陈小丽"), ("receiver.address", "中山路18号3栋"), ("lines.0.title", "霍山石斛"),
        ("lines.0.spec", "50g"), ("lines.0.unit_price", "388"), ("lines.0.quantity", "2"), ("totals.payable", ""),
    ):  # fmt: skip
        tag = re.search(rf'<input[^>]*name="{re.escape(name)}"[^>]*>', whole)
        assert tag and f'value="{value}"' in tag[0], name
    assert 'name="issue"' not in whole and count(pages) == 0, (
        "what is in the form is issued from the form alone"
    )
    for place in ("7", "x", "²"):
        assert 'value="陈小丽"' not in text_of(pages.post("/orders/new", pasted=text, open=place))


def test_a_pasted_amount_beyond_reason_is_said_in_the_preview(pages: Pages) -> None:
    page = text_of(pages.post("/orders/pasted", pasted=CHAT.replace("×2", "×999999999@999999999")))
    assert "finding E" in page and 'name="issue"' not in page


def test_text_that_is_no_order_says_what_is_missing(pages: Pages) -> None:
    page = text_of(pages.post("/orders/pasted", pasted="谢谢老板"))
    assert "no phone number" in page and "谢谢老板" in page and 'name="issue"' not in page
    assert "finding" not in text_of(pages.post("/orders/pasted", pasted="  "))


def test_who_may_not_create_is_refused(pages: Pages) -> None:
    for role, status in (("checker", 403), ("auditor", 403), ("", 303)):
        assert pages.get("/orders/new", role=role).status_code == status
        assert pages.post("/orders", role=role, form=TYPED.items()).status_code == status
        assert pages.post("/orders/new", role=role, pasted=CHAT).status_code == status
        assert pages.post("/orders/pasted", role=role, pasted=CHAT).status_code == status
    assert pages.post("/orders", token="x", form=TYPED.items()).status_code == 403
