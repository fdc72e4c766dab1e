"""Cells of sheets: times in their zones, amounts as people write them, what spreadsheets wrap around ids."""

import pytest

from tests.orders.test_sheet import only
from tocsin.core.clock import to_datetime
from tocsin.orders.sheet_cells import (
    InstantOutside,
    InstantUnreadable,
    ZoneUnknown,
    read_instant,
    read_micro,
    read_minor,
    unwrap_cell,
)


@pytest.mark.parametrize(
    ("written", "zone", "utc"),
    [
        ("2018-09-15 12:24:27", "Asia/Shanghai", "2018-09-15T04:24:27+00:00"),
        ("2016/5/23 22:02", "Asia/Shanghai", "2016-05-23T14:02:00+00:00"),
        ("2016-05-23", "Asia/Shanghai", "2016-05-22T16:00:00+00:00"),
        ("2016年5月3日 7:08", "UTC", "2016-05-03T07:08:00+00:00"),
        ("2024-05-01T10:00:00+08:00", "UTC", "2024-05-01T02:00:00+00:00"),
        ("2024-05-01 10:00:00 +0000", "Asia/Shanghai", "2024-05-01T10:00:00+00:00"),
        ("2024-05-01T10:00:00.5Z", "Asia/Shanghai", "2024-05-01T10:00:00.500000+00:00"),
    ],
)
def test_times_are_read_in_the_zone_they_are_in(written, zone, utc):
    assert to_datetime(read_instant(written, zone)).isoformat() == utc


@pytest.mark.parametrize(
    "written", ["2018-13-01", "2018-02-30 1:00", "12:24", "0000-01-01", "2024-05-01 25:00", "43358.5"]
)
def test_what_is_no_time_is_refused(written):
    with pytest.raises(InstantUnreadable):
        read_instant(written, "UTC")
    assert read_instant("-", "UTC") is None
    with pytest.raises(ZoneUnknown):
        read_instant("2018-01-01", "../etc/passwd")


@pytest.mark.parametrize(
    "written", ["0001-01-01 00:00:00", "0001-01-01T00:00:00+14:00", "1899-12-30", "1900-01-00", "1900/1/1 0:00", "0000-00-00 00:00:00"],
)  # fmt: skip
def test_the_day_that_stands_for_no_day_is_a_blank(written):
    assert read_instant(written, "Asia/Shanghai") is None


@pytest.mark.parametrize(
    "written",
    ["0001-01-02", "0001-01-01 08:00", "1899-12-30 12:24", "1989-12-31 23:59:59", "2200-01-01", "9999-12-31T23:59:59-12:00"],
)  # fmt: skip
def test_an_instant_that_no_order_has_is_refused(written):
    with pytest.raises(InstantOutside):
        read_instant(written, "UTC")
    assert read_instant("1990-01-01", "UTC") < read_instant("2199-12-31 23:59:59", "UTC")


def test_amounts_take_yuan_signs_commas_and_dashes():
    head = "订单号,商品总额,运费,促销优惠(元),优惠券抵扣,实付金额\n"
    totals = only(head + 'A,"1,234.50元",-,-10.00,¥5,1219.50\n').totals
    assert (totals.goods_minor, totals.shipping_minor, totals.promotion_minor) == (123450, 0, 1000)
    assert (totals.coupon_minor, totals.paid_minor) == (500, 121950)
    assert read_minor("12.50", "CNY") == 1250
    assert read_minor("1250", "JPY") == 1250
    assert read_minor(".50", "CNY") == 50
    assert read_micro("0.000001") == 1
    assert read_micro("1.5") == 1_500_000


def test_unwrapping_leaves_other_text_alone():
    assert unwrap_cell("'Tis") == "'Tis"
    assert unwrap_cell("''Tis") == "'Tis"
    assert unwrap_cell('="') == '="'
    assert unwrap_cell("  a\u202eb  ") == "ab"


def test_what_was_stripped_is_told_by_its_field():
    head = "订单号,收货人,联系电话,商品名称,数量,单价,备注\n"
    draft = only(head + "A1,张\u202e三,1380\u00070013800,苹果,2,3,\nA1,,,\u2066梨,1,1,\n")
    assert draft.stripped == ("receiver.name", "receiver.phone", "lines.1.title")
    assert (draft.receiver.name, draft.receiver.phone, draft.lines[1].title) == ("张三", "13800013800", "梨")
    assert only(head + "A1,张三,1,苹果,2,3,\n").stripped == ()
