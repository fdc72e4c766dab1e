"""The demo's campaigns: one of each kind, and what their orders look like."""

from datetime import date, timedelta
from random import Random

from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.actor import Actor
from tocsin.core.clock import DAY_US, day_bounds_us, to_datetime
from tocsin.core.db import Tx
from tocsin.demo.goods import BLACK_TEA, CAKES, PEAR, SPRING_TEA, line_of, priced
from tocsin.demo.rhythm import ZONE
from tocsin.orders.campaign import Kind, Plan, add_campaign
from tocsin.orders.draft import Draft

FLASH, FLASH_BACK, FLASH_HOUR, FLASH_TIMES = "毛峰秒杀", 6, 20, 4
GROUP, COUPON, LOTTERY, VOTE, POINTS, LIMITED, OPEN_DAY = (
    "酥梨团购",
    "新客立减",
    "周年抽奖",
    "最美茶点",
    "积分兑换",
    "红茶周",
    "开仓日",
)
CLOSED = "国庆礼盒"


class _Set(Struct, frozen=True):
    """One campaign: from so many days back until so many, and the share of its days' orders that are of it."""

    code: str
    kind: Kind
    title: str
    first_back: int
    last_back: int
    share: float
    per_buyer: int = 0
    min_group: int = 0
    stock: dict[str, int] = {}


_PLANNED = (
    _Set(GROUP, "group_buy", "酥梨开园团购", 12, -5, 0.16, per_buyer=10, min_group=3),
    _Set(FLASH, "flash_sale", "黄山毛峰整点秒杀", FLASH_BACK, FLASH_BACK, 0, per_buyer=2, stock={SPRING_TEA[1]: 400}),
    _Set(COUPON, "coupon", "新客立减 5 元", 30, -30, 0.1),
    _Set(LOTTERY, "lottery", "周年庆抽奖", 9, -2, 0.04, per_buyer=1),
    _Set(VOTE, "vote", "最美茶点评选", 20, -3, 0.05, stock={CAKES[1]: 300}),
    _Set(POINTS, "points", "积分兑换", 28, -60, 0.03),
    _Set(LIMITED, "time_limited", "祁门红茶周", 21, 14, 0.14),
    _Set(OPEN_DAY, "other", "开仓日提货", 3, -1, 0.05),
    _Set(CLOSED, "flash_sale", "国庆礼盒预售", 29, 25, 0.06),
)  # fmt: skip


def plan_campaigns(tx: Tx, actor: Actor, *, present_us: int) -> None:
    """Set the campaigns up, running ones and ended ones."""
    today = to_datetime(present_us, ZONE).date()
    for one in _PLANNED:
        starts_us = day_bounds_us(today - timedelta(days=one.first_back), ZONE)[0]
        ends_us = day_bounds_us(today - timedelta(days=one.last_back), ZONE)[1]
        add_campaign(tx, actor, plan=Plan(
            kind=one.kind, title=one.title, code=one.code, starts_at_us=starts_us, ends_at_us=ends_us,
            min_group=one.min_group, per_buyer=one.per_buyer, stock=one.stock,
        ))  # fmt: skip


def of_some_campaign(draft: Draft, chance: Random, *, today: date, first: bool = False) -> Draft:
    """Return an order as it is, or as one of a campaign that ran when it was placed; a day's first is of one that begins."""
    back, roll = (today - to_datetime(draft.placed_at_us or 0, ZONE).date()).days, chance.random()
    begins = [one.code for one in _PLANNED if first and one.share and one.first_back == back]
    if begins:
        return of_campaign(draft, begins[0], chance=chance)
    for one in _PLANNED:
        if one.last_back <= back <= one.first_back:
            roll -= one.share
            if roll < 0:
                return of_campaign(draft, one.code, chance=chance)
    return draft


def of_campaign(draft: Draft, code: str, *, chance: Random) -> Draft:
    """Return an order as one of a campaign."""
    draft = replace(draft, campaign=code)
    if code == GROUP:
        number = f"T{(draft.placed_at_us or 0) // DAY_US}{chance.randint(1, 9)}"
        return priced(replace(
            draft, lines=(line_of(PEAR, pieces=chance.randint(1, 3)),), group_no=number, group_state="formed",
            delivery="pickup", pickup_point="蜀山自提点", community=chance.choice(("翠庭园", "西湖花园", "琥珀山庄")),
        ))  # fmt: skip
    if code == LOTTERY:
        prize = replace(line_of(CAKES), unit_price_micro=0, total_minor=0, gift=True)
        draft = replace(draft, delivery="prize", lines=(prize,), totals=replace(draft.totals, coupon_minor=0))
        return priced(replace(draft, payment="unpaid", paid_at_us=None))
    goods = {FLASH: SPRING_TEA, VOTE: CAKES, LIMITED: BLACK_TEA}.get(code)
    if code == COUPON:
        draft = replace(draft, totals=replace(draft.totals, coupon_minor=500))
    if code == POINTS:
        draft = replace(draft, totals=replace(draft.totals, coupon_minor=0, points_minor=1000))
    return priced(replace(draft, lines=(line_of(goods),)) if goods else draft)
