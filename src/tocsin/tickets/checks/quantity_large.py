"""quantity_large: more than this shop sells at once."""

from collections.abc import Iterator

from tocsin.core.money import plain_micro
from tocsin.orders.draft import Order
from tocsin.tickets.rule import Check, CheckContext, Finding


def find(order: Order, context: CheckContext) -> Iterator[Finding]:
    """Yield each line above the shop's threshold, where it has one."""
    most = context.large_quantity_micro
    for index, line in enumerate(order.lines):
        if 0 < most < line.quantity_micro:
            yield Finding(
                code="quantity_large",
                level="W",
                field=f"lines.{index}.quantity",
                data={
                    "line": index + 1,
                    "quantity": plain_micro(line.quantity_micro),
                    "most": plain_micro(most),
                },
            )


PLUGIN = Check(
    code="quantity_large",
    level="W",
    message="The quantity of line {line} is {quantity}, above the shop's threshold of {most}: is it meant?",
    find=find,
)
