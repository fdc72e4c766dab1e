"""What a paper says: masks by copy, marks, amounts, and one digest for all that shapes it."""

import json

import pytest
from msgspec.structs import replace

from tests.desk import NOW_US, RECEIVER, make_line, make_order
from tests.tickets.paper import make_content
from tocsin.core.mask import mask_party
from tocsin.orders.draft import Totals
from tocsin.tickets import content as box
from tocsin.tickets.content import canonical_json, content_digest, shown_text

NOTE = replace(RECEIVER, buyer_note="放前台，电话 13900001111")


@pytest.mark.parametrize("copy", ["merchant", "delivery"])
def test_merchant_and_delivery_copies_are_real(copy: str):
    paper = make_content(make_order(receiver=NOTE), copy=copy)
    assert (paper.receiver_name, paper.receiver_phone) == ("王小明", "13812345678")
    assert paper.receiver_address == "安徽省 合肥市 蜀山区 黄山路 12 号 3 栋 402 室"
    assert paper.buyer_note == "放前台，电话 13900001111"


@pytest.mark.parametrize("copy", ["customer", "kitchen"])
def test_customer_and_kitchen_copies_are_masked(copy: str):
    text = canonical_json(make_content(make_order(receiver=NOTE), copy=copy)).decode()
    for secret in ("王小明", "13812345678", "402", "13900001111"):
        assert secret not in text
    assert "放前台" in text
    masked = make_order(receiver=mask_party(NOTE), masked=True)
    assert canonical_json(make_content(masked, copy=copy)).decode() == text


def test_a_real_copy_of_a_masked_order_is_refused():
    with pytest.raises(ValueError, match="real receiver"):
        make_content(make_order(receiver=mask_party(RECEIVER), masked=True), copy="delivery")


def test_cash_on_delivery_says_what_to_collect():
    totals = Totals(payable_minor=19980, paid_minor=5000)
    order = make_order(payment="unpaid", payment_method="cod", totals=totals)
    assert (make_content(order).payment_mark, make_content(order).collect) == ("cod", "¥149.80")
    paid = make_content(make_order(payment_method="cod"))
    assert (paid.payment_mark, paid.collect) == ("paid", "")
    assert make_content(make_order(payment="unpaid")).payment_mark == "unpaid"


def test_amounts_keep_every_digit():
    lines = (
        make_line(quantity=1.5, price=19.99, unit="斤"),
        make_line(quantity=3, unit_price_micro=333_333, discount_minor=5),
        make_line(quantity=2, price=10, total_minor=1999, gift=True),
    )
    shown = make_content(make_order(lines=lines)).lines
    assert [line.quantity for line in shown] == ["1.5斤", "3件", "2件"]
    assert [line.unit_price for line in shown] == ["19.99", "0.333333", "10.00"]
    assert [line.total for line in shown] == ["29.99", "0.95", "19.99"]
    assert [line.discount for line in shown] == ["", "-0.05", ""]
    assert shown[2].gift
    yen = make_content(make_order(currency="JPY", lines=(make_line(price=1200),)), locale="en")
    assert (yen.lines[0].unit_price, yen.lines[0].total, yen.payable) == ("1200", "1200", "¥1,200")


def test_charges_are_those_that_are_not_zero():
    totals = Totals(goods_minor=19980, shipping_minor=1000, coupon_minor=500, adjustment_minor=-3)
    expected = (("goods", "199.80"), ("shipping", "10.00"), ("coupon", "-5.00"), ("adjustment", "-0.03"))
    assert make_content(make_order(totals=totals)).charges == expected
    undeclared = make_content(make_order(totals=Totals()))
    assert undeclared.charges == (("goods", "199.80"),)


def test_times_are_the_shop_s():
    paper = make_content(make_order(paid_at_us=None), zone="America/New_York")
    assert (paper.placed_at, paper.paid_at, paper.printed_at) == ("2026-09-21 09:13", "", "2026-09-21 10:13")


def test_control_characters_of_orders_never_reach_a_paper():
    dirty = "".join(map(chr, [*range(32), *range(127, 160)])) + "\u202e\u2066\u200b\ud800\ue000"
    assert len(dirty) == 65 + 5
    party = replace(RECEIVER, name=f"王{dirty}明", address=f"5 号\n3 楼{dirty}", buyer_note=dirty)
    order = make_order(receiver=party, lines=(make_line(f"茶{dirty}", spec=dirty, unit=dirty),), shop=dirty)
    paper = make_content(order, locale="en")
    assert not set(shown_text(paper).replace("\n", "")) & set(dirty)
    assert "5 号 3 楼" in paper.receiver_address


def test_canonical_json_is_sorted_whole_and_the_same_each_time():
    paper = make_content(reprint_no=2, amended_from=1, void=True)
    data = json.loads(canonical_json(paper))
    assert list(data) == sorted(data)
    assert (data["reprint_no"], data["amended_from"], data["void"]) == (2, 1, True)
    assert canonical_json(make_content(reprint_no=2, amended_from=1, void=True)) == canonical_json(paper)


def test_the_digest_changes_with_content_and_with_the_engine(monkeypatch: pytest.MonkeyPatch):
    paper = make_content()
    seen = {content_digest(paper)}
    assert content_digest(make_content()) in seen
    for change in (
        {"reprint_no": 1},
        {"paper_mm": 58},
        {"profile": "p"},
        {"printed_at_us": NOW_US + 60_000_000},
    ):
        digest = content_digest(make_content(**change))
        assert digest not in seen
        seen.add(digest)
    monkeypatch.setattr(box, "engine_digest", lambda: "another template, font or version")
    assert content_digest(paper) not in seen


@pytest.mark.parametrize("serial", ["", "../etc", "a/b", "x" * 65, "-", "a b"])
def test_a_serial_is_fit_for_a_file_name(serial: str):
    with pytest.raises(ValueError, match="serial"):
        make_content(serial=serial)
