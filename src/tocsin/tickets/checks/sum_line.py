"""sum_line: quantity × price − discount is what the line says."""

from collections.abc import Iterator

from tocsin.core.money import line_total_minor
from tocsin.orders.draft import Order
from tocsin.tickets.rule import Check, CheckContext, Finding, compare_sum, currency_known


def find(order: Order, context: CheckContext) -> Iterator[Finding]:
    """Yield each line whose declared total is another than the computed one; an undeclared total is not judged.

    Source: Peppol BIS Ordering 3, line net amount.
    """
    if not currency_known(order):
        return
    for index, line in enumerate(order.lines):
        if line.total_minor is not None:
            gross = line_total_minor(line.quantity_micro, line.unit_price_micro, order.currency)
            yield from compare_sum(
                "sum_line",
                order,
                field=f"lines.{index}.total",
                expected=gross - line.discount_minor,
                declared=line.total_minor,
                line=index + 1,
            )


PLUGIN = Check(
    code="sum_line",
    level="E",
    message="Line {line} says {declared}, but quantity × price − discount is {expected}: {difference} {currency} apart",
    find=find,
)
