"""The orders that Taobao and Tmall export (ExportOrderList): a row per order, all its goods in one cell.

Source: the heading row of the export, 2016 and later.
"""

from tocsin.orders.sheet_orders import SheetImporter
from tocsin.orders.sheet_shape import Shape

PLUGIN = SheetImporter(
    Shape(
        name="taobao", title="Taobao orders", channel="taobao", marks=("宝贝标题", "宝贝种类"), joined_titles=True,
        headings={
            "order_number": ("订单编号",), "goods": ("买家应付货款",), "shipping": ("买家应付邮费",),
            "payable": ("总金额",), "paid": ("买家实际支付金额", "买家实付金额"), "title": ("宝贝标题",),
            "quantity": ("宝贝总数量",), "kinds": ("宝贝种类",), "spec": ("修改后的sku", "宝贝规格"),
            "address": ("修改后的收货地址", "收货地址"), "buyer_note": ("买家留言",), "merchant_note": ("订单备注",),
            "placed_at": ("订单创建时间", "买家下单时间"), "": ("买家服务费", "卖家服务费"),
        },
    )
)  # fmt: skip
