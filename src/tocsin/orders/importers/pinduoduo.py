"""The orders that Pinduoduo exports: a row per order, of one kind of goods; those not yet grouped have no time.

Source: the heading row of the export.
"""

from tocsin.orders.sheet_orders import SheetImporter
from tocsin.orders.sheet_shape import Shape
from tocsin.orders.status_words import Status

PLUGIN = SheetImporter(
    Shape(
        name="pinduoduo", title="Pinduoduo orders", channel="pinduoduo", marks=("商品数量(件)", "商家实收金额(元)"),
        headings={
            "placed_at": ("订单成交时间",), "goods": ("商品总价(元)",), "promotion": ("店铺优惠折扣(元)",),
            "coupon": ("平台优惠折扣(元)",), "coupon_other": ("多多支付立减金额(元)",), "paid": ("用户实付金额(元)",),
            "refund": ("售后状态",), "sku": ("商家编码-规格维度", "商家编码-商品维度", "样式ID", "商品id"),
        },
        words={
            "待成团": Status("paid"), "已成团待发货": Status("paid"), "已发货,待收货": Status("paid", "shipped"),
            "已收货": Status("paid", "delivered"), "未发货,退款成功": Status("refunded"),
            "已发货,退款成功": Status("refunded", "shipped"), "已收货,退款成功": Status("refunded", "delivered"),
            "已取消,退款成功": Status("refunded", "unfulfilled", True),
        },
    )
)  # fmt: skip
