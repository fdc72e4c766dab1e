"""What the demo's shop sells, and to whom: names, numbers and addresses are made up."""

from collections.abc import Iterator
from random import Random

from msgspec.structs import replace

from tocsin.core.clock import SECOND_US
from tocsin.core.money import MICRO, line_total_minor
from tocsin.orders.draft import Draft, Line, Party, Totals

GOODS = (
    ("砀山酥梨 5 斤装", "LI-5", 3990), ("黄山毛峰 特级 250g", "CHA-MF-250", 16800), ("祁门红茶 礼盒", "CHA-QH-2", 29800),
    ("宣纸 四尺 100 张", "ZHI-XZ-4", 12000), ("徽墨 油烟 二两", "MO-HM-2", 8600), ("歙砚 日月砚", "YAN-SX-1", 56000),
    ("黄山烧饼 20 只", "SB-20", 2580), ("霍山石斛 50g", "YAO-SH-50", 38800), ("臭鳜鱼 真空 750g", "YU-GY-750", 8900),
    ("六安瓜片 一级 100g", "CHA-GP-100", 9900),
)  # fmt: skip
PEAR, SPRING_TEA, BLACK_TEA, CAKES = GOODS[0], GOODS[1], GOODS[2], GOODS[6]
SERVICE = ("礼品包装服务", "FW-BZ", 1500)
_FAMILY = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
_GIVEN = ("伟", "芳", "敏", "静", "丽", "强", "磊", "洋", "艳", "勇", "杰", "娟", "涛", "明", "超", "霞", "平", "刚", "桂英", "建国", "思远", "梓涵", "雅琴", "一鸣", "小明", "桂芳", "子轩", "欣怡")  # fmt: skip
_PLACES = (
    ("安徽省", "合肥市", "蜀山区", "黄山路 {} 号 {} 栋 402 室"), ("安徽省", "黄山市", "屯溪区", "老街 {} 号 {} 室"),
    ("上海市", "上海市", "徐汇区", "漕溪北路 {} 弄 {} 号 1201 室"), ("浙江省", "杭州市", "西湖区", "文三路 {} 号 {} 幢 301"),
    ("江苏省", "南京市", "鼓楼区", "中山北路 {} 号 {} 单元 502"), ("北京市", "北京市", "海淀区", "中关村大街 {} 号 {} 层"),
    ("广东省", "广州市", "天河区", "体育西路 {} 号 {} 栋 2305 房"), ("四川省", "成都市", "武侯区", "人民南路四段 {} 号 {} 楼"),
)  # fmt: skip
_SEGMENTS = ("138", "139", "136", "150", "158", "186", "133", "177", "199", "135")
_CHANNELS = ("wechat", "wechat", "sheet", "api", "manual")


def some_line(chance: Random, *, of: tuple[str, str, int] | None = None, most: int = 3) -> Line:
    """Return a right line of some goods, or of those named."""
    return line_of(of or chance.choice(GOODS), pieces=chance.randint(1, most))


def line_of(goods: tuple[str, str, int], *, pieces: int = 1) -> Line:
    """Return a right line of so many pieces."""
    title, sku, price_minor = goods
    return Line(
        title=title, sku=sku, unit="件", quantity_micro=pieces * MICRO, unit_price_micro=price_minor * (MICRO // 100),
        total_minor=price_minor * pieces,
    )  # fmt: skip


def some_receiver(chance: Random) -> Party:
    """Return somebody at some address."""
    province, city, district, address = chance.choice(_PLACES)
    phone = chance.choice(_SEGMENTS) + f"{chance.randrange(10**8):08d}"
    return Party(
        name=chance.choice(_FAMILY) + chance.choice(_GIVEN), phone=phone, province=province, city=city,
        district=district, address=address.format(chance.randint(1, 480), chance.randint(1, 32)),
    )  # fmt: skip


def right_draft(chance: Random, external_id: str, *, placed_us: int, lines: tuple[Line, ...] = ()) -> Draft:
    """Return a right order, paid a little after it was placed."""
    lines = lines or tuple(_different(chance, 1 + (chance.random() < 0.35) + (chance.random() < 0.1)))
    goods = sum(line_total_minor(line.quantity_micro, line.unit_price_micro, "CNY") for line in lines)
    return priced(Draft(
        channel=chance.choice(_CHANNELS), external_id=external_id, external_status="待发货", placed_at_us=placed_us,
        paid_at_us=placed_us + chance.randint(5, 170) * SECOND_US, payment="paid",
        payment_method="alipay" if chance.random() < 0.3 else "wechat", receiver=some_receiver(chance), lines=lines,
        totals=Totals(coupon_minor=500 if goods > 5000 and chance.random() < 0.12 else 0),
    ))  # fmt: skip


def priced(draft: Draft) -> Draft:
    """Return a draft with the sums that its lines, shipping and discounts come to, all paid."""
    goods = sum(
        line_total_minor(line.quantity_micro, line.unit_price_micro, draft.currency) for line in draft.lines
    )
    shipping = 0 if goods >= 9900 or draft.delivery in ("pickup", "prize", "virtual") else 800
    payable = goods + shipping - draft.totals.discounts_minor()
    return replace(draft, totals=replace(
        draft.totals, goods_minor=goods, shipping_minor=shipping, payable_minor=payable, paid_minor=payable
    ))  # fmt: skip


def soon_after(draft: Draft, chance: Random) -> int:
    """Return when an order's news reaches the desk."""
    return max(draft.placed_at_us or 0, draft.paid_at_us or 0) + chance.randint(1, 4) * SECOND_US


def _different(chance: Random, many: int) -> Iterator[Line]:
    for goods in chance.sample(GOODS, many):
        yield line_of(goods, pieces=chance.randint(1, 3))
