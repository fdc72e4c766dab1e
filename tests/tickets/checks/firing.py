"""What each check must find."""

from typing import Any

from tests.desk import NOW_US, make_line, order_with
from tests.tickets.checks.asking import Case, one_line, phones
from tests.tickets.checks.more import MORE_FIRES
from tocsin.core.money import MICRO
from tocsin.orders.campaign import Campaign
from tocsin.orders.campaign_ask import Asked

BAD_PHONE, BAD_QUANTITY = "E receiver.phone", "E lines.0.quantity"
BIDI, BELL, ZERO = "\u202e", "\x07", "\x00"


def _campaign(
    *, closed: int = 0, starts: int | None = None, ends: int | None = None, most: int = 0, bought: int = 0
) -> dict[str, Any]:
    """Return the context of an order whose campaign is kept."""
    kept = Campaign(1, "flash_sale", "秒杀", "MS", starts, ends, 0, most, "{}", closed)
    return {"campaign": Asked(any=True, found=kept, bought=bought)}


FIRES: dict[str, list[Case]] = {
    "required": [
        Case(order_with(number=""), ("E number",)),
        Case(order_with(lines=()), ("E lines",)),
        Case(order_with(name=""), ("E receiver.name",)),
        Case(order_with(name=" 　\t"), ("E receiver.name",)),
        Case(order_with(phone=""), ("E receiver.phone",)),
        Case(order_with(phone=" ", delivery="pickup"), ("E receiver.phone",)),
        Case(order_with(address=""), ("E receiver.address",)),
        Case(order_with(address=" ", delivery="local"), ("E receiver.address",)),
        Case(order_with(currency=""), ("E currency",)),
        Case(order_with(currency="RMB"), ("E currency",)),
        Case(
            order_with(lines=(), name="", phone="", address=""),
            ("E lines", "E receiver.name", "E receiver.phone", "E receiver.address"),
        ),
    ],
    "phone_shape": [
        *phones(
            """
            1381234567
            138123456789
            12812345678
            24534252
            12345
            电话见备注
            010-123456
            0551-123456789
            +85291234567
            13812345678-12
            400-123-456
            138 1234 567O
            """,
            BAD_PHONE,
        ),
        *phones("12345\n+1234567890123456\n555-CALL", BAD_PHONE, country="US"),
    ],
    "masked": [
        Case(order_with(name="王**"), ("E receiver.name",)),
        Case(order_with(phone="138****5678"), ("E receiver.phone",)),
        Case(order_with(address="****"), ("E receiver.address",)),
        Case(order_with(address="黄山路＊＊＊"), ("E receiver.address",)),
        Case(order_with(name="林●●", phone="183••••2807"), ("E receiver.name", "E receiver.phone")),
        Case(
            order_with(district="蜀*区"), ("E receiver.district",), {"real_fields": frozenset({"district"})}
        ),
        Case(order_with(name="王**", channel="wechat"), ("I",), {"masking_channels": frozenset({"wechat"})}),
        Case(order_with(name="王**"), ("E receiver.name",), {"masking_channels": frozenset({"wechat"})}),
        Case(  # masked by the desk itself, whatever the channel declares
            order_with(name="王**", channel="wechat", masked=True),
            ("E receiver.name",),
            {"masking_channels": frozenset({"wechat"})},
        ),
    ],
    "quantity": [
        Case(one_line(quantity=0), (BAD_QUANTITY,)),
        Case(one_line(quantity=-1), (BAD_QUANTITY,)),
        Case(one_line(quantity=-0.5, unit="kg"), (BAD_QUANTITY,)),
        Case(one_line(quantity=1.5), (BAD_QUANTITY,)),
        Case(one_line(quantity=0.000001, unit=""), (BAD_QUANTITY,)),
        Case(one_line(quantity=2.5, unit="箱"), (BAD_QUANTITY,)),
        Case(
            order_with(lines=(make_line(quantity=0), make_line(), make_line(quantity=1.5))),
            (BAD_QUANTITY, "E lines.2.quantity"),
        ),
    ],
    "quantity_large": [
        Case(one_line(quantity=1001), ("W lines.0.quantity",)),
        Case(one_line(quantity=80_995), ("W lines.0.quantity",)),
        Case(one_line(quantity=1000.000001, unit="kg"), ("W lines.0.quantity",)),
        Case(one_line(quantity=3), ("W lines.0.quantity",), {"large_quantity_micro": 2 * MICRO}),
        Case(order_with(lines=(make_line(), make_line(quantity=2000))), ("W lines.1.quantity",)),
        Case(order_with(), ("W lines.0.quantity",), {"large_quantity_micro": MICRO}),
    ],
    "price_negative": [
        Case(one_line(price=-1), ("E lines.0.unit_price", "E totals.payable")),
        Case(one_line(price=-0.000001), ("E lines.0.unit_price",)),
        Case(order_with(lines=(make_line(), make_line(price=-5))), ("E lines.1.unit_price",)),
        Case(order_with(lines=(make_line(), make_line(price=-5, gift=True))), ("E lines.1.unit_price",)),
        Case(order_with(payable_minor=-1), ("E totals.payable",)),
        Case(one_line(price=10, discount_minor=1001), ("E totals.payable",)),
    ],
    "price_zero": [
        Case(one_line(price=0), ("W lines.0.unit_price",)),
        Case(order_with(lines=(make_line(), make_line(price=0))), ("W lines.1.unit_price",)),
        Case(
            order_with(lines=(make_line(price=0), make_line(price=0, gift=True), make_line(price=0))),
            ("W lines.0.unit_price", "W lines.2.unit_price"),
        ),
        Case(order_with(lines=(make_line(price=0),), delivery="virtual"), ("W lines.0.unit_price",)),
        Case(order_with(lines=(make_line(price=0),), payment_method="cod"), ("W lines.0.unit_price",)),
        Case(order_with(lines=(make_line(price=0),), coupon_minor=500), ("W lines.0.unit_price",)),
    ],
    "sum_line": [
        Case(one_line(quantity=2, price=10, total_minor=2001), ("W lines.0.total",)),
        Case(one_line(quantity=2, price=10, total_minor=1999), ("W lines.0.total",)),
        Case(one_line(quantity=2, price=10, total_minor=2002), ("E lines.0.total",)),
        Case(one_line(quantity=2, price=10, total_minor=1000), ("E lines.0.total",)),
        Case(one_line(quantity=2, price=10, total_minor=0), ("E lines.0.total",)),
        Case(one_line(price=10, discount_minor=100, total_minor=1000), ("E lines.0.total",)),
        Case(order_with(lines=(make_line(), make_line(price=3, total_minor=3))), ("E lines.1.total",)),
    ],
    "sum_goods": [
        Case(order_with(goods_minor=19_981), ("W totals.goods",)),
        Case(order_with(goods_minor=19_978), ("W totals.goods",)),  # two lines: two units
        Case(order_with(goods_minor=19_983), ("E totals.goods",)),
        Case(order_with(goods_minor=0), ("E totals.goods",)),
        Case(order_with(goods_minor=1_998_000), ("E totals.goods",)),
        Case(  # goods are declared before discounts
            order_with(lines=(make_line(price=10, discount_minor=300),), goods_minor=700), ("E totals.goods",)
        ),
    ],
    "sum_order": [
        Case(order_with(payable_minor=19_981), ("W totals.payable",)),
        Case(order_with(payable_minor=19_982), ("W totals.payable",)),  # two lines: two units
        Case(order_with(payable_minor=19_983), ("E totals.payable",)),
        Case(order_with(shipping_minor=1_000), ("E totals.payable",)),
        Case(order_with(tax_minor=100, fees_minor=200), ("E totals.payable",)),
        Case(order_with(coupon_minor=1_000), ("E totals.payable",)),
        Case(order_with(adjustment_minor=-1_000), ("E totals.payable",)),
        Case(order_with(goods_minor=None, payable_minor=10_000), ("E totals.payable",)),
        Case(  # no discount of the order: those of the lines count
            order_with(
                lines=(make_line(price=10, discount_minor=300),),
                goods_minor=None,
                promotion_minor=0,
                payable_minor=1_000,
            ),
            ("E totals.payable",),
        ),
        Case(order_with(lines=(), payable_minor=1), ("E totals.payable",)),
    ],
    "paid_amount": [
        Case(order_with(paid_minor=19_979), ("E totals.paid",)),
        Case(order_with(paid_minor=19_981), ("E totals.paid",)),
        Case(order_with(paid_minor=0), ("E totals.paid",)),
        Case(order_with(paid_minor=1_998_000), ("E totals.paid",)),
        Case(order_with(payable_minor=None, paid_minor=5), ("E totals.paid",)),
        Case(order_with(paid_minor=1, payment_method="points"), ("E totals.paid",)),
    ],
    "state": [
        Case(order_with(desk_state="cancelled"), ("E desk_state",)),
        Case(order_with(), ("E desk_state",), {"cancelled": True}),
        Case(order_with(payment="part_refunded"), ("E payment",)),
        Case(order_with(payment="refunded"), ("E payment",)),
        Case(order_with(payment="closed"), ("E payment",)),
        Case(order_with(payment="closed", payment_method="cod"), ("E payment",)),
        Case(order_with(), ("E payment",), {"refund_open": True}),
        Case(order_with(payment="unpaid", payment_method=""), ("E payment",)),
        Case(order_with(payment="unpaid", payment_method="offline"), ("E payment",)),
        Case(order_with(status_known=False), ("E external_status",)),
        Case(
            order_with(payment="refunded", status_known=False, desk_state="cancelled"),
            ("E desk_state", "E payment", "E external_status"),
        ),
    ],
    "duplicate": [
        Case(order_with(), ("W",), {"duplicate_of": ("A-20260921-0002",)}),
        Case(order_with(), ("W",), {"duplicate_of": ("A-20260921-0001", "A-20260921-0003")}),
        Case(order_with(), ("W",), {"duplicate_of": tuple(f"B-{n}" for n in range(9))}),
        Case(order_with(payment_method="cod"), ("W",), {"duplicate_of": ("B-1",)}),
        Case(order_with(delivery="pickup"), ("W",), {"duplicate_of": ("B-1",)}),
        Case(order_with(revision=2, head_revision=2), ("W",), {"duplicate_of": ("B-1",)}),
    ],
    "text": [
        Case(order_with(stripped=("receiver.name", "lines.0.title")), ("W receiver.name", "W lines.0.title")),
        Case(order_with(name=f"王{BIDI}明"), ("W receiver.name",)),
        Case(order_with(address=f"黄山路{BELL}"), ("W receiver.address",)),
        Case(one_line(title=f"梨{ZERO}"), ("W lines.0.title",)),
        Case(one_line(title="梨\n宣纸"), ("W lines.0.title",)),
        Case(one_line(spec="红\u200f38"), ("W lines.0.spec",)),
        Case(order_with(merchant_note="a\u2066b\u2069"), ("W merchant_note",)),
        Case(order_with(buyer_note="\ud800"), ("W receiver.buyer_note",)),
        Case(order_with(campaign="团\u2028购"), ("W campaign",)),
        Case(order_with(name="\x9b1m", phone="138\x001"), ("W receiver.name", "W receiver.phone")),
    ],
    "glyph": [
        Case(order_with(name="𠮷田"), ("W receiver.name",)),
        Case(order_with(address="黄山路 🏠"), ("W receiver.address",)),
        Case(one_line(title="🎁 礼盒"), ("W lines.0.title",)),
        Case(one_line(spec="𪚥"), ("W lines.0.spec",)),
        Case(order_with(merchant_note="👍"), ("W merchant_note",)),
        Case(
            one_line(title="梨"),
            ("W lines.0.title",),
            {"missing_glyphs": lambda text: "梨" if "梨" in text else ""},
        ),
    ],
    "changed": [
        Case(order_with(revision=2, head_revision=2), ("E revision",), {"asked_revision": 1}),
        Case(order_with(revision=1, head_revision=2), ("E revision",), {"asked_revision": 1}),
        Case(order_with(revision=1, head_revision=2), ("E revision",), {"asked_revision": 2}),
        Case(order_with(revision=9, head_revision=9), ("E revision",), {"asked_revision": 3}),
        Case(order_with(revision=3, head_revision=4), ("E revision",), {"asked_revision": 3}),
        Case(order_with(revision=2, head_revision=2), ("E revision",), {"asked_revision": 0}),
    ],
    "campaign": [
        Case(order_with(group_state="forming"), ("E group_state",)),
        Case(order_with(group_state="failed"), ("E group_state",)),
        Case(order_with(campaign="X"), ("E campaign",), {"campaign": Asked(any=True)}),
        Case(order_with(campaign="MS"), ("E campaign",), _campaign(closed=1)),
        Case(order_with(campaign="MS"), ("E placed_at",), _campaign(starts=NOW_US)),
        Case(order_with(campaign="MS"), ("E placed_at",), _campaign(ends=0)),
        Case(order_with(campaign="MS"), ("E lines",), _campaign(most=4, bought=2)),
    ],
    "stock": [
        Case(order_with(), ("W lines.0.quantity",), {"campaign": Asked(any=True, left=(("LI-5", left),))})
        for left in (1, 0, -1, -9)
    ]
    + [
        Case(order_with(), ("W lines.1.quantity",), {"campaign": Asked(any=True, left=(("XZ-1", left),))})
        for left in (0, -1)
    ],
    **MORE_FIRES,
}
