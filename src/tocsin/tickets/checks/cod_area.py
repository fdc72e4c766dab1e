"""cod_area: cash on delivery where, or for what, it is not offered."""

from collections.abc import Iterator

from tocsin.orders.draft import Order
from tocsin.tickets.rule import Check, CheckContext, Finding, lies_in


def find(order: Order, context: CheckContext) -> Iterator[Finding]:
    """Yield a finding for the area and for each line for which the shop takes no cash on delivery."""
    if order.payment_method != "cod":
        return
    if lies_in(order.receiver, context.no_cod_areas):
        yield Finding(code="cod_area", level="W", field="receiver.province", case="area")
    for index, line in enumerate(order.lines):
        if line.sku and line.sku in context.no_cod_skus:
            yield Finding(
                code="cod_area", level="W", field=f"lines.{index}.sku", case="goods", data={"line": index + 1}
            )


PLUGIN = Check(
    code="cod_area",
    level="W",
    message="Cash on delivery is not offered for it",
    cases={
        "area": "Cash on delivery is not offered where the receiver lives",
        "goods": "Cash on delivery is not offered for line {line}",
    },
    find=find,
)
