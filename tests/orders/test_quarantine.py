"""What is told of a row in quarantine: where and why, and nothing of its text."""

import pytest

from tests.house import make_draft
from tests.orders.test_sheet import HEAD, only, parse
from tocsin.core.money import MICRO, AmountTooLarge
from tocsin.core.tenant import ShopMissing
from tocsin.orders.bounds import DraftWrong, require_sane
from tocsin.orders.draft import Line
from tocsin.orders.importer import bad_row

SLIPPED = "王小明 13812345678"


def test_a_bad_row_quotes_nothing_of_a_cell_because_a_column_may_have_slipped():
    head = "订单号,币种,下单时间,应付金额,数量,单价,商品名称,商品编码\n"
    cells = ["CNY", "2026-01-02", "7.00", "1", "7", "梨", "S1"]
    bad = []
    for place in range(5):
        slipped = [*cells[:place], SLIPPED, *cells[place + 1 :]]
        bad += parse(head + ",".join(["A1", *slipped]) + "\n").bad
    assert [each.field for each in bad] == ["currency", "placed_at", "payable", "quantity", "unit_price"]
    for each in bad:
        assert not set("王小明138") & set("".join(each.data.values()))
        assert SLIPPED in each.raw


def test_a_short_number_may_be_quoted_and_a_phone_may_not():
    quote = lambda text: bad_row(ShopMissing(shop=text), 1, field="shop", raw=text).data["shop"]
    assert [quote(text) for text in ("1,2.3", "-12:00", "13812345678", "HF", "١٢")] == [
        "1,2.3",
        "-12:00",
        "…",
        "…",
        "…",
    ]


def test_a_line_beyond_what_is_stored_keeps_its_order_out_alone():
    draft = only(HEAD + "A1,张三,苹果,900000000,9000000000000\n")
    with pytest.raises(AmountTooLarge):
        require_sane(draft)


def test_an_order_has_at_most_a_thousand_million_pieces():
    most = 10**9 * MICRO
    for field, quantities in (("lines.1.quantity_micro", (1, most + 1)), ("lines", (-1, most))):
        lines = tuple(Line(title="梨", quantity_micro=each) for each in quantities)
        with pytest.raises(DraftWrong, match=f"field {field} is wrong: an order has at most"):
            require_sane(make_draft(lines=lines))
    require_sane(make_draft(lines=(Line(title="梨", quantity_micro=most),)))
