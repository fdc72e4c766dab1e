"""The sheet of 19 columns of a community's group buying: a row per line, with the community where it is fetched.

Source: the heading row of such exports; the number of an order has a tab before it.
"""

from tocsin.orders.sheet_orders import SheetImporter
from tocsin.orders.sheet_shape import Shape
from tocsin.orders.status_words import Status

PLUGIN = SheetImporter(
    Shape(
        name="group_buy", title="Group buying (19 columns)", channel="group_buy", marks=("产品", "小区", "支付id"),
        split_place=False,
        words={"未支付": Status("unpaid"), "未评价": Status("paid", "delivered")},
    )
)  # fmt: skip
