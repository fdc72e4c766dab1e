"""Marks by hand: the payment and fulfilment axes, moved by a person with a reason."""

import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.event import append_event
from tocsin.core.journal import write_journal
from tocsin.core.mask import mask_text
from tocsin.core.statement import Statement, bind, own
from tocsin.orders.amend import REASON_CHARACTERS, OrderCancelled, ReasonMissing
from tocsin.orders.archive import wake_order
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


_LOCK = Statement[tuple[int]](
    sa.select(order_head.c.id).where(own(order_head), order_head.c.id == bind("id")).with_for_update()
)
_PAID = ("paid_minor", "paid_at_us")
_living = sa.and_(own(order_head), order_head.c.id == bind("b_id"), order_head.c.desk_state != "cancelled")


def _marking(*columns: str) -> Statement[None]:
    return Statement[None](sa.update(order_head).where(_living), sets=(*columns, "status_known"))


# One for each combination of what is given: an axis that nobody named is not written.
_MARKS: dict[tuple[str, ...], Statement[None]] = {
    columns: _marking(*columns)
    for columns in (("payment",), ("payment", *_PAID), ("fulfilment",), ("payment", "fulfilment"), ("payment", "fulfilment", *_PAID))
}  # fmt: skip


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
    tx.value(_LOCK, id=order_id)  # what is read below stays so until this transaction ends
    before = load_order(tx, order_id=order_id, real=True)
    if before.desk_state == "cancelled":
        raise OrderCancelled(number=before.number)
    after = Marked(payment or before.payment, fulfilment or before.fulfilment)
    if after.payment not in PAYMENTS or after.fulfilment not in FULFILMENTS or _same(before, after):
        raise MarkWrong(number=before.number)
    given: dict[str, str | int] = {}
    if payment is not None:
        given["payment"] = payment
    if fulfilment is not None:
        given["fulfilment"] = fulfilment
    if after.payment == "paid" and before.payment != "paid":
        given |= {"paid_minor": before.payable_minor, "paid_at_us": tx.now_us}
    _write(tx, before, given)
    if before.desk_state == "archived":
        wake_order(tx, order_id=order_id)
    moved = {"payment": after.payment, "fulfilment": after.fulfilment}
    append_event(tx, "order.moved", subject_id=order_id, data={"revision": before.revision, **moved})
    said = mask_text(reason.strip(), before.receiver)
    write_journal(tx, actor, verb="orders.mark", subject=f"order:{order_id}", data={**moved, "reason": said})
    return after


def _write(tx: Tx, before: Order, given: dict[str, str | int]) -> None:
    if not tx.run(_MARKS[tuple(given)], b_id=before.id, status_known=1, **given):
        raise OrderCancelled(number=before.number)


def _same(before: Order, after: Marked) -> bool:
    return before.status_known and (before.payment, before.fulfilment) == (after.payment, after.fulfilment)
