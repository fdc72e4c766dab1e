"""Bulk acts over many orders: amend a safe field, hold, release, print; a result per order, none keeps another back."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Literal

import msgspec
from msgspec import Struct

from tocsin.core.actor import Actor, Right, require
from tocsin.core.db import Database, Tx
from tocsin.core.errors import Refusal
from tocsin.orders.amend import Amendment, amend_order
from tocsin.orders.listing import list_heads
from tocsin.orders.screen import Filter, page_rows
from tocsin.orders.second_person import SecondPersonNeeded, record_refused
from tocsin.orders.stop import open_holds
from tocsin.tickets.device import COPIES
from tocsin.tickets.hold import hold_order, release_hold

ORDERS_MOST = 500
SAFE_FIELDS = ("campaign", "merchant_note", "carrier", "pickup_point", "community")
RIGHT_OF: dict[str, Right] = {"amend": "amend", "hold": "hold", "release": "hold", "print": "print"}
"""The right that each act takes; a release takes that of its hold's kind besides."""
_PAGE_ROWS = 100
_BY_HAND = frozenset({"manual", "later", "failed", "conflict", "refund"})


class BulkWrong(Refusal):
    """Nothing can be done so: choose 1 to 500 orders (a query: 10,000), one of the acts, and a field that may be changed in bulk"""

    kind, code = "invalid", "bulk_wrong"


class NotHeld(Refusal):
    """The order is not held: there is nothing to release"""

    kind, code = "refused", "not_held"


class BulkAct(Struct, frozen=True, kw_only=True):
    """What is done to each order, and why; `field` and `value` are for an amendment, the last two for a print."""

    act: Literal["amend", "hold", "release", "print"]
    reason: str = ""
    field: str = ""
    value: str = ""
    queue_id: int = msgspec.field(
        default=0, name="printer_id"
    )  # acts of before there were queues are under way
    copies: tuple[str, ...] = ()


class Done(Struct, frozen=True, kw_only=True):
    """What became of one order: done, or the refusal."""

    order_id: int
    number: str
    refusal: Refusal | None = None


def screen_pairs(tx: Tx, *, query: str, most: int) -> list[tuple[int, int]]:
    """Return (order id, revision) of a query's orders; one more than the most where there are more."""
    found, after = list[tuple[int, int]](), ""
    while len(found) <= most:
        rows, after = page_rows(tx, wanted=Filter(query=query), after=after, limit=_PAGE_ROWS)
        found += [(row.id, row.revision) for row in rows]
        if not after:
            break
    return found[: most + 1]


def require_act(actor: Actor, asked: BulkAct) -> None:
    """Refuse an act that is none, and who may do it to no order.

    Raises:
        BulkWrong, NotAllowed
    """
    unfit = asked.act == "amend" and asked.field not in SAFE_FIELDS
    if unfit or asked.act not in RIGHT_OF or not set(asked.copies) <= set(COPIES):
        raise BulkWrong
    require(actor, RIGHT_OF[asked.act])


def do_act(tx: Tx, actor: Actor, *, order_id: int, seen: int, asked: BulkAct, base_url: str) -> None:
    """Amend, hold or release one order.

    Raises:
        Refusal: what refuses the act itself.
    """
    verbs: dict[str, Callable[..., Any]] = {
        "amend": _amend,
        "hold": _hold,
        "release": partial(_release, base_url=base_url),
    }
    verbs[asked.act](tx, actor=actor, order_id=order_id, seen=seen, asked=asked)


def act_on_orders(
    db: Database, actor: Actor, *, orders: Sequence[tuple[int, int]], asked: BulkAct, base_url: str = ""
) -> list[Done]:
    """Do one thing to each of (order id, revision as seen), each in its own transaction; return what became of each.

    Raises:
        BulkWrong: no order, too many, no such act, or a field that is not safe in bulk.
        NotAllowed: he may do it to no order.
    """
    require_act(actor, asked)
    if asked.act == "print" or not 0 < len(orders) <= ORDERS_MOST:
        raise BulkWrong
    heads = db.read(
        actor.merchant_id, lambda tx: list_heads(tx, order_ids=[order_id for order_id, _ in orders])
    )
    numbers = {head.id: head.number for head in heads}
    done = []
    for order_id, seen in orders:
        run = partial(do_act, actor=actor, order_id=order_id, seen=seen, asked=asked, base_url=base_url)
        refusal = None
        try:
            db.write(actor.merchant_id, run)
        except Refusal as refused:  # the row's result: the others go on
            refusal = refused
        if isinstance(refusal, SecondPersonNeeded):
            db.write(actor.merchant_id, partial(record_refused, actor=actor, refused=refusal, door="page"))
        done.append(Done(order_id=order_id, number=numbers.get(order_id, "?"), refusal=refusal))
    return done


def _amend(tx: Tx, *, actor: Actor, order_id: int, seen: int, asked: BulkAct) -> None:
    amendment = msgspec.convert({asked.field: asked.value}, Amendment)
    amend_order(tx, actor, order_id=order_id, seen=seen, amendment=amendment, reason=asked.reason)


def _hold(tx: Tx, *, actor: Actor, order_id: int, seen: int, asked: BulkAct) -> None:
    del seen
    hold_order(tx, actor, order_id=order_id, reason=asked.reason)


def _release(tx: Tx, *, actor: Actor, order_id: int, seen: int, asked: BulkAct, base_url: str) -> None:
    del seen
    holds = open_holds(tx, order_id=order_id)
    by_hand = [hold for hold in holds if hold.kind in _BY_HAND]
    for hold in by_hand or holds[:1]:  # where none is released by hand, the first says how it closes
        release_hold(tx, actor, hold_id=hold.id, reason=asked.reason, base_url=base_url)
    if not holds:
        raise NotHeld
