"""Marks by hand: the payment and fulfilment axes, moved by a person with a reason."""

import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.event import append_event
from tocsin.core.journal import write_journal
from tocsin.core.statement import Statement, bind, own
from tocsin.orders.amend import REASON_CHARACTERS, OrderCancelled, ReasonMissing
from tocsin.orders.draft import Fulfilment, Order, Payment
from tocsin.orders.store import load_order
from tocsin.orders.table import order_head

PAYMENTS: tuple[Payment, ...] = ("unpaid", "authorised", "paid", "part_refunded", "refunded", "closed")
FULFILMENTS: tuple[Fulfilment, ...] = ("unfulfilled", "partial", "shipped", "delivered", "returned")


class MarkWrong(Refusal):
    """Order {number} can't be marked so: choose another payment or fulfilment than it has"""

    kind, code = "invalid", "mark_wrong"


class Marked(Struct, frozen=True):
    """The axes of an order after a mark."""

    payment: str
    fulfilment: str


_MARK = Statement[None](
    sa.update(order_head).where(own(order_head), order_head.c.id == bind("b_id")),
    sets=("payment", "fulfilment", "paid_minor", "paid_at_us", "status_known"),
)


def mark_order(
    tx: Tx, actor: Actor, *, order_id: int, reason: str, payment: Payment | None = None,
    fulfilment: Fulfilment | None = None,
) -> Marked:  # fmt: skip
    """Set an order's axes by hand; paid without a declared amount counts as the payable amount, now.

    A person who marks an order has looked at its source: its status counts as known from then on.

    Raises:
        NotAllowed, OrderMissing, OrderCancelled
        ReasonMissing: no reason, or more than 500 characters.
        MarkWrong: nothing would change.
    """
    require(actor, "mark")
    if not 0 < len(reason.strip()) <= REASON_CHARACTERS:
        raise ReasonMissing
    before = load_order(tx, order_id=order_id)
    if before.desk_state == "cancelled":
        raise OrderCancelled(number=before.number)
    after = Marked(payment or before.payment, fulfilment or before.fulfilment)
    if after.payment not in PAYMENTS or after.fulfilment not in FULFILMENTS or _same(before, after):
        raise MarkWrong(number=before.number)
    now_paid = after.payment == "paid" and before.payment != "paid"
    tx.run(
        _MARK, b_id=order_id, payment=after.payment, fulfilment=after.fulfilment, status_known=1,
        paid_minor=before.payable_minor if now_paid else before.totals.paid_minor,
        paid_at_us=tx.now_us if now_paid else before.paid_at_us,
    )  # fmt: skip
    moved = {"payment": after.payment, "fulfilment": after.fulfilment}
    append_event(tx, "order.moved", subject_id=order_id, data={"revision": before.revision, **moved})
    write_journal(
        tx, actor, verb="orders.mark", subject=f"order:{order_id}", data={**moved, "reason": reason.strip()}
    )
    return after


def _same(before: Order, after: Marked) -> bool:
    return before.status_known and (before.payment, before.fulfilment) == (after.payment, after.fulfilment)
