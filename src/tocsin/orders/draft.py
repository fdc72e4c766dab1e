"""Orders as values: what comes in (a draft), and what a revision holds (an order).

Amounts are in minor units of the order's currency, quantities and unit prices in millionths,
instants in UTC microseconds.
"""

from typing import Literal

from msgspec import Struct

from tocsin.core.party import Party as Party  # drafts and orders carry it

Payment = Literal["unpaid", "authorised", "paid", "part_refunded", "refunded", "closed"]
Fulfilment = Literal["unfulfilled", "partial", "shipped", "delivered", "returned"]
DeskState = Literal["produced", "printed", "archived", "cancelled"]
Delivery = Literal["express", "pickup", "local", "virtual", "prize"]
GroupState = Literal["", "forming", "formed", "failed"]
Method = Literal["", "wechat", "alipay", "card", "cod", "points", "cash", "offline", "other"]

PERSONAL_FIELDS = ("name", "phone", "province", "city", "district", "address", "postcode", "buyer_note")


class Line(Struct, frozen=True, kw_only=True):
    """One line: `total_minor` is the one declared by the source, None where it declared none."""

    title: str
    line_id: str = ""
    sku: str = ""
    spec: str = ""
    unit: str = ""
    quantity_micro: int = 1_000_000
    unit_price_micro: int = 0
    discount_minor: int = 0
    total_minor: int | None = None
    gift: bool = False


class Totals(Struct, frozen=True, kw_only=True):
    """What the source declares; None is not declared. Discounts are positive, an adjustment is added."""

    goods_minor: int | None = None
    shipping_minor: int = 0
    tax_minor: int = 0
    fees_minor: int = 0
    promotion_minor: int = 0
    coupon_minor: int = 0
    points_minor: int = 0
    adjustment_minor: int = 0
    payable_minor: int | None = None
    paid_minor: int | None = None

    def discounts_minor(self) -> int:
        """Return promotion, coupon and points together."""
        return self.promotion_minor + self.coupon_minor + self.points_minor


class Draft(Struct, frozen=True, kw_only=True):
    """An order on its way to `produce`, from whichever door."""

    channel: str
    external_id: str = ""
    shop: str = ""
    external_status: str = ""
    status_known: bool = True
    currency: str = "CNY"
    placed_at_us: int | None = None
    placed_raw: str = ""
    paid_at_us: int | None = None
    source_version_us: int | None = None
    payment: Payment = "unpaid"
    payment_method: Method = ""
    fulfilment: Fulfilment = "unfulfilled"
    cancelled: bool = False
    delivery: Delivery = "express"
    campaign: str = ""
    merchant_note: str = ""
    carrier: str = ""
    waybill: str = ""
    pickup_point: str = ""
    community: str = ""
    group_no: str = ""
    group_state: GroupState = ""
    receiver: Party = Party()
    lines: tuple[Line, ...] = ()
    totals: Totals = Totals()
    stripped: tuple[str, ...] = ()
    """Fields from which control or bidi characters were taken, such as `lines.0.title`: the text is clean."""


class Order(Struct, frozen=True, kw_only=True):
    """One revision of an order as boxes 10 to 20 see it; `masked` tells which text the receiver holds."""

    id: int
    number: str
    revision: int
    merchant_id: int
    shop_id: int
    shop: str
    channel: str
    external_id: str
    external_status: str
    status_known: bool
    currency: str
    placed_at_us: int | None
    paid_at_us: int | None
    payment: Payment
    payment_method: Method
    fulfilment: Fulfilment
    desk_state: DeskState
    delivery: Delivery
    campaign: str
    merchant_note: str
    carrier: str
    waybill: str
    receiver: Party
    masked: bool
    lines: tuple[Line, ...]
    totals: Totals
    computed_goods_minor: int
    computed_payable_minor: int
    payable_minor: int
    content_hash: str
    produced_at_us: int
    head_revision: int
    stripped: tuple[str, ...] = ()
    pickup_point: str = ""
    community: str = ""
    group_no: str = ""
    group_state: GroupState = ""
