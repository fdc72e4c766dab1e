"""Routing: which queues an order's papers go to by themselves, and which of its lines each shows.

What a queue takes is a query of the orders' own language, asked of the order in memory.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from tocsin.core.db import Tx
from tocsin.orders.draft import Order
from tocsin.orders.screen import Filter, read_filter
from tocsin.orders.syntax_match import matches, subject_of
from tocsin.orders.syntax_meaning import Meaning
from tocsin.tickets.print_queue import EVERY, PrintQueue, QueueMissing, list_queues, past_queue

Paper = tuple[PrintQueue, str]


def route_order(tx: Tx, order: Order, *, copies: Sequence[str] = ()) -> list[Paper]:
    """Return which copies of an order are printed in which queues; what no queue takes goes to the shop's first.

    Args:
        order: with its real receiver.
        copies: those that are wanted; without, each queue prints its own.

    Raises:
        QueueMissing: the shop has none.
        Refusal: the query of a queue names what is gone.
    """
    here = [one for one in list_queues(tx) if one.shop_id in (0, order.shop_id)]
    if not here:
        raise QueueMissing
    chosen = [one for one in here if one.takes and _takes(tx, one, order)] or here[:1]
    if not copies:
        return [(queue, copy) for queue in chosen for copy in queue.copy_list()]
    papers: list[Paper] = []
    for copy in dict.fromkeys(copies):
        papers += [(queue, copy) for queue in chosen if copy in queue.copy_list()] or [(chosen[0], copy)]
    return papers


def part_of(queue: PrintQueue) -> int:
    """Return the part that a queue's papers are: its own lines, or 0 for the whole order."""
    return queue.id if queue.own_lines and queue.takes not in ("", EVERY) else 0


def cut_lines(tx: Tx, order: Order, *, part_id: int) -> tuple[Order, str]:
    """Return an order with the lines of a part alone, and the part's name; the whole and "" where it is no part.

    Where the part's query finds none of the lines, all are shown: a paper is rather too long than empty.
    """
    queue = past_queue(tx, queue_id=part_id) if part_id else None
    if queue is None or not part_of(queue):
        return order, ""
    meaning = _meaning(tx, queue, order)
    lines = tuple(line for line in order.lines if matches(meaning, subject_of(replace(order, lines=(line,)))))
    return (replace(order, lines=lines), queue.name) if 0 < len(lines) < len(order.lines) else (order, "")


def _takes(tx: Tx, queue: PrintQueue, order: Order) -> bool:
    return queue.takes == EVERY or matches(_meaning(tx, queue, order), subject_of(order))


def _meaning(tx: Tx, queue: PrintQueue, order: Order) -> Meaning:
    return read_filter(tx, Filter(query=queue.takes), shop=order.shop).meaning
