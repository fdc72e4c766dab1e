"""What each check must leave alone."""

from tests.desk import NOW_US, make_line, order_with
from tests.tickets.checks.asking import Case, one_line, phones
from tests.tickets.checks.more import MORE_SILENT
from tocsin.core.money import MICRO
from tocsin.orders.campaign import Campaign
from tocsin.orders.campaign_ask import Asked

_KEPT = Campaign(1, "flash_sale", "秒杀", "MS", 0, NOW_US, 0, 10, "{}", 0)
SILENT: dict[str, list[Case]] = {
    "required": [
        Case(order_with()),
        Case(order_with(address="", delivery="pickup")),
        Case(order_with(address="", delivery="virtual")),
        Case(order_with(address="", delivery="prize")),
        Case(order_with(province="", city="", district="", postcode="", buyer_note="")),
        Case(order_with(currency="JPY")),
        Case(order_with(name="王*", phone="138****5678", address="*")),
    ],
    "phone_shape": [
        *phones(
            """
            13812345678
            19900001111
            15400000000
            +8613812345678
            +86 138 1234 5678
            008613812345678
            138-1234-5678
            １３８１２３４５６７８
            010-12345678
            0551-6512345
            055165123456
            (0551)65123456
            0551-65123456-8012
            0551-65123456转8012
            +86 551 65123456
            400-820-8820
            4008208820
            800-810-1234
            132123457749-1234
            15555555555_1111
            15555555555转111
            138****5678
            """
        ),
        Case(order_with(phone="")),
        Case(order_with(phone="13812345678", country="")),
        *phones("+1 (415) 555-0100\n4155550100 ext 22\n+44 20 7946 0958\n123456", country="US"),
        *phones("+852 9123 4567\n91234567", country="HK"),
    ],
    "masked": [
        Case(order_with()),
        Case(order_with(name="")),
        Case(order_with(name="王**"), context={"real_fields": frozenset({"phone"})}),
        Case(order_with(buyer_note="快点***")),
        Case(order_with(city="合*市")),
        Case(one_line(title="PCIe3.0*4 版本")),
        Case(order_with(channel="wechat"), context={"masking_channels": frozenset({"wechat"})}),
    ],
    "quantity": [
        Case(one_line(quantity=1)),
        Case(one_line(quantity=100_000)),
        Case(one_line(quantity=0.5, unit="kg")),
        Case(one_line(quantity=1.25, unit=" KG ")),
        Case(one_line(quantity=2.5, unit="斤")),
        Case(one_line(quantity=0.000001, unit="米")),
        Case(order_with(lines=())),
    ],
    "quantity_large": [
        Case(one_line(quantity=1000)),
        Case(one_line(quantity=1)),
        Case(one_line(quantity=0)),
        Case(one_line(quantity=-5000)),
        Case(one_line(quantity=80_995), context={"large_quantity_micro": 0}),
        Case(one_line(quantity=80_995), context={"large_quantity_micro": 100_000 * MICRO}),
    ],
    "price_negative": [
        Case(order_with()),
        Case(one_line(price=0)),
        Case(one_line(price=0.000001)),
        Case(one_line(price=10, discount_minor=1000)),
        Case(order_with(payable_minor=0)),
        Case(order_with(adjustment_minor=-500, payable_minor=19_480)),
    ],
    "price_zero": [
        Case(order_with()),
        Case(one_line(price=0, gift=True)),
        Case(order_with(lines=(make_line(price=0),), delivery="prize")),
        Case(order_with(lines=(make_line(price=0),), payment_method="points")),
        Case(order_with(lines=(make_line(price=0),), points_minor=100)),
        Case(one_line(price=0.01)),
        Case(one_line(price=-1)),  # price_negative says it
    ],
    "sum_line": [
        Case(order_with()),  # undeclared
        Case(one_line(quantity=2, price=10, total_minor=2000)),
        Case(one_line(quantity=3, price=10, discount_minor=500, total_minor=2500)),
        Case(one_line(quantity=0.333333, price=10, unit="kg", total_minor=333)),
        Case(one_line(quantity=0.5, price=0.01, unit="kg", total_minor=1)),  # half up
        Case(one_line(price=0, total_minor=0, gift=True)),
        Case(order_with(currency="JPY", lines=(make_line(quantity=3, price=1200, total_minor=3600),))),
        Case(order_with(currency="RMB", lines=(make_line(total_minor=1),))),  # `required` says it
    ],
    "sum_goods": [
        Case(order_with()),
        Case(order_with(goods_minor=None)),
        Case(order_with(lines=(), goods_minor=5_000)),
        Case(one_line(price=10, discount_minor=300)),
        Case(order_with(shipping_minor=1_000)),
        Case(order_with(currency="KWD", lines=(make_line(price=1.234),), goods_minor=1_234)),
        Case(order_with(currency="RMB", goods_minor=1)),
    ],
    "sum_order": [
        Case(order_with()),
        Case(order_with(shipping_minor=1_000, payable_minor=20_980)),
        Case(order_with(tax_minor=10, fees_minor=20, payable_minor=20_010)),
        Case(order_with(promotion_minor=100, coupon_minor=200, points_minor=300, payable_minor=19_380)),
        Case(order_with(adjustment_minor=-980, payable_minor=19_000)),
        Case(order_with(adjustment_minor=20, payable_minor=20_000)),
        Case(order_with(payable_minor=None, shipping_minor=5)),
        Case(order_with(goods_minor=None)),
        Case(order_with(goods_minor=5_000, payable_minor=5_000)),  # `sum_goods` says it
        Case(order_with(lines=(make_line(price=10, discount_minor=300),), goods_minor=None)),
        Case(order_with(lines=(), goods_minor=5_000, payable_minor=5_000)),
        Case(order_with(currency="RMB", payable_minor=1)),
    ],
    "paid_amount": [
        Case(order_with()),  # undeclared
        Case(order_with(paid_minor=19_980)),
        Case(order_with(paid_minor=0, payment="unpaid", payment_method="cod")),
        Case(order_with(paid_minor=5_000, payment_method="cod")),
        Case(order_with(paid_minor=0, payable_minor=0, payment="unpaid", delivery="prize")),
        Case(order_with(payable_minor=None, paid_minor=19_980)),
        Case(order_with(currency="RMB", paid_minor=1)),
    ],
    "state": [
        Case(order_with()),
        Case(order_with(payment="authorised")),
        Case(order_with(payment="unpaid", payment_method="cod")),
        Case(order_with(payment="unpaid", payment_method="", payable_minor=0, delivery="prize")),
        Case(order_with(payment="unpaid", payment_method="points", payable_minor=0)),
        Case(order_with(desk_state="printed")),
        Case(order_with(fulfilment="shipped")),
        Case(order_with(external_status="anything")),
    ],
    "duplicate": [
        Case(order_with()),
        Case(order_with(), context={"duplicate_of": ()}),
        Case(order_with(), context={"duplicate_of": ("A-20260921-0001",)}),
        Case(order_with(number="B-1"), context={"duplicate_of": ("B-1",)}),
        Case(order_with(lines=(make_line(), make_line()))),
        Case(order_with(revision=2, head_revision=2)),
    ],
    "text": [
        Case(order_with()),
        Case(order_with(buyer_note="第一行\n第二行\t完\r\n")),
        Case(order_with(merchant_note="a\nb")),
        Case(order_with(name="𠮷田 👨‍👩‍👧")),
        Case(order_with(name="Łukasz O’Neill-Müller")),
        Case(order_with(address="黄山路　１２号")),
        Case(order_with(name="محمد", address="שדרות 1")),
    ],
    "glyph": [
        Case(order_with()),
        Case(order_with(name="")),
        Case(order_with(name="龘靐齉")),
        Case(order_with(), context={"missing_glyphs": lambda _: []}),
        Case(  # never drawn: `text` says it
            order_with(buyer_note="a\nb\u202e"),
            context={"missing_glyphs": lambda text: [c for c in text if not c.isprintable()]},
        ),
        Case(order_with(postcode="230000", buyer_note="请放门口，谢谢！")),
    ],
    "changed": [
        Case(order_with()),
        Case(order_with(), context={"asked_revision": 1}),
        Case(order_with(revision=3, head_revision=3), context={"asked_revision": 3}),
        Case(order_with(revision=3, head_revision=3)),
        Case(order_with(revision=1, head_revision=2)),  # no ticket was asked for
        Case(order_with(desk_state="printed"), context={"asked_revision": 1}),
    ],
    "campaign": [
        Case(order_with()),
        Case(order_with(group_state="formed", group_no="7")),
        Case(order_with(campaign="X")),
        Case(order_with(campaign=""), context={"campaign": Asked(any=True)}),
        Case(order_with(campaign="MS"), context={"campaign": Asked(any=True, found=_KEPT)}),
        Case(order_with(campaign="MS"), context={"campaign": Asked(any=True, found=_KEPT, bought=7)}),
    ],
    "stock": [
        Case(order_with(), context={"campaign": Asked(any=True, left=left)})
        for left in (
            (),
            (("LI-5", 2),),
            (("LI-5", 9),),
            (("XZ-1", 1),),
            (("OTHER", 0),),
            (("LI-5", 2), ("XZ-1", 1)),
        )
    ],
    **MORE_SILENT,
}
