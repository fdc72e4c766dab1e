"""The demo merchant: a shop with campaigns and some forty orders, several of them wrong on purpose.

The same each time, but for the day: the orders are of the last days.
"""

from collections.abc import Iterator
from functools import partial

from msgspec.structs import replace

from tocsin.core.actor import desk_actor
from tocsin.core.clock import MINUTE_US, now_us
from tocsin.core.db import DIRECTORY_SCOPE, Database, Tx
from tocsin.core.money import MICRO, line_total_minor
from tocsin.core.tenant import create_merchant, create_shop
from tocsin.orders.draft import Draft, Line, Party, Totals
from tocsin.orders.intake import take_in
from tocsin.tickets.device import add_printer

NAME, SHOP = "徽州好物（演示）", "HF"
ORDERS = 40
_GOODS = (
    ("砀山酥梨 5 斤装", "LI-5", 3990), ("黄山毛峰 特级 250g", "CHA-MF-250", 16800), ("祁门红茶 礼盒", "CHA-QH-2", 29800),
    ("宣纸 四尺 100 张", "ZHI-XZ-4", 12000), ("徽墨 油烟 二两", "MO-HM-2", 8600), ("歙砚 日月砚", "YAN-SX-1", 56000),
    ("黄山烧饼 20 只", "SB-20", 2580), ("霍山石斛 50g", "YAO-SH-50", 38800), ("臭鳜鱼 真空 750g", "YU-GY-750", 8900),
    ("六安瓜片 一级 100g", "CHA-GP-100", 9900),
)  # fmt: skip
_NAMES = (
    "王小明",
    "李慧",
    "张建国",
    "陈思远",
    "刘洋",
    "赵雅琴",
    "欧阳雪",
    "吴桂芳",
    "周梓涵",
    "徐伟",
    "孙丽",
    "胡一鸣",
)
_PLACES = (
    ("安徽省", "合肥市", "蜀山区", "黄山路 12 号 3 栋 402 室"), ("安徽省", "黄山市", "屯溪区", "老街 88 号"),
    ("上海市", "上海市", "徐汇区", "漕溪北路 375 弄 6 号 1201 室"), ("浙江省", "杭州市", "西湖区", "文三路 90 号 5 幢 301"),
    ("江苏省", "南京市", "鼓楼区", "中山北路 200 号 7 单元 502"), ("北京市", "北京市", "海淀区", "中关村大街 27 号 1103"),
    ("广东省", "广州市", "天河区", "体育西路 101 号 2305 房"), ("四川省", "成都市", "武侯区", "人民南路四段 1 号 8 楼"),
)  # fmt: skip
_CAMPAIGNS = ("", "酥梨开园团购", "", "谷雨新茶秒杀", "")
_CHANNELS = ("wechat", "manual", "sheet", "api")


def create_demo(db: Database) -> int:
    """Make the demo merchant with his orders and a printer that writes PDFs; return his id."""
    merchant_id = db.write(DIRECTORY_SCOPE, partial(create_merchant, name=NAME, demo=True))
    db.write(merchant_id, partial(create_shop, code=SHOP, name="合肥店", zone="Asia/Shanghai"))
    printer = partial(add_printer, actor=desk_actor(merchant_id), name="PDF", kind="pdf_file", options={})
    db.write(merchant_id, printer)
    for draft in demo_drafts(now_us()):
        db.write(merchant_id, partial(_take, draft=draft))
    return merchant_id


def demo_drafts(until_us: int) -> Iterator[Draft]:
    """Yield the demo's orders, the last one placed shortly before an instant."""
    spoilers = {5: _wrong_sum, 9: _masked_phone, 14: _no_address, 18: _wrong_line, 23: _short_phone, 27: _refunding, 31: _no_lines, 36: _zero_price}  # fmt: skip
    for place in range(ORDERS):
        right = _right_draft(place, until_us - (ORDERS - place) * 97 * MINUTE_US)
        yield spoilers[place](right) if place in spoilers else right


def _take(tx: Tx, *, draft: Draft) -> None:
    take_in(tx, desk_actor(tx.merchant_id), draft)


def _right_draft(place: int, placed_us: int) -> Draft:
    lines = tuple(_line(place + 3 * n, quantity=1 + (place + n) % 3) for n in range(1 + place % 3))
    goods = sum(line_total_minor(line.quantity_micro, line.unit_price_micro, "CNY") for line in lines)
    shipping, coupon = (0 if goods >= 9900 else 800), (500 if place % 7 == 3 else 0)
    payable = goods + shipping - coupon
    province, city, district, address = _PLACES[place % len(_PLACES)]
    return Draft(
        channel=_CHANNELS[place % len(_CHANNELS)], external_id=f"DEMO-{place + 1:04d}", external_status="待发货",
        placed_at_us=placed_us, paid_at_us=placed_us + 3 * MINUTE_US, payment="paid",
        payment_method="alipay" if place % 4 == 1 else "wechat", campaign=_CAMPAIGNS[place % len(_CAMPAIGNS)],
        receiver=Party(
            name=_NAMES[place % len(_NAMES)], phone=f"138{(place * 7919 + 12345678) % 10**8:08d}", province=province,
            city=city, district=district, address=address, buyer_note="请放门口" if place % 11 == 4 else "",
        ),
        lines=lines,
        totals=Totals(
            goods_minor=goods, shipping_minor=shipping, coupon_minor=coupon, payable_minor=payable, paid_minor=payable
        ),
    )  # fmt: skip


def _line(place: int, *, quantity: int) -> Line:
    title, sku, price_minor = _GOODS[place % len(_GOODS)]
    return Line(
        title=title, sku=sku, unit="件", quantity_micro=quantity * MICRO, unit_price_micro=price_minor * (MICRO // 100),
        total_minor=price_minor * quantity,
    )  # fmt: skip


def _wrong_sum(draft: Draft) -> Draft:
    wrong = (draft.totals.payable_minor or 0) - 1000
    return replace(draft, totals=replace(draft.totals, payable_minor=wrong, paid_minor=wrong))


def _masked_phone(draft: Draft) -> Draft:
    return replace(draft, receiver=replace(draft.receiver, phone="138****5678", name="王**"))


def _no_address(draft: Draft) -> Draft:
    return replace(draft, receiver=replace(draft.receiver, province="", city="", district="", address=""))


def _wrong_line(draft: Draft) -> Draft:
    first = draft.lines[0]
    return replace(
        draft, lines=(replace(first, total_minor=(first.total_minor or 0) + 200), *draft.lines[1:])
    )


def _short_phone(draft: Draft) -> Draft:
    return replace(draft, receiver=replace(draft.receiver, phone="1381234567"))


def _refunding(draft: Draft) -> Draft:
    return replace(draft, payment="refunded", external_status="退款成功")


def _no_lines(draft: Draft) -> Draft:
    return replace(draft, lines=())


def _zero_price(draft: Draft) -> Draft:
    first = draft.lines[0]
    return replace(draft, lines=(replace(first, unit_price_micro=0, total_minor=0), *draft.lines[1:]))
