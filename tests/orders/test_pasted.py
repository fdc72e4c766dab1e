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


HEAD = "陈小丽 13988887777 江苏省南京市玄武区中山路18号3栋 "
WHO, TOWN = ("陈小丽", "13988887777"), "江苏省南京市玄武区"
HOME = (*WHO, f"{TOWN}中山路18号3栋")
STONE = ("霍山石斛", "50g", 1, 388)
PEAK = ("黄山毛峰 特级", "250g", 2, 168)


@pytest.mark.parametrize(
    ("text", "receiver", "lines"),
    [
        (HEAD + "霍山石斛 50g×1@388", HOME, [STONE]),
        (HEAD + "黄山毛峰 特级 250g×2@168", HOME, [PEAK]),
        (HEAD + "霍山石斛 50g×1 388元 黄山毛峰 特级 250g x 2 ¥168", HOME, [STONE, PEAK]),
        (HEAD + "，霍山石斛 50g*1 ￥388；黄山毛峰 特级 250g X2@168元", HOME, [STONE, PEAK]),
        (HEAD + "\n霍山石斛 50g×1@388\n黄山毛峰 特级 250gx2@168", HOME, [STONE, PEAK]),
        (HEAD + "霍山石斛 50g 388元×1", HOME, [STONE]),
        (HEAD + "霍山石斛 50g×1，388元", HOME, [STONE]),
        (HEAD + "A 50g×2 B×1", HOME, [("A", "50g", 2, 0), ("B", "", 1, 0)]),
        ("霍山石斛 50g×1@388 江苏省南京市玄武区中山路18号3栋 陈小丽 13988887777", HOME, [STONE]),
        ("霍山石斛 50g×1@388，陈小丽，13988887777，江苏省南京市玄武区中山路18号3栋", HOME, [STONE]),
        ("陈小丽 13988887777 云南普洱 357g×1 江苏省南京市玄武区中山路18号3栋", HOME, [("云南普洱", "357g", 1, 0)]),
        (HEAD + "砀山酥梨 5 斤装×2@39.9", HOME, [("砀山酥梨", "5 斤装", 2, 39.9)]),
        (HEAD + "祁门红茶 礼盒×1@298", HOME, [("祁门红茶 礼盒", "", 1, 298)]),
        (HEAD + "宣纸 四尺 100 张×3", HOME, [("宣纸 四尺", "100 张", 3, 0)]),
        (HEAD + "徽墨 油烟 二两 2件 歙砚 日月砚×1", HOME, [("徽墨 油烟 二两", "", 2, 0), ("歙砚 日月砚", "", 1, 0)]),
        (HEAD + "黄山烧饼 20 只×2 臭鳜鱼 真空 750g×1@89", HOME, [("黄山烧饼", "20 只", 2, 0), ("臭鳜鱼 真空", "750g", 1, 89)]),
        (HEAD + "六安瓜片 一级 100g 2 盒 @99", HOME, [("六安瓜片 一级", "100g", 2, 99)]),
        (HEAD + "农村土鸡蛋 30 枚×1 西瓜2箱 羊肉×1.5斤@45", HOME, [("农村土鸡蛋", "30 枚", 1, 0), ("西瓜", "", 2, 0), ("羊肉", "", 1.5, 45)]),
        (
            "收货人：陈小丽 电话：139 8888 7777 地址：江苏省南京市玄武区中山路18号3栋 商品：霍山石斛 50g×1@388 备注：送2袋",
            HOME, [STONE],
        ),
        ("收货人：陈小丽\n电话：13988887777\n地址：江苏省南京市玄武区中山路18号3栋\n霍山石斛 50g×1@388", HOME, [STONE]),
        ("收货人：陈小丽 13988887777\n地址：江苏省南京市玄武区中山路18号3栋 霍山石斛 50g×1@388", HOME, [STONE]),
        (
            "陈小丽 13988887777转8021 江苏省南京市玄武区中山路 18 号 3 栋 2 单元 402 霍山石斛 50g×1@388",
            ("陈小丽", "13988887777-8021", f"{TOWN}中山路 18 号 3 栋 2 单元 402"), [STONE],
        ),
        ("陈小丽 025-84400000 分机 12 江苏省南京市玄武区中山路18号3栋 霍山石斛 50g×1@388", ("陈小丽", "025-84400000-12", HOME[2]), [STONE]),
        ("Tom Lee 13988887777 江苏省南京市玄武区中山路18号A座1201室 coffee beans 250g×2", ("Tom Lee", WHO[1], f"{TOWN}中山路18号A座1201室"), [("coffee beans", "250g", 2, 0)]),
        ("Receiver 13988887777 江苏省南京市玄武区中山路18号 A 座 1201 iPhone 15×1", ("Receiver", WHO[1], f"{TOWN}中山路18号 A 座 1201"), [("iPhone 15", "", 1, 0)]),
        ("陈小丽 13988887777 江苏省南京市玄武区中山路18号 阳光小区 3栋 402室 霍山石斛 50g×1@388", (*WHO, f"{TOWN}中山路18号 阳光小区 3栋 402室"), [STONE]),
        ("陈小丽 13988887777 江苏省南京市玄武区中山路18号 阳光小区，霍山石斛 50g×1@388", (*WHO, f"{TOWN}中山路18号 阳光小区"), [STONE]),
        ("陈小丽 13988887777 江苏省南京市玄武区 明故宫 中山路18号，霍山石斛 50g×1@388", (*WHO, f"{TOWN}明故宫 中山路18号"), [STONE]),
        ("陈小丽 13988887777 江苏省南京市玄武区阳光小区 苹果×2", (*WHO, f"{TOWN}阳光小区"), [("苹果", "", 2, 0)]),
        ("欧阳雪，13988887777，浙江省杭州市西湖区文三路 90 号 5 幢 301，黄山毛峰 特级 250g×2@168", ("欧阳雪", WHO[1], "浙江省杭州市西湖区文三路 90 号 5 幢 301"), [PEAK]),
        ("李慧 13988887777 上海市徐汇区漕溪北路 375 弄 6 号 1201 室 黄山毛峰 特级 250g×2@168 已付", ("李慧", WHO[1], "上海市上海市徐汇区漕溪北路 375 弄 6 号 1201 室"), [PEAK]),
    ],
)  # fmt: skip
def test_what_stands_behind_the_house_is_goods(text, receiver, lines):
    draft = only(text)
    to = draft.receiver
    assert (to.name, to.phone, to.province + to.city + to.district + to.address) == receiver
    assert [
        (line.title, line.spec, line.quantity_micro / 1e6, line.unit_price_micro / 1e6) for line in draft.lines
    ] == lines  # fmt: skip


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (HEAD + "50g×1@388", "goods_unnamed"),
        (HEAD + "2箱", "goods_unnamed"),
        (HEAD + "3×2", "goods_unnamed"),
        (HEAD + "霍山石斛，50g×1", "goods_unnamed"),
        (HEAD + "霍山石斛，特级×1", "goods_unnamed"),
        (HEAD + "黄山烧饼 20只 2份", "goods_unnamed"),
        (HEAD + "霍山石斛 50g", "goods_missing"),
        (HEAD + "霍山石斛×1 50g", "part_unclear"),
        (HEAD + "5 苹果×2", "goods_unclear"),
        (HEAD + "阳光小区 苹果×2", "goods_unclear"),
        ("13988887777 江苏省南京市玄武区中山路18号3栋 陈小丽 霍山石斛 50g×1", "goods_unclear"),
        ("13988887777 江苏省南京市玄武区中山路18号3栋 霍山石斛 50g×1", "goods_unclear"),
        ("陈小丽 13988887777 江苏省南京市玄武区中山路18号3栋霍山石斛 50g×1", "goods_unclear"),
        ("陈小丽 13988887777 江苏省南京市玄武区 中山路18号霍山石斛×1", "goods_unclear"),
        ("陈小丽 13988887777 江苏省南京市玄武区 霍山石斛 50g×1", "goods_unclear"),
        ("陈小丽 13988887777 江苏省南京市玄武区 农村土鸡蛋 散养×1", "goods_unclear"),
        ("陈小丽 13988887777 江苏省南京市玄武区中山路18号中国银行 苹果×1", "goods_unclear"),
        ("收货人：Tom coffee beans×2 13988887777 江苏省南京市玄武区中山路18号", "goods_unclear"),
        (HEAD + "苹果×2@5 梨×1，388元", "price_unclear"),
        (HEAD + "苹果5元×2@6", "price_unclear"),
        (HEAD + "商品：苹果", "goods_missing"),
        (HEAD + "商品：苹果×1 送一个", "part_unclear"),
    ],
)
def test_what_can_be_read_in_two_ways_is_refused_with_its_cure(text, code):
    parsed = parse(text)
    assert parsed.orders == ()
    assert [bad.code for bad in parsed.bad] == [code]
    assert ": " in parsed.bad[0].reason


def test_a_note_is_no_goods_and_lines_of_goods_stay_with_their_order():
    draft = only(HEAD + "\n云南普洱 357g×1\n苹果×2 备注：送2袋，周末送")
    assert draft.receiver.buyer_note == "送2袋, 周末送"
    assert [line.title for line in draft.lines] == ["云南普洱", "苹果"]
    parsed = parse(f"李四 1398888 莲花路1号 梨×1\n{HEAD}苹果×1")
    assert [bad.code for bad in parsed.bad] == ["phone_missing"] and [one.row for one in parsed.orders] == [2]
    assert [len(each.draft.lines) for each in parse(f"{HEAD}苹果×1\n{HEAD}梨×1").orders] == [1, 1]
