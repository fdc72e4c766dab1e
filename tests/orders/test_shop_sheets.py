"""The sheets of shops, as text and as workbooks: what each shop does otherwise, and words that nobody knows."""

import csv
import io
from pathlib import Path

import openpyxl
import pytest

from tocsin.orders.importer import ImportOptions, Source, choose_importer, parse_source

DATA = Path(__file__).parent.parent / "data"
SHEETS = {
    "taobao": "ExportOrderList.csv", "tmall": "ExportOrderDetailList.csv", "pinduoduo": "orders_export.csv",
    "jd": "orders.csv", "alibaba1688": "orders.csv", "group_buy": "orders.csv",
}  # fmt: skip


def read(name):
    data = (DATA / name / SHEETS[name]).read_bytes()
    source = Source(SHEETS[name], "text/csv", data)
    assert choose_importer(source).name == name
    return parse_source(source, ImportOptions())


def drafts(name):
    parsed = read(name)
    assert parsed.bad == ()
    return [each.draft for each in parsed.orders]


def goods(draft):
    return [
        (line.title, line.quantity_micro / 1e6, line.unit_price_micro / 1e6, line.discount_minor) for line in draft.lines
    ]  # fmt: skip


@pytest.mark.parametrize("name", SHEETS)
def test_a_workbook_of_the_sheet_is_read_as_its_text_is(name):
    parsed = read(name)
    data = (DATA / name / SHEETS[name]).read_bytes()
    made = openpyxl.Workbook()
    for row in csv.reader(
        io.StringIO(data.decode("gb18030" if parsed.encoding == "gb18030" else "utf-8-sig"))
    ):
        made.active.append([cell.strip("\t") for cell in row])
    for row in made.active.iter_rows():
        for cell in row:
            cell.data_type = "s" if cell.value is not None else "n"
    out = io.BytesIO()
    made.save(out)
    again = parse_source(Source("orders.xlsx", "", out.getvalue()), ImportOptions())
    assert again.orders == parsed.orders


def test_taobao_has_an_order_a_row_with_all_its_goods_in_one_cell():
    first, second, third = drafts("taobao")
    assert (first.external_id, first.channel, first.receiver.phone) == (
        "1930679858170647",
        "taobao",
        "13800138000",
    )
    assert goods(first) == [("宣纸", 1, 649.5, 0), ("徽墨", 1, 649.5, 0)]
    party = first.receiver
    assert (party.province, party.city, party.district) == ("安徽省", "合肥市", "蜀山区")
    assert (party.address, party.postcode) == ("黄山路12号3栋402", "230000")
    assert (first.totals.payable_minor, first.totals.fees_minor, first.payment) == (129_900, 0, "paid")
    assert goods(second) == [("酥梨，脆甜", 3, 10, 0)], "one kind of goods with a comma in its name"
    assert (second.payment, second.receiver.city, second.receiver.postcode) == ("unpaid", "上海市", "200120")
    assert (third.status_known, third.external_status) == (False, "定金已付，等待尾款")


def test_tmall_has_a_row_a_line_with_its_own_payment_and_refund():
    first, second = drafts("tmall")
    assert goods(first) == [("宣纸", 2, 60, 1000), ("徽墨", 1, 45, 0)]
    assert [line.line_id for line in first.lines] == ["501", "502"]
    assert (first.totals.paid_minor, first.payment, first.status_known) == (15_500, "part_refunded", True)
    assert (second.status_known, second.external_status) == (
        False,
        "交易成功；买家已经申请退款，等待卖家同意",
    )


def test_pinduoduo_may_have_no_time_and_tells_discounts_by_who_pays_them():
    first, second, third = drafts("pinduoduo")
    assert (first.external_id, goods(first)) == ("260102-012345678901234", [("酥梨 5斤装", 2, 19.9, 0)])
    totals = first.totals
    assert (totals.promotion_minor, totals.coupon_minor, totals.paid_minor) == (200, 180, 3_600)
    assert (second.placed_at_us, second.cancelled) == (None, True)
    assert (third.payment, third.fulfilment, third.status_known) == ("refunded", "unfulfilled", True)


def test_jd_tells_what_is_payable_before_and_after_discounts():
    first, second = drafts("jd")
    assert goods(first) == [("宣纸", 3, 60, 0), ("徽墨", 1, 45, 0)]
    assert (first.totals.promotion_minor, first.totals.shipping_minor, first.totals.payable_minor) == (
        2_100,
        600,
        21_000,
    )
    assert (second.status_known, second.external_status, second.totals.promotion_minor) == (
        False,
        "(锁定)等待出库",
        0,
    )


def test_1688_and_group_buying():
    (made,) = drafts("alibaba1688")
    assert (made.external_id, made.channel, goods(made)) == (
        "4012345678901234567",
        "1688",
        [("包装盒", 100, 1.2, 0)],
    )
    assert (made.receiver.name, made.receiver.postcode, made.payment) == ("", "310052", "paid")
    first, second = drafts("group_buy")
    assert (first.external_id, first.delivery, first.receiver.address) == (
        "00000012",
        "pickup",
        "阳光小区 3栋402",
    )
    assert goods(first) == [("酥梨", 3, 10, 0), ("宣纸", 1, 20, 0)]
    assert (first.payment_method, first.totals.paid_minor) == ("wechat", 5_000)
    assert (second.payment_method, second.payment) == ("cod", "unpaid")
