"""price_negative: an amount below zero where the customer pays."""

from collections.abc import Iterator

from tocsin.core.money import plain_micro
from tocsin.orders.draft import Order
from tocsin.tickets.rule import Check, CheckContext, Finding


def find(order: Order, context: CheckContext) -> Iterator[Finding]:
    """Yield each line with a price below zero, and a payable amount below zero."""
    for index, line in enumerate(order.lines):
        if line.unit_price_micro < 0:
            data: dict[str, str | int] = {"line": index + 1, "price": plain_micro(line.unit_price_micro)}
            yield Finding(code="price_negative", level="E", field=f"lines.{index}.unit_price", data=data)
    if order.payable_minor < 0:
        yield Finding(code="price_negative", level="E", field="totals.payable", case="payable")


PLUGIN = Check(
    code="price_negative",
    level="E",
    message="The price of line {line} is {price}: a reduction belongs to the discounts, not to a price",
    find=find,
    cases={"payable": "The payable amount is below 0: the discounts are larger than the order"},
)
