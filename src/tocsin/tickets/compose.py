"""Composing: what a paper of an order says on the printer where it comes out.

The print terminal, the claim and the preview ask here, so that what is seen, checked and printed is one thing.
"""

from msgspec.structs import replace

from tocsin.core.db import Tx
from tocsin.core.tenant import get_shop
from tocsin.orders.draft import Order
from tocsin.tickets.content import PaperRequest, TicketContent, build_content
from tocsin.tickets.copy_choice import read_copies
from tocsin.tickets.device import Device
from tocsin.tickets.logo import bring_logo, read_logo
from tocsin.tickets.route import cut_lines


def compose_paper(tx: Tx, order: Order, *, device: Device, part_id: int, own: PaperRequest) -> TicketContent:
    """Return what a paper says: its own numbers and marks are given, the rest follows from order, shop and printer.

    Args:
        order: with its real receiver; the copy decides what is masked.
        part_id: the queue whose lines alone are shown, 0 for the whole order.
    """
    shop = get_shop(tx, shop_id=order.shop_id)
    shown, part = cut_lines(tx, order, part_id=part_id)
    hidden, logo = read_copies(tx, shop_id=order.shop_id).of(own.copy), read_logo(tx, shop_id=order.shop_id)
    content = build_content(shown, replace(
        own, zone=shop.zone, locale=device.locale, paper_mm=device.paper_mm, paper_high_mm=device.paper_high_mm,
        profile=device.profile(), shop_name=shop.name, part=part, lines_of=len(order.lines) if part else 0,
        hidden=hidden, logo=logo,
    ))  # fmt: skip
    if content.logo and not bring_logo(tx, content.logo):
        raise LookupError("a chosen logo is not kept")
    return content
