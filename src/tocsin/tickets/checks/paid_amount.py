"""paid_amount: paid is what was payable."""

from collections.abc import Iterator

from tocsin.core.money import plain_minor
from tocsin.orders.draft import Order
from tocsin.tickets.rule import Check, CheckContext, Finding, currency_known


def find(order: Order, context: CheckContext) -> Iterator[Finding]:
    """Yield a finding where a paid amount is declared and is not the payable one; cash on delivery is not judged."""
    paid = order.totals.paid_minor
    if paid is None or order.payment_method == "cod" or not currency_known(order):
        return
    if paid != order.payable_minor:
        data: dict[str, str | int] = {
            "paid": plain_minor(paid, order.currency),
            "payable": plain_minor(order.payable_minor, order.currency),
            "currency": order.currency,
        }
        yield Finding(code="paid_amount", level="E", field="totals.paid", data=data)


PLUGIN = Check(
    code="paid_amount",
    level="E",
    message="{paid} {currency} was paid, but {payable} is payable",
    find=find,
)
