"""Chat text: parts in any order, orders by line or by block, and what is not understood is said."""

import pytest

from tocsin.orders.chat_address import is_address, split_address
from tocsin.orders.importer import ImportOptions, Source, TooManyRows, parse_source


def parse(text, **options):
    return parse_source(Source("", "text/plain", text.encode()), ImportOptions(**options), "pasted")


def only(text):
    parsed = parse(text)
    assert parsed.bad == ()
    (order,) = parsed.orders
    return order.draft


def goods(draft):
    return [
        (line.title, line.quantity_micro / 1e6, line.unit, line.unit_price_micro / 1e6)
        for line in draft.lines
    ]


@pytest.mark.parametrize(
    "text",
    [
        "张三 13800138000 广东省深圳市福田区莲花路1号 苹果×2",
        "苹果×2 广东省深圳市福田区莲花路1号 13800138000 张三",
        "张三，138 0013 8000，广东省深圳市福田区莲花路1号，苹果x2",
        "张三13800138000广东省深圳市福田区莲花路1号 苹果*2",
        "张三;+86 138-0013-8000;广东省 深圳市 福田区 莲花路1号;苹果 X 2",
        "收货人：张三\n电话：13800138000\n地址：广东省深圳市福田区莲花路1号\n商品：苹果×2",
        "姓名: 张三 手机: １３８００１３８０００ 收货地址: 广东省深圳市福田区莲花路1号 商品: 苹果＊2",
        "张三\n13800138000\n广东省深圳市福田区莲花路1号\n苹果×2",
    ],
)
def test_the_parts_may_stand_in_any_order_and_with_any_separator(text):
    draft = only(text)
    receiver = draft.receiver
    assert (receiver.name, receiver.phone) == ("张三", "13800138000")
    assert (receiver.province, receiver.city, receiver.district) == ("广东省", "深圳市", "福田区")
    assert receiver.address == "莲花路1号"
    assert goods(draft) == [("苹果", 2.0, "", 0.0)]
    assert (draft.channel, draft.external_id, draft.payment) == ("pasted", "", "unpaid")


def test_several_goods_with_units_and_prices():
    head = "张三 13800138000 北京市朝阳区建国路88号 "
    assert goods(only(head + "苹果×2@12.5 梨X3 5元 羊肉×1.5斤@45元 西瓜2箱 桃12元×4")) == [
        ("苹果", 2.0, "", 12.5), ("梨", 3.0, "", 5.0), ("羊肉", 1.5, "斤", 45.0), ("西瓜", 2.0, "箱", 0.0),
        ("桃", 4.0, "", 12.0),
    ]  # fmt: skip
    assert goods(only(head + "coffee x 2")) == [("coffee", 2.0, "", 0.0)]


def test_one_order_per_line_or_per_block():
    text = """张三 13800138000 广东省深圳市福田区莲花路1号 苹果×2
李四 13900139000 上海市浦东新区世纪大道100号 梨×1

赵六
13700137000
江苏省苏州市昆山市玉山镇前进路5号
西瓜2箱
姓名：王小区
手机：13800138001
地址：海南省海口市龙华区1号
芒果*3箱
"""
    parsed = parse(text)
    assert parsed.bad == ()
    assert [(each.row, each.draft.receiver.name) for each in parsed.orders] == [
        (1, "张三"), (2, "李四"), (4, "赵六"), (8, "王小区"),
    ]  # fmt: skip


def test_a_line_that_lacks_its_phone_is_not_added_to_the_order_above_it():
    parsed = parse("张三 13800138000 莲花路1号 苹果×2\n王五 北京市朝阳区建国路1号 桃×1")
    assert [len(each.draft.lines) for each in parsed.orders] == [1]
    assert [(bad.row, bad.field, bad.code) for bad in parsed.bad] == [(2, "phone", "phone_missing")]
    assert parsed.bad[0].raw == "王五 北京市朝阳区建国路1号 桃×1"


@pytest.mark.parametrize(
    ("text", "field", "code"),
    [
        ("你好", "phone", "phone_missing"),
        ("13800138000", "lines", "goods_missing"),
        ("张三 13800138000 深圳福田莲花路1号 苹果", "lines", "goods_missing"),
        ("张三 13800138000 苹果×2", "address", "address_missing"),
        ("13800138000 深圳福田莲花路1号 苹果×2", "receiver", "name_missing"),
        ("张三 13800138000 13900139000 深圳福田莲花路1号 苹果×1", "phone", "phone_twice"),
        ("张三 李四 13800138000 深圳福田莲花路1号 苹果×1", "text", "part_unclear"),
        ("张三 13800138000 深圳福田莲花路1号 苹果×1 " + "x1" * 1000, "text", "block_too_long"),
        ("张三 1380013800 莲花路1号 苹果×1", "phone", "phone_missing"),
    ],
)
def test_what_is_not_understood_is_said(text, field, code):
    parsed = parse(text)
    assert parsed.orders == ()
    assert [(bad.row, bad.field, bad.code) for bad in parsed.bad] == [(1, field, code)]


def test_the_same_phone_twice_is_one_phone():
    assert only("张三 13800138000 13800138000 深圳福田莲花路1号 苹果×1").receiver.phone == "13800138000"


def test_landlines_extensions_and_notes_are_kept():
    draft = only("吴女士 0755-26480000 湖北省恩施市舞阳坝街道1号 土豆×10斤 备注：周末送")
    assert (draft.receiver.name, draft.receiver.phone) == ("吴女士", "0755-26480000")
    assert draft.receiver.buyer_note == "周末送"
    assert only("张三 13800138000-1234 莲花路1号 苹果×2").receiver.phone == "13800138000-1234"


def test_how_it_is_paid():
    head = "张三 13800138000 莲花路1号 苹果×2 "
    draft = only(head + "货到付款")
    assert (draft.payment, draft.payment_method) == ("unpaid", "cod")
    draft = only(head + "微信已付")
    assert (draft.payment, draft.payment_method) == ("paid", "wechat")


def test_latin_names_and_names_that_look_like_places():
    assert only("Tom Lee 13800138000 上海市徐汇区淮海中路1号 coffee×2").receiver.name == "Tom Lee"
    assert only("路遥 13800138000 西安市雁塔区大学路2号 书×2").receiver.name == "路遥"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("广东省深圳市福田区莲花路1号", ("广东省", "深圳市", "福田区", "莲花路1号")),
        ("北京市朝阳区建国路88号", ("北京市", "北京市", "朝阳区", "建国路88号")),
        ("上海浦东新区世纪大道", ("上海市", "上海市", "浦东新区", "世纪大道")),
        ("重庆市重庆市渝中区1号", ("重庆市", "重庆市", "渝中区", "1号")),
        ("广西壮族自治区南宁市青秀区1号", ("广西壮族自治区", "南宁市", "青秀区", "1号")),
        ("吉林省吉林市船营区1号", ("吉林省", "吉林市", "船营区", "1号")),
        ("吉林市船营区1号", ("", "吉林市", "船营区", "1号")),
        ("湖北省恩施土家族苗族自治州恩施市1号", ("湖北省", "恩施土家族苗族自治州", "恩施市", "1号")),
        ("广东省 广州市 天河区 体育西路", ("广东省", "广州市", "天河区", "体育西路")),
        ("莲花路1号", ("", "", "", "莲花路1号")),
        ("", ("", "", "", "")),
    ],
)
def test_addresses_are_split_by_their_suffixes(text, parts):
    assert split_address(text) == parts


def test_short_words_are_addresses_only_by_their_end():
    assert is_address("海口市")
    assert is_address("北京")
    assert not is_address("路遥")
    assert not is_address("号")


def test_very_many_lines_are_refused_and_long_text_is_read():
    with pytest.raises(TooManyRows):
        parse("x\n" * 200_001)
    parsed = parse("张三 13800138000 莲花路1号 苹果×2\n" * 3_000 + "\n" + "x " * 100_000)
    assert len(parsed.orders) == 3_000
    assert [bad.code for bad in parsed.bad] == ["block_too_long"]


def test_a_line_that_is_too_long_stands_alone_and_no_text_takes_long():
    good = "张三 13800138000 莲花路1号 苹果×2"
    parsed = parse(good + "\n" + "1" * 1_000_000 + "\n" + good + "\n" + " " * 3_000 + "\n" + good)
    assert [each.row for each in parsed.orders] == [1, 3, 5]
    assert [(bad.row, bad.code) for bad in parsed.bad] == [(2, "block_too_long")]
    # quadratic it takes minutes
    assert len(parse(("1" * 2_000 + "\n\n") * 1_000).bad) == 1_000
    assert not is_address("1" * 2_000_000)


def test_what_was_stripped_is_told():
    plain = "\n张三 13800138000 莲花路1号\n苹果×2\n\n李四 13800138001 莲花路1号 苹果×2"
    assert [each.draft.stripped for each in parse(plain).orders] == [(), ()]
    orders = parse(plain.replace("苹果", "苹\u202e果", 1)).orders
    assert [each.draft.stripped for each in orders] == [("text",), ()]
    assert [each.draft.lines[0].title for each in orders] == ["苹果", "苹果"]
