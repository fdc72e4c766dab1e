"""Reads the mall sheet into orders, only as far as the checks need it."""

import csv
from itertools import groupby
from pathlib import Path

from msgspec.structs import replace

from tests.desk import make_order
from tocsin.core.money import parse_micro, parse_minor
from tocsin.orders.draft import Line, Order, Party, Totals

SHEET = Path(__file__).parents[2] / "data" / "mall_cn_orders" / "orders_joined.csv"


def read_mall_orders() -> list[Order]:
    """Return the sheet's orders; its number stands as number and as external id."""
    with SHEET.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    return [_order(list(group)) for _, group in groupby(rows, key=lambda row: row["订单号"])]


def _order(rows: list[dict[str, str]]) -> Order:
    first = rows[0]
    payment, method = _payment(first)
    order = make_order(
        number=first["订单号"],
        external_id=first["订单号"],
        external_status=first["订单状态"],
        payment=payment,
        payment_method=method,
        lines=tuple(_line(row) for row in rows if row["商品名称"]),
        receiver=Party(
            name=first["收货人"],
            phone=first["联系电话"],
            province=first["省"],
            city=first["市"],
            district=first["区"],
            address=first["详细地址"],
            buyer_note=first["买家留言"],
        ),
        totals=Totals(
            goods_minor=_minor(first["商品总额"]),
            shipping_minor=_minor(first["运费"]),
            promotion_minor=_minor(first["促销优惠"]),
            coupon_minor=_minor(first["优惠券抵扣"]),
            points_minor=_minor(first["积分抵扣"]),
            adjustment_minor=-_minor(first["后台调整"]),  # the sheet's adjustment is taken off
            payable_minor=_minor(first["应付金额"]),
        ),
    )
    return replace(order, carrier=first["物流公司"], waybill=first["物流单号"])


def _payment(row: dict[str, str]) -> tuple[str, str]:
    method = {"微信": "wechat", "支付宝": "alipay", "未支付": ""}[row["支付方式"]]
    if row["订单状态"] == "已关闭":
        return "closed", method
    return ("paid" if method else "unpaid"), method


def _line(row: dict[str, str]) -> Line:
    return Line(
        title=row["商品名称"],
        sku=row["商品编码"],
        spec=row["规格"],
        quantity_micro=parse_micro(row["数量"]),
        unit_price_micro=parse_micro(row["单价"]),
        discount_minor=_minor(row["行优惠"]),
        total_minor=_minor(row["行金额"]),
    )


def _minor(text: str) -> int:
    return parse_minor(text, "CNY")
