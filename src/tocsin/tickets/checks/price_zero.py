"""price_zero: something for nothing, without a reason."""

from collections.abc import Iterator

from tocsin.orders.draft import Order
from tocsin.tickets.rule import Check, CheckContext, Finding


def find(order: Order, context: CheckContext) -> Iterator[Finding]:
    """Yield each line at price 0 that is no gift, in an order that is no prize and not paid by points."""
    if order.delivery == "prize" or order.payment_method == "points" or order.totals.points_minor > 0:
        return
    for index, line in enumerate(order.lines):
        if line.unit_price_micro == 0 and not line.gift:
            yield Finding(
                code="price_zero", level="W", field=f"lines.{index}.unit_price", data={"line": index + 1}
            )


PLUGIN = Check(
    code="price_zero",
    level="W",
    message="The price of line {line} is 0, and it is neither a gift nor a prize nor paid by points",
    find=find,
)
