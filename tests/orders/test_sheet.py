"""Sheets by their headings: encodings, delimiters, shapes of rows, words for states, and bad rows."""

from collections import Counter
from pathlib import Path

import pytest

from tocsin.orders.headings import HEADINGS, field_of, plain_heading
from tocsin.orders.importer import (
    ROW_LIMIT,
    ImportOptions,
    Source,
    TooManyRows,
    parse_source,
)
from tocsin.orders.sheet_reading import EncodingUnknown, EncodingUnreadable, HeadingsUnknown, SheetUnreadable
from tocsin.orders.workbook import WorkbookBroken

MALL = Path(__file__).parent.parent / "data" / "mall_cn_orders" / "orders_joined.csv"
HEAD = "订单号,收货人,商品名称,数量,单价\n"


def parse(text, **options):
    data = text if isinstance(text, bytes) else text.encode()
    return parse_source(Source("orders.csv", "text/csv", data), ImportOptions(**options), "sheet")


def only(text, **options):
    parsed = parse(text, **options)
    assert parsed.bad == ()
    (order,) = parsed.orders
    return order.draft


def codes(text):
    return [(bad.row, bad.field, bad.code) for bad in parse(text).bad]


def test_the_28_column_sheet_gives_65_orders_and_no_bad_row():
    parsed = parse(MALL.read_bytes())
    assert len(parsed.orders) == 65
    assert parsed.bad == ()
    assert len(parsed.columns) == 28
    assert parsed.unread_columns == ()
    assert sum(len(order.draft.lines) for order in parsed.orders) == 94
    assert sum(order.draft.lines == () for order in parsed.orders) == 10


def test_three_orders_of_the_28_column_sheet_do_not_add_up():
    wrong = []
    for order in parse(MALL.read_bytes()).orders:
        totals = order.draft.totals
        due = totals.goods_minor + totals.shipping_minor - totals.discounts_minor() + totals.adjustment_minor
        if due != totals.payable_minor:
            wrong.append(order.draft.external_id)
    assert wrong == ["201809150101000001", "201809130102000006", "202002250100000004"]


def test_an_administrator_s_discount_is_a_negative_adjustment():
    found = {order.draft.external_id: order.draft for order in parse(MALL.read_bytes()).orders}
    assert found["201809150101000001"].totals.adjustment_minor == -1000
    assert found["201809150101000001"].totals.paid_minor is None


def test_states_and_methods_of_the_28_column_sheet_are_all_known():
    drafts = [order.draft for order in parse(MALL.read_bytes()).orders]
    assert all(draft.status_known for draft in drafts)
    assert Counter(draft.cancelled for draft in drafts) == {False: 42, True: 23}
    assert Counter(draft.payment for draft in drafts) == {"paid": 41, "closed": 23, "unpaid": 1}
    assert {draft.payment_method for draft in drafts} == {"", "wechat", "alipay"}


def test_gb18030_gives_the_same_as_utf_8_with_and_without_bom():
    text = MALL.read_bytes().decode("utf-8-sig")
    utf8 = parse(text)
    for encoded, name in (("utf-8-sig", "utf-8"), ("gb18030", "gb18030"), ("utf-16", "utf-16")):
        other = parse(text.encode(encoded))
        assert other.encoding == name
        assert other.orders == utf8.orders


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_found(delimiter):
    draft = only((HEAD + "A1,张三,苹果,2,3.50\n").replace(",", delimiter))
    assert (draft.receiver.name, draft.lines[0].quantity_micro, draft.lines[0].unit_price_micro) == (
        "张三", 2_000_000, 3_500_000,
    )  # fmt: skip


def test_the_heading_row_is_found_below_a_title_and_total_rows_are_passed_over():
    text = (
        "某某商城订单导出,,,,\n导出时间：2024-01-01,,,,\n\n"
        + HEAD
        + "A1,张三,苹果,2,3\n合计,,,2,6\n,总计：6,,,\nTotal,,,2,6\n"
    )
    parsed = parse(text)
    assert [order.row for order in parsed.orders] == [5]
    assert parsed.bad == ()


@pytest.mark.parametrize("title", ["总计划笔记本", "小计时器", "汇总器"])
def test_goods_whose_name_begins_as_a_total_are_no_total(title):
    """A merged cell leaves the second line without a number: its first text is the goods' name."""
    draft = only(HEAD + f"A1,张三,苹果,2,3\n,,{title},1,20\n合计金额：,,,3,26\n")
    assert [line.title for line in draft.lines] == ["苹果", title]


def test_a_given_heading_row_is_taken():
    text = "订单号,姓名,商品,数量,单价\n" + HEAD + "A1,张三,苹果,2,3\n"
    assert [bad.row for bad in parse(text).bad] == [2]
    assert parse(text, header_row=2).bad == ()
    assert [order.row for order in parse(text, header_row=2).orders] == [3]


def test_ids_are_unwrapped():
    text = "订单号,联系电话,物流单号,商品编码,商品名称,数量,单价\n"
    text += "=\"1930679858170647\",'18618486065,\t00012,'0012,梨,1,1\n"
    draft = only(text)
    assert draft.external_id == "1930679858170647"
    assert draft.receiver.phone == "18618486065"
    assert draft.waybill == "00012"
    assert draft.lines[0].sku == "0012"


def test_a_number_that_a_spreadsheet_rounded_is_not_taken():
    head = "订单号,联系电话,商品名称,数量,单价\n"
    assert codes(head + "2.01809E+17,1,梨,1,1\n") == [(2, "order_number", "number_rounded")]
    assert codes(head + "A,1.80334E+10,梨,1,1\n") == [(2, "phone", "number_rounded")]


def test_rows_of_an_order_need_not_be_neighbours_and_a_row_without_number_goes_on():
    parsed = parse(HEAD + "A1,张三,苹果,2,3\nA2,李四,梨,1,1\nA1,张三,桃,1,1\n,,杏,1,1\n")
    found = {order.draft.external_id: [line.title for line in order.draft.lines] for order in parsed.orders}
    assert found == {"A1": ["苹果", "桃", "杏"], "A2": ["梨"]}


def test_order_columns_may_stand_on_any_row_of_the_order_but_must_not_disagree():
    head = "订单号,收货人,应付金额,商品名称,数量,单价,物流单号\n"
    draft = only(head + "A1,张三,,苹果,2,3,W1\nA1,,7.00,梨,1,1,W2\n")
    assert (draft.receiver.name, draft.totals.payable_minor, draft.waybill) == ("张三", 700, "W1, W2")
    bad = parse(head + "A1,张三,7,苹果,2,3,\nA1,李四,7,梨,1,1,\n").bad
    assert [(each.row, each.field, each.code) for each in bad] == [
        (2, "receiver", "rows_disagree"), (3, "receiver", "rows_disagree"),
    ]  # fmt: skip
    assert bad[0].raw == "A1,张三,7,苹果,2,3,"


def test_one_bad_row_keeps_the_whole_order_out_and_the_others_in():
    parsed = parse(HEAD + "A1,张三,苹果,2,3\nA1,张三,梨,两,1\nA2,李四,桃,1,1\n")
    assert [order.draft.external_id for order in parsed.orders] == ["A2"]
    assert [(bad.row, bad.field, bad.code) for bad in parsed.bad] == [
        (2, "quantity", "number_unreadable"), (3, "quantity", "number_unreadable"),
    ]  # fmt: skip
    assert "is not a number" in parsed.bad[0].reason and "两" in parsed.bad[1].raw


@pytest.mark.parametrize(
    ("row", "field", "code"),
    [
        ("A1,张三,苹果,,3", "quantity", "quantity_missing"),
        ("A1,张三,苹果,2,", "unit_price", "price_missing"),
        ("A1,张三,,2,3", "title", "title_missing"),
        (",张三,苹果,2,3", "order_number", "order_number_missing"),
        ("A1,张三,苹果,2,3,extra", "row", "row_too_wide"),
        ("A1,张三," + "苹" * 8001 + ",2,3", "row", "cell_too_long"),
    ],
)
def test_a_row_that_is_wrong_says_where_and_why(row, field, code):
    assert codes(HEAD + row + "\n") == [(2, field, code)]


def test_times_currency_and_amounts_that_are_wrong_say_so():
    head = "订单号,下单时间,币种,应付金额\n"
    assert codes(head + "A,昨天,CNY,1\n") == [(2, "placed_at", "instant_unreadable")]
    assert codes(head + "A,,QQQ,1\n") == [(2, "currency", "currency_unknown")]
    assert codes(head + "A,,CNY,一元\n") == [(2, "payable", "amount_unreadable")]


def test_the_row_is_the_line_of_the_file_also_below_cells_of_several_lines():
    parsed = parse(HEAD + 'A1,"张\n三",苹果,2,3\nA2,李四,梨,x,1\n')
    assert parsed.orders[0].draft.receiver.name == "张 三"
    assert [bad.row for bad in parsed.bad] == [4]


def test_each_status_word_goes_to_its_axes_and_an_unknown_one_arrives_held():
    def axes(word, method=""):
        draft = only(f"订单号,订单状态,支付方式\nA,{word},{method}\n")
        return draft.payment, draft.fulfilment, draft.cancelled, draft.status_known

    assert axes("待付款") == ("unpaid", "unfulfilled", False, True)
    assert axes("待发货") == ("paid", "unfulfilled", False, True)
    assert axes("待发货", "货到付款") == ("unpaid", "unfulfilled", False, True)
    assert axes('"买家已付款，等待卖家发货"') == ("paid", "unfulfilled", False, True)
    assert axes("已发货") == ("paid", "shipped", False, True)
    assert axes("交易成功") == ("paid", "delivered", False, True)
    assert axes("无效订单") == ("closed", "unfulfilled", True, True)
    assert axes("退款成功") == ("refunded", "unfulfilled", False, True)
    assert axes("飞走了") == ("unpaid", "unfulfilled", False, False)
    assert only("订单号,订单状态\nA,飞走了\n").external_status == "飞走了"


def test_a_payment_time_or_a_paid_amount_says_paid():
    assert only("订单号,支付时间\nA,2020-01-01\n").payment == "paid"
    assert only("订单号,实付金额\nA,3\n").payment == "paid"
    assert only("订单号,实付金额\nA,0\n").payment == "unpaid"
    assert only("订单号,订单状态,支付时间\nA,已关闭,2020-01-01\n").payment == "paid"
    assert only("订单号,支付方式\nA,花呗\n").payment_method == "other"


def test_a_price_that_is_not_written_comes_from_the_line_or_the_goods():
    assert only("订单号,商品名称,数量,行金额\nA,梨,3,10.00\n").lines[0].unit_price_micro == 3_333_333
    assert only("订单号,商品,商品总价(元),商品数量(件)\nA,梨,9.00,3\n").lines[0].unit_price_micro == 3_000_000
    assert codes("订单号,商品,商品总价(元),商品数量(件)\nA,梨,9.00,3\nA,桃,9.00,3\n")[0][2] == "price_missing"
    assert only("订单号,商品名称,单价\nA,梨,3\n").lines[0].quantity_micro == 1_000_000


def test_pickup_points_phones_and_gifts():
    head = "订单号,小区,收货地址,联系手机,联系电话,产品,数量,单价,赠品\n"
    draft = only(head + "A,阳光小区,3栋,,13800138000,梨,1,0,是\n")
    assert (draft.delivery, draft.receiver.address) == ("pickup", "阳光小区 3栋")
    assert draft.receiver.phone == "13800138000"
    assert draft.lines[0].gift
    fetched = only("订单号,自提点,小区,收货人,产品,数量,单价\nB,东门,,王,梨,1,1\n")
    assert (fetched.delivery, fetched.pickup_point, fetched.receiver.address) == ("pickup", "东门", "")


def test_headings_are_compared_without_width_case_and_unit():
    assert field_of(" Order  Number ") == "order_number:6"
    assert field_of("邮费（元）").startswith("shipping")
    assert field_of("*收货人").startswith("receiver")
    assert field_of("心情") == ""
    for names in HEADINGS.values():
        for name in names:
            assert plain_heading(name) == name
            assert field_of(name)
    # no heading names two fields: the second would never be read
    every = [name for names in HEADINGS.values() for name in names]
    assert len(every) == len(set(every))


def test_a_column_that_is_not_read_is_named():
    parsed = parse("订单号,收货人,心情\nA,张三,好\n")
    assert parsed.unread_columns == ("心情",)
    assert ("收货人", "receiver") in parsed.columns


def test_a_file_that_is_no_sheet_is_refused_with_place_and_cure():
    with pytest.raises(EncodingUnreadable) as refused:
        parse(b"\xe8\xae\xa2\xff\xff\xff")
    assert refused.value.data["offset"] >= 1
    with pytest.raises(HeadingsUnknown):
        parse("心情,天气\n好,晴\n")
    with pytest.raises(WorkbookBroken):
        parse(b"PK\x03\x04rest")
    with pytest.raises(EncodingUnknown):
        parse(HEAD, encoding="rot13")
    with pytest.raises(SheetUnreadable) as open_quote:
        parse(HEAD + 'A1,张三,苹果,2,3\nA2,"李四,梨,1,1\nA3,王五,桃,1,1\n')
    assert open_quote.value.data["line"] == 3


def test_a_cell_without_end_is_refused_and_not_looked_for_headings():
    with pytest.raises(SheetUnreadable):
        parse(HEAD + "A1,张三,苹果,2," + "3" * 140_000 + "\n")
    with pytest.raises(HeadingsUnknown):
        parse("x" * 140_000 + "\n" + HEAD)


def test_an_encoding_that_is_given_is_used():
    assert (
        parse((HEAD + "A1,张三,梨,1,1\n").encode("gbk"), encoding="GBK").orders[0].draft.receiver.name
        == "张三"
    )
    with pytest.raises(EncodingUnreadable):
        parse((HEAD + "A1,张三,梨,1,1\n").encode("gbk"), encoding="utf-8")


def test_too_many_rows_are_refused():
    with pytest.raises(TooManyRows):
        parse("订单号,收货人\n" + "A,a\n" * (ROW_LIMIT + 1))


def test_a_large_sheet_is_read_whole():
    head, *rows = MALL.read_bytes().decode("utf-8-sig").splitlines()
    many = [f"{row[:14]}{n:04d}{row[14:]}" for n in range(150) for row in rows]
    assert len(parse("\n".join([head, *many])).orders) == 65 * 150
