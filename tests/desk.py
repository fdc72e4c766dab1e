"""Builders: orders that are right in every respect, changed only where a test says so."""

from typing import Any

from msgspec.structs import replace

from tocsin.core.money import MICRO, line_total_minor
from tocsin.orders.draft import Line, Order, Party, Totals

NOW_US = 1_790_000_000_000_000  # 2026-09-21T14:13:20Z

RECEIVER = Party(
    name="王小明",
    phone="13812345678",
    province="安徽省",
    city="合肥市",
    district="蜀山区",
    address="黄山路 12 号 3 栋 402 室",
)


def make_line(
    title: str = "砀山酥梨 5 斤装", *, quantity: float = 1, price: float = 39.9, **changes: Any
) -> Line:
    """Return a line of so many pieces at a price in yuan."""
    return Line(
        title=title,
        **{
            "sku": "LI-5",
            "unit": "件",
            "quantity_micro": round(quantity * MICRO),
            "unit_price_micro": round(price * MICRO),
            **changes,
        },
    )


def make_order(
    *,
    lines: tuple[Line, ...] | None = None,
    receiver: Party = RECEIVER,
    totals: Totals | None = None,
    **changes: Any,
) -> Order:
    """Return a paid order of two lines; its totals are declared as they follow from the lines."""
    lines = (make_line(quantity=2), make_line("宣纸", price=120, sku="XZ-1")) if lines is None else lines
    currency = changes.get("currency", "CNY")
    known = currency if currency in ("CNY", "JPY", "KWD") else "CNY"
    goods = sum(line_total_minor(line.quantity_micro, line.unit_price_micro, known) for line in lines)
    if totals is None:
        reduced = sum(line.discount_minor for line in lines)
        totals = Totals(goods_minor=goods, promotion_minor=reduced, payable_minor=goods - reduced)
    payable = goods if totals.payable_minor is None else totals.payable_minor
    values: dict[str, Any] = {
        "id": 7,
        "number": "A-20260921-0001",
        "revision": 1,
        "merchant_id": 1,
        "shop_id": 1,
        "shop": "A",
        "channel": "sheet",
        "external_id": "WX-1001",
        "external_status": "待发货",
        "status_known": True,
        "currency": currency,
        "placed_at_us": NOW_US - 3_600_000_000,
        "paid_at_us": NOW_US - 3_500_000_000,
        "payment": "paid",
        "payment_method": "wechat",
        "fulfilment": "unfulfilled",
        "desk_state": "produced",
        "delivery": "express",
        "campaign": "",
        "merchant_note": "",
        "carrier": "",
        "waybill": "",
        "masked": False,
        "computed_goods_minor": goods,
        "computed_payable_minor": payable,
        "payable_minor": payable,
        "content_hash": "0" * 64,
        "produced_at_us": NOW_US,
        "head_revision": 1,
    }
    return Order(**{**values, **changes}, lines=lines, receiver=receiver, totals=totals)


def order_with(**changes: Any) -> Order:
    """Return a good order with fields changed by their own names, of the receiver and the totals too.

    `payable_minor` changes what is declared and what the order holds.
    """
    order = make_order(**{name: changes.pop(name) for name in ("lines", "currency") if name in changes})
    of_party = {name: changes.pop(name) for name in Party.__struct_fields__ if name in changes}
    of_totals = {name: changes[name] for name in Totals.__struct_fields__ if name in changes}
    of_order = {name: value for name, value in changes.items() if name in Order.__struct_fields__}
    unknown = changes.keys() - of_totals.keys() - of_order.keys()
    if unknown:
        raise TypeError(f"an order has no {sorted(unknown)}")
    if of_order.get("payable_minor", 0) is None:  # undeclared: the order holds the computed one
        del of_order["payable_minor"]
    return replace(
        order,
        receiver=replace(order.receiver, **of_party),
        totals=replace(order.totals, **of_totals),
        **of_order,
    )
