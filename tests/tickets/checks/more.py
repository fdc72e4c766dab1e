"""What the checks of places, dates, codes and messages must find, and what they must leave alone."""

from typing import Any

from tests.desk import NOW_US, make_line, order_with
from tests.tickets.checks.asking import Case, one_line, phones
from tocsin.core.clock import DAY_US

_HOUR_US = DAY_US // 24


def _at(province: str, city: str = "", district: str = "", **changes: Any) -> Any:
    return order_with(province=province, city=city, district=district, **changes)


def _addresses(texts: str, *found: str) -> list[Case]:
    return [Case(order_with(address=text.strip()), found) for text in texts.strip().splitlines()]


_REMOTE = {"remote_areas": frozenset({"新疆", "西藏", "阿坝"}), "unserved_areas": frozenset({"三沙"})}
_COD = {"no_cod_areas": frozenset({"西藏", "舟山"}), "no_cod_skus": frozenset({"GOLD"})}
_LISTED = {"known_skus": frozenset({"LI-5", "XZ-1"}), "service_skus": frozenset({"POST"})}
_EURO = {"currencies": frozenset({"CNY"})}
_TWO = {"currencies": frozenset({"CNY", "HKD"})}
# The shop's clock says 22:13 on 2026-09-21.
_PAST = ("虚拟号至 2026-09-21 22:13", "虚拟号至2026-09-20", "加急；虚拟号至 2026-09-21 08:00；轻放")
_ENDED = (
    "Virtual number until 2026-09-21 21:59",
    "虚拟号至 2020-01-01",
    "虚拟号至 2027-01-01 08:00；虚拟号至 2026-09-01 08:00",
)
_AHEAD = (
    "虚拟号至 2026-09-21 22:14",
    "虚拟号至 2026-09-21",
    "虚拟号至 2026-09-01 08:00；虚拟号至 2027-01-01 08:00",
)
PLACE, SKU = "W receiver.province", "W lines.0.sku"

MORE_FIRES: dict[str, list[Case]] = {
    "address_division": [
        Case(_at("广东省", "常州市", "天宁区"), ("W receiver.city",)),
        Case(_at("江苏", "深圳"), ("W receiver.city",)),
        Case(_at("广东省", "深圳市", "天宁区"), ("W receiver.district",)),
        Case(_at("安徽省", "", "朝阳区"), ("W receiver.district",)),
        Case(_at("Anhui", "Hefei"), (PLACE,)),
        Case(_at("华东"), (PLACE,)),
        Case(_at("北京市", "上海市", "浦东新区"), ("W receiver.city",)),
        Case(_at("北京市", "北京市", "浦东新区", delivery="local"), ("W receiver.district",)),
    ],
    "address_short": _addresses(
        """
        黄山路
        学校
        1号
        黄山路科大花园
        东晓街道布吉市场旁
        人民广场西边
        Main Street
        """,
        "W receiver.address",
    ),
    "address_remote": [
        Case(_at("香港特别行政区"), (PLACE,)),
        Case(_at("台湾", "台北市"), (PLACE,)),
        Case(_at("澳门", delivery="local"), (PLACE,)),
        Case(order_with(country="HK"), (PLACE,)),
        Case(_at("新疆维吾尔自治区", "喀什地区"), (PLACE,), _REMOTE),
        Case(_at("四川省", "阿坝藏族羌族自治州"), (PLACE,), _REMOTE),
        Case(_at("海南省", "三沙市"), (PLACE,), _REMOTE),
    ],
    "phone_segment": phones(
        """
        15412345678
        14012345678
        14812345678
        16012345678
        17412345678
        17912345678
        19412345678
        +86 164 1234 5678
        154-1234-5678
        """,
        "W receiver.phone",
    ),
    "phone_expired": [Case(order_with(merchant_note=note), ("W receiver.phone",)) for note in (*_PAST, *_ENDED)],
    "paid_time": [
        Case(order_with(paid_at_us=None, **changes), ("W paid_at",))
        for changes in (
            {},
            {"payment": "part_refunded"},
            {"payment_method": ""},
            {"payment_method": "alipay"},
            {"payment_method": "card", "delivery": "pickup"},
            {"payment_method": "other", "fulfilment": "partial"},
        )
    ],
    "note": [
        Case(order_with(buyer_note=note), ("W receiver.buyer_note",))
        for note in ("不要香菜", "call before delivery", "6", "…", "🎂", "  请放门卫  ")
    ],
    "date": [
        Case(order_with(placed_at_us=NOW_US + _HOUR_US, paid_at_us=None), ("W placed_at",)),
        Case(order_with(placed_at_us=NOW_US + 8 * _HOUR_US, paid_at_us=NOW_US + 8 * _HOUR_US), ("W placed_at", "W paid_at")),
        Case(order_with(paid_at_us=NOW_US + _HOUR_US), ("W paid_at",)),
        Case(order_with(paid_at_us=NOW_US - 3 * _HOUR_US), ("W paid_at",)),
        Case(order_with(placed_at_us=NOW_US - 91 * DAY_US), ("W placed_at",)),
        Case(order_with(placed_at_us=NOW_US - 9 * DAY_US, paid_at_us=None), ("W placed_at",), {"old_days": 7}),
        Case(order_with(placed_at_us=0, paid_at_us=None, fulfilment="partial"), ("W placed_at",)),
    ],
    "width": [
        Case(one_line(title="梨" * 25), ("I lines.0.title",)),
        Case(one_line(title="a" * 49), ("I lines.0.title",)),
        Case(one_line(spec="红" * 30), ("I lines.0.spec",)),
        Case(one_line(title="梨" * 17), ("I lines.0.title",), {"paper_columns": 32}),
        Case(one_line(title="①" * 25), ("I lines.0.title",)),
        Case(order_with(lines=(make_line(), make_line("梨" * 99, spec="x" * 60))), ("I lines.1.title", "I lines.1.spec")),
    ],
    "sku": [
        Case(one_line(sku="LI-6"), (SKU,), _LISTED),
        Case(one_line(sku=""), (SKU,), _LISTED),
        Case(one_line(sku="li-5"), (SKU,), _LISTED),
        Case(one_line(sku="POST"), (SKU,), _LISTED),
        Case(order_with(lines=(make_line(), make_line("别的"))), ("W lines.1.sku",)),
        Case(order_with(lines=(make_line(spec="红"), make_line(spec="蓝"))), ("W lines.1.sku",)),
    ],
    "cod_area": [
        Case(_at("西藏自治区", "拉萨市", payment_method="cod"), (PLACE,), _COD),
        Case(_at("浙江省", "舟山市", payment_method="cod"), (PLACE,), _COD),
        Case(_at("浙江", "舟山", payment_method="cod", payment="unpaid"), (PLACE,), _COD),
        Case(order_with(lines=(make_line(sku="GOLD"),), payment_method="cod"), (SKU,), _COD),
        Case(order_with(lines=(make_line(), make_line(sku="GOLD")), payment_method="cod"), ("W lines.1.sku",), _COD),
        Case(_at("西藏", lines=(make_line(sku="GOLD"),), payment_method="cod"), (PLACE, SKU), _COD),
    ],
    "currency": [
        Case(order_with(currency=code), ("E currency",), known)
        for code, known in (
            ("JPY", _EURO), ("KWD", _EURO), ("USD", _EURO), ("HKD", _EURO), ("USD", _TWO), ("EUR", _TWO),
        )
    ],
    "buyer": [
        Case(order_with(**changes), ("W receiver.phone",), {"watched": True})
        for changes in (
            {}, {"payment_method": "cod"}, {"delivery": "pickup"}, {"phone": ""}, {"payment": "unpaid"}, {"revision": 2, "head_revision": 2},
        )
    ],
}  # fmt: skip

MORE_SILENT: dict[str, list[Case]] = {
    "address_division": [
        Case(_at("安徽省", "合肥市", "蜀山区")),
        Case(_at("安徽", "合肥", "蜀山")),
        Case(_at("北京市", "北京市", "朝阳区")),
        Case(_at("北京市", "北京城区", "东城区")),
        Case(_at("重庆市", "县", "云阳县")),
        Case(_at("湖北省", "仙桃市")),
        Case(_at("四川", "凉山州", "西昌")),
        Case(_at("安徽省", "合肥市", "高新区")),
        Case(_at("", "", "")),
        Case(_at("台湾省", "台北市", "大安区")),
        Case(_at("California", "Los Angeles", country="US")),
        Case(_at("安*省", "**")),
        Case(_at("江苏", "深圳", delivery="pickup")),
    ],
    "address_short": _addresses(
        """
        黄山路 8 号
        科大花园3栋2单元501
        东晓街道布吉路1028号
        李家村五组
        国际大厦B座
        大杨镇八村
        8 Main Street
        ********
        黄山路***
        """
    )
    + [Case(order_with(address="", delivery="pickup")), Case(order_with(address="店", delivery="virtual"))],
    "address_remote": [
        Case(order_with()),
        Case(_at("新疆维吾尔自治区", "喀什地区")),
        Case(_at("海南省", "三亚市"), (), _REMOTE),
        Case(_at("四川省", "成都市"), (), _REMOTE),
        Case(_at("", ""), (), {"remote_areas": frozenset({""})}),
        Case(_at("香港", delivery="virtual")),
        Case(_at("新疆", delivery="pickup"), (), _REMOTE),
    ],
    "phone_segment": [
        *phones("13812345678\n19912345678\n16512345678\n17012345678\n0551-65123456\n400-820-8820\n154****5678\n12345"),
        *phones("15412345678", country="US"),
    ],
    "phone_expired": [
        *(Case(order_with(merchant_note=note)) for note in ("", "虚拟号", "虚拟号至 明天", "虚拟号至 2020-02-31 08:00", "虚拟号至 20200101", *_AHEAD)),
        Case(order_with(merchant_note=_PAST[0], fulfilment="shipped")),
    ],
    "paid_time": [
        Case(order_with()),
        Case(order_with(payment="unpaid", paid_at_us=None)),
        Case(order_with(payment="authorised", paid_at_us=None)),
        Case(order_with(payment_method="cod", paid_at_us=None)),
        Case(order_with(payment_method="cash", paid_at_us=None)),
        Case(order_with(payment_method="offline", paid_at_us=None)),
        Case(order_with(lines=(make_line(price=0),), delivery="prize", paid_at_us=None)),
    ],
    "note": [Case(order_with(buyer_note=note)) for note in ("", " ", "\t", "\n", "　", " \r\n ")],
    "date": [
        Case(order_with()),
        Case(order_with(placed_at_us=None, paid_at_us=None)),
        Case(order_with(placed_at_us=NOW_US + 300_000_000, paid_at_us=NOW_US + 300_000_000)),
        Case(order_with(paid_at_us=NOW_US - _HOUR_US - 60_000_000)),
        Case(order_with(placed_at_us=NOW_US - 90 * DAY_US)),
        Case(order_with(placed_at_us=0), (), {"old_days": 0}),
        Case(order_with(placed_at_us=0, fulfilment="shipped")),
    ],
    "width": [
        Case(order_with()),
        Case(one_line(title="梨" * 24)),
        Case(one_line(title="a" * 48)),
        Case(one_line(title="")),
        Case(one_line(sku="x" * 60)),
        Case(one_line(title="梨" * 16), (), {"paper_columns": 32}),
    ],
    "sku": [
        Case(order_with()),
        Case(order_with(), (), _LISTED),
        Case(one_line(sku="")),
        Case(one_line(sku="anything")),
        Case(one_line(sku="POST", gift=True), (), {"service_skus": frozenset({"POST"})}),
        Case(order_with(lines=(make_line(), make_line(quantity=2)))),
        Case(order_with(lines=(make_line("a", sku=""), make_line("b", sku="")))),
    ],
    "cod_area": [
        Case(order_with(), (), _COD),
        Case(_at("西藏"), (), _COD),
        Case(_at("浙江省", "杭州市", payment_method="cod"), (), _COD),
        Case(_at("西藏", payment_method="cod")),
        Case(order_with(lines=(make_line(sku="GOLD"),)), (), _COD),
        Case(order_with(lines=(make_line(sku=""),), payment_method="cod"), (), {"no_cod_skus": frozenset({""})}),
    ],
    "currency": [
        Case(order_with()),
        Case(order_with(), (), _EURO),
        Case(order_with(currency="JPY")),
        Case(order_with(currency="HKD"), (), _TWO),
        Case(order_with(currency=""), (), _EURO),
        Case(order_with(currency="RMB"), (), _EURO),
    ],
    "buyer": [
        Case(order_with(**changes))
        for changes in (
            {}, {"payment_method": "cod"}, {"delivery": "pickup"}, {"phone": ""}, {"payment": "unpaid"}, {"buyer_note": "x"},
        )
    ],
}  # fmt: skip
