"""PDF: a list of orders to read or sign, drawn by typst with the fonts of the tickets."""

import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from tocsin.core.clock import to_datetime
from tocsin.core.money import plain_micro, show_money
from tocsin.core.typeset import Template, typeset
from tocsin.orders.draft import Order

_HERE = Path(__file__).parent
_TEMPLATE = Template(_HERE / "list.typ", _HERE.parents[1] / "tickets" / "fonts")
_LINES_SHOWN = 40
_one_at_a_time = threading.Lock()
_HEAD = ("单号 Number", "下单 Placed", "状态 State", "收货人 Receiver", "商品 Items", "应付 Payable")


class PdfFormat:
    """Draws a list; it is held in memory as a whole, so its length is bounded."""

    name, title, media_type, suffix = "pdf", "PDF", "application/pdf", ".pdf"
    most = 2_000

    def write_orders(self, orders: Iterable[Order], out: BinaryIO) -> int:
        """Draw the orders; return how many."""
        rows = [_show(order) for order in orders]
        given = {"list": msgspec.json.encode({"head": _HEAD, "rows": rows}).decode()}
        with _one_at_a_time:  # the other children draw tickets
            (drawn,) = typeset(_TEMPLATE, given, "pdf", tagged=True)
        out.write(drawn)
        return len(rows)


def _show(order: Order) -> dict[str, Any]:
    to = order.receiver
    lines = [
        {"title": line.title, "spec": line.spec, "quantity": plain_micro(line.quantity_micro)} for line in order.lines
    ]  # fmt: skip
    if len(lines) > _LINES_SHOWN:
        rest = len(lines) - _LINES_SHOWN
        lines = [*lines[:_LINES_SHOWN], {"title": "…", "spec": "", "quantity": f"+{rest}"}]
    placed = order.placed_at_us
    return {
        "number": order.number, "external_id": order.external_id, "state": f"{order.desk_state} {order.payment} {order.fulfilment}",
        "placed": "" if placed is None else to_datetime(placed).strftime("%Y-%m-%d %H:%MZ"), "name": to.name, "phone": to.phone,
        "address": " ".join(filter(None, (order.pickup_point, order.community, f"{to.province}{to.city}{to.district}{to.address}"))), "note": to.buyer_note, "lines": lines,
        "payable": show_money(order.payable_minor, order.currency),
    }  # fmt: skip


PLUGIN = PdfFormat()
