"""The goods that Tmall exports: a row per line, with its own state, refund and payment.

Source: the heading row of the export.
"""

from tocsin.orders.sheet_orders import SheetImporter
from tocsin.orders.sheet_shape import Shape

PLUGIN = SheetImporter(
    Shape(
        name="tmall", title="Tmall goods", channel="tmall", marks=("子订单编号", "主订单编号"), discount_from_total=True,
        headings={
            "order_number": ("主订单编号",), "line_id": ("子订单编号",), "line_total": ("买家应付货款",),
            "line_paid": ("买家实际支付金额",), "refund": ("退款状态",), "sku": ("商家编码", "外部系统编号"),
            "spec": ("商品属性", "套餐信息"), "title": ("标题",), "merchant_note": ("备注",),
        },
    )
)  # fmt: skip
