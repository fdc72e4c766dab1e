"""What is wrong with some of today's orders, on purpose: one of each kind that the checks find."""

from collections.abc import Callable

from msgspec.structs import replace

from tocsin.core.clock import DAY_US, to_datetime
from tocsin.core.money import MICRO
from tocsin.demo.campaigns import CLOSED, FLASH
from tocsin.demo.goods import BLACK_TEA, PEAR, SERVICE, SPRING_TEA, line_of, priced
from tocsin.demo.rhythm import ZONE
from tocsin.orders.draft import Draft, Line

NO_COD_AREA, REMOTE_AREA = "新疆", "西藏"
WATCHED_PHONE = "13912340000"


def _of_receiver(**changes: str) -> Callable[[Draft], Draft]:
    return lambda draft: replace(draft, receiver=replace(draft.receiver, **changes))


def _of_totals(field: str, more: int) -> Callable[[Draft], Draft]:
    def change(draft: Draft) -> Draft:
        return replace(
            draft, totals=replace(draft.totals, **{field: (getattr(draft.totals, field) or 0) + more})
        )

    return change


def _first_line(**changes: object) -> Callable[[Draft], Draft]:
    def change(draft: Draft) -> Draft:
        return replace(draft, lines=(replace(draft.lines[0], **changes), *draft.lines[1:]))

    return change


def _lines(*lines: Line) -> Callable[[Draft], Draft]:
    return lambda draft: priced(replace(draft, lines=lines))


def _changed(**changes: object) -> Callable[[Draft], Draft]:
    return lambda draft: replace(draft, **changes)


def _expired(draft: Draft) -> Draft:
    ended = to_datetime((draft.placed_at_us or 0) - DAY_US, ZONE)
    return replace(draft, merchant_note=f"虚拟号至 {ended:%Y-%m-%d}")


def _cash(draft: Draft) -> Draft:
    receiver = replace(
        draft.receiver,
        province="新疆维吾尔自治区",
        city="乌鲁木齐市",
        district="天山区",
        address="人民路 18 号",
    )
    totals = replace(draft.totals, paid_minor=None)
    return replace(
        draft, receiver=receiver, payment="unpaid", payment_method="cod", paid_at_us=None, totals=totals
    )


def _paid_first(draft: Draft) -> Draft:
    return replace(draft, paid_at_us=(draft.placed_at_us or 0) - 30 * 60 * 1_000_000)


def _hong_kong(draft: Draft) -> Draft:
    return replace(draft, receiver=replace(
        draft.receiver, province="香港特别行政区", city="香港岛", district="中西区", address="皇后大道中 9 号 12 楼"
    ))  # fmt: skip


def _wrong_sum(draft: Draft) -> Draft:
    return _of_totals("paid_minor", -1000)(_of_totals("payable_minor", -1000)(draft))


_WIDE = "黄山市徽州区富溪乡新明村高山生态有机茶园明前手工采摘特级黄山毛峰绿茶礼盒装 250 克（含手提袋与贺卡）"
WRONG: dict[str, Callable[[Draft], Draft]] = {
    "sum_order": _wrong_sum,
    "masked": lambda draft: replace(
        draft, channel="manual", receiver=replace(draft.receiver, phone="138****5678", name="王**")
    ),
    "required": _changed(lines=()),
    "phone_shape": _of_receiver(phone="1381234567"),
    "phone_segment": _of_receiver(phone="17912345678"),
    "phone_expired": _expired,
    "address_division": _of_receiver(province="安徽省", city="苏州市", district="蜀山区"),
    "address_short": _of_receiver(address="村口小卖部旁边"),
    "address_remote": _hong_kong,
    "quantity": _first_line(quantity_micro=MICRO // 2, total_minor=None),
    "quantity_large": _lines(line_of(PEAR, pieces=120)),
    "price_negative": _first_line(unit_price_micro=-3990 * (MICRO // 100), total_minor=-3990),
    "price_zero": lambda draft: priced(_first_line(unit_price_micro=0, total_minor=0)(draft)),
    "currency": _changed(currency="USD"),
    "sum_line": _first_line(total_minor=99_900),
    "sum_goods": _of_totals("goods_minor", 300),
    "paid_amount": _of_totals("paid_minor", -800),
    "paid_time": _changed(paid_at_us=None),
    "state": _changed(payment="refunded", external_status="退款成功"),
    "campaign": _changed(campaign=CLOSED),
    "sku": _lines(line_of(BLACK_TEA), line_of(SERVICE)),
    "stock": lambda draft: priced(replace(draft, campaign=FLASH, lines=(line_of(SPRING_TEA, pieces=400),))),
    "cod_area": _cash,
    "buyer": _of_receiver(phone=WATCHED_PHONE),
    "note": _of_receiver(buyer_note="麻烦赶在周五前送到，生日礼物，不要放价签"),
    "text": _of_receiver(address="黄山路 12 号\u202e3 栋 402 室"),
    "glyph": _of_receiver(name="\U00020bb7田一郎"),
    "width": _lines(replace(line_of(SPRING_TEA), title=_WIDE)),
    "date": _paid_first,
}  # fmt: skip
EXCEPTIONS = {
    "duplicate": "it needs two orders: the demo has a pair of them",
    "changed": "it is found of a ticket that was asked for before the order changed, and is never an order's own",
}
