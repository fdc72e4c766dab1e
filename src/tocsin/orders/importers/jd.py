"""The orders that JD exports: a row per line; what is payable stands before and after discounts.

Source: the heading row of the export.
"""

from tocsin.orders.sheet_orders import SheetImporter
from tocsin.orders.sheet_shape import Shape
from tocsin.orders.status_words import Status

PLUGIN = SheetImporter(
    Shape(
        name="jd", title="JD orders", channel="jd", marks=("京东价", "结算金额"), goods_before=True,
        headings={
            "payable": ("结算金额",), "before_discount": ("订单金额",), "unit_price": ("京东价",),
            "sku": ("货号", "商品ID"), "buyer_note": ("订单备注",), "merchant_note": ("商家备注",),
            "": ("应付金额", "余额支付"),
        },
        words={
            "完成": Status("paid", "delivered"), "等待厂商出库": Status("paid"),
            "等待自提": Status("paid", "shipped"),
        },
    )
)  # fmt: skip
