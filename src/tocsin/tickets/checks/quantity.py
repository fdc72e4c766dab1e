"""quantity: none, fewer than none, or a part of a piece."""

from collections.abc import Iterator

from tocsin.core.money import MICRO, plain_micro
from tocsin.orders.draft import Order
from tocsin.tickets.rule import Check, CheckContext, Finding

# What is weighed, poured or cut can be sold in parts; anything else is counted.
_MEASURED = frozenset({
    "kg", "g", "mg", "t", "lb", "lbs", "oz", "l", "ml", "cl", "m", "cm", "mm", "km", "ft", "yd",
    "m2", "㎡", "m²", "m3", "m³", "h", "hr", "hour", "hours", "千克", "公斤", "斤", "市斤", "克", "两", "吨",
    "磅", "盎司", "升", "毫升", "米", "厘米", "毫米", "尺", "寸", "码", "平方米", "平米", "平方", "立方米", "方", "小时",
})  # fmt: skip


def find(order: Order, context: CheckContext) -> Iterator[Finding]:
    """Yield each line of zero or less, or with a fraction of a thing that is counted in pieces."""
    for index, line in enumerate(order.lines):
        where = {"field": f"lines.{index}.quantity"}
        data: dict[str, str | int] = {"line": index + 1, "quantity": plain_micro(line.quantity_micro)}
        if line.quantity_micro <= 0:
            yield Finding(code="quantity", level="E", case="none", data=data, **where)
        elif line.quantity_micro % MICRO and line.unit.strip().lower() not in _MEASURED:
            yield Finding(code="quantity", level="E", case="fraction", data=data, **where)


PLUGIN = Check(
    code="quantity",
    level="E",
    message="The quantity {quantity} of line {line} can't be sold",
    find=find,
    cases={
        "none": "The quantity of line {line} is {quantity}: it must be more than 0",
        "fraction": "The quantity of line {line} is {quantity}, a fraction of something that is sold by the piece",
    },
)
