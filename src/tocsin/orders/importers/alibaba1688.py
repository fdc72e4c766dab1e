"""The orders that 1688 exports: a row per line, an order's own cells merged over its rows.

Source: the heading row of the export.
"""

from tocsin.orders.sheet_orders import SheetImporter
from tocsin.orders.sheet_shape import Shape
from tocsin.orders.status_words import Status

PLUGIN = SheetImporter(
    Shape(
        name="alibaba1688", title="1688 orders", channel="1688", marks=("货品标题",), payable_is_goods=True,
        headings={
            "payable": ("实付款", "实付款(元)"), "goods": ("货品总价", "货品总价(元)"), "title": ("货品标题",),
            "adjustment": ("涨价或折扣", "涨价或折扣(元)"), "refund": ("退款状态",), "receiver": ("收货人姓名",),
            "sku": ("单品货号", "货号"),
        },
        words={"等待卖家发货": Status("paid"), "等待买家收货": Status("paid", "shipped")},
    )
)  # fmt: skip
