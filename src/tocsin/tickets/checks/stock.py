"""stock: more than earlier orders have left of the campaign's stock."""

from collections import Counter
from collections.abc import Iterator

from tocsin.core.money import MICRO
from tocsin.orders.draft import Order
from tocsin.tickets.rule import Check, CheckContext, Finding


def find(order: Order, context: CheckContext) -> Iterator[Finding]:
    """Yield one finding at the first line of each SKU of which there is too little."""
    wanted: Counter[str] = Counter()
    for line in order.lines:
        wanted[line.sku] += line.quantity_micro
    first = {line.sku: place for place, line in reversed(list(enumerate(order.lines)))}
    for sku, left in context.campaign.left:
        if wanted[sku] > max(left, 0) * MICRO:
            place = first[sku]
            yield Finding(
                code="stock",
                level="W",
                field=f"lines.{place}.quantity",
                data={"line": place + 1, "left": max(left, 0)},
            )


PLUGIN = Check(
    code="stock",
    level="W",
    message="Line {line} asks for more than is left: {left}",
    find=find,
    time_dependent=True,
)
