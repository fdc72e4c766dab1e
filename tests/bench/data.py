"""Made-up orders, the same for the product and the raw engine: five lines each, over 300 days."""

import random
from collections.abc import Iterator, Sequence
from itertools import islice

from tocsin.core.money import MICRO
from tocsin.orders.draft import Draft, Line, Party, Totals

_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰"
_GOODS = (
    "砀山酥梨",
    "黄山毛峰",
    "徽墨酥",
    "太平猴魁",
    "宣纸四尺",
    "歙砚",
    "霍山石斛",
    "六安瓜片",
    "祁门红茶",
    "臭鳜鱼",
)
DAY_US = 86_400_000_000
FIRST_DAY_US = 1_760_000_000_000_000


def make_orders(count: int, *, seed: int = 7) -> Iterator[Draft]:
    """Yield drafts; the same seed yields the same."""
    dice = random.Random(seed)
    for n in range(count):
        lines = tuple(_line(dice, place) for place in range(5))
        goods = sum(line.unit_price_micro // 10_000 * (line.quantity_micro // MICRO) for line in lines)
        yield Draft(
            channel="bench", external_id=f"B{seed}-{n}", payment=dice.choice(("paid", "paid", "paid", "unpaid")),
            payment_method="wechat", fulfilment=dice.choice(("unfulfilled", "shipped")),
            campaign=dice.choice(("", "双十一", "拼团")), placed_at_us=FIRST_DAY_US + n % 300 * DAY_US + n,
            receiver=Party(
                name=dice.choice(_SURNAMES) + dice.choice(_GIVEN) + dice.choice(("", *_GIVEN)),
                phone=f"1{dice.choice('3578')}{dice.randrange(10**9):09d}", province="安徽省", city="合肥市",
                district="蜀山区", address=f"黄山路 {dice.randrange(999)} 号 {dice.randrange(30)} 栋",
            ),
            lines=lines, totals=Totals(goods_minor=goods, payable_minor=goods),
        )  # fmt: skip


def sample(numbers: Sequence[str], *, repeats: int) -> tuple[list[str], list[Draft]]:
    """Return some orders, by their numbers and as they were taken in, from all over."""
    step = max(1, len(numbers) // repeats)
    return list(numbers[::step][:repeats]), list(islice(make_orders(len(numbers)), 0, repeats * step, step))


def _line(dice: random.Random, place: int) -> Line:
    number = dice.randrange(50)
    return Line(
        title=f"{_GOODS[number % 10]} {number} 号", sku=f"SKU-{number:03d}", unit="件", line_id=str(place + 1),
        quantity_micro=dice.randrange(1, 4) * MICRO, unit_price_micro=dice.randrange(100, 20_000) * 10_000,
    )  # fmt: skip
