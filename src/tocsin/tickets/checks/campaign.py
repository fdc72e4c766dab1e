"""campaign: out of its dates, its group not formed, more than a buyer may have, or unknown."""

from collections.abc import Iterator

from tocsin.core.money import MICRO
from tocsin.orders.draft import Order
from tocsin.tickets.rule import Check, CheckContext, Finding


def find(order: Order, context: CheckContext) -> Iterator[Finding]:
    """Yield what is wrong with an order of a campaign; a campaign that the desk does not know asks only where it knows some."""
    if order.group_state in ("forming", "failed"):
        yield _finding("group_state", order.group_state)
    asked = context.campaign
    found = asked.found
    if not order.campaign or not asked.any:
        return
    if found is None:
        yield _finding("campaign", "unknown")
        return
    if found.closed:
        yield _finding("campaign", "closed")
    placed_us = order.placed_at_us
    if placed_us is not None and found.starts_at_us is not None and placed_us < found.starts_at_us:
        yield _finding("placed_at", "early")
    if placed_us is not None and found.ends_at_us is not None and placed_us >= found.ends_at_us:
        yield _finding("placed_at", "late")
    pieces = sum(line.quantity_micro for line in order.lines) // MICRO
    if found.per_buyer and asked.bought + pieces > found.per_buyer:
        yield _finding("lines", "limit", most=found.per_buyer, pieces=asked.bought + pieces)


def _finding(field: str, case: str, **data: int) -> Finding:
    return Finding(code="campaign", level="E", field=field, case=case, data={**data})


PLUGIN = Check(
    code="campaign",
    level="E",
    message="The order does not fit its campaign",
    cases={
        "unknown": "The desk knows no campaign of this code",
        "closed": "The campaign is closed",
        "early": "The order was placed before its campaign began",
        "late": "The order was placed after its campaign had ended",
        "forming": "Its group has not formed yet",
        "failed": "Its group did not come together",
        "limit": "The buyer has {pieces} pieces of the campaign, {most} are allowed",
    },
    find=find,
    time_dependent=True,
)
