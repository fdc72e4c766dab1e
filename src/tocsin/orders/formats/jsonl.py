"""JSON Lines: one order a line in the wire shape, as the API takes it in and the importer reads it back.

Source: jsonlines.org; RFC 8259 (texts are strings, so no cell can be run).
"""

from collections.abc import Iterable
from typing import BinaryIO

import msgspec

from tocsin.orders.draft import Order
from tocsin.orders.outgoing import order_to_in

_encoder = msgspec.json.Encoder()


class JsonLinesFormat:
    """Writes each order as an object of its own line."""

    name, title, media_type, suffix = "jsonl", "JSON Lines", "application/jsonl; charset=utf-8", ".jsonl"
    most = 0

    def write_orders(self, orders: Iterable[Order], out: BinaryIO) -> int:
        """Write the orders; return how many."""
        count = 0
        for order in orders:
            out.write(_encoder.encode(order_to_in(order)) + b"\n")
            count += 1
        return count


PLUGIN = JsonLinesFormat()
