"""Stored orders on their way out in the wire shape, which the importer of JSON reads back."""

from msgspec.structs import replace

from tocsin.orders.amendment import draft_of
from tocsin.orders.draft import Order
from tocsin.orders.wire import OrderIn, draft_to_in


def order_to_in(order: Order) -> OrderIn:
    """Return an order as the wire carries it; one that no platform named goes by its number."""
    return draft_to_in(replace(draft_of(order), external_id=order.external_id or order.number))
