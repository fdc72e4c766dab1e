"""Boxes 11 and 17 before anything is stored: what an amendment would change, and what the check would say."""

from msgspec import Struct

from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.orders.amend import Amendment, OrderMoved, apply_amendment
from tocsin.orders.preview import Preview, preview_of
from tocsin.orders.store import load_order
from tocsin.tickets.check import context_of
from tocsin.tickets.rule import Finding, run_checks


class Foreseen(Struct, frozen=True):
    """An amendment seen before it is made; findings hold no personal text."""

    preview: Preview
    findings: tuple[Finding, ...]


def foresee_amendment(tx: Tx, actor: Actor, *, order_id: int, seen: int, amendment: Amendment) -> Foreseen:
    """Return the money, the differences and the findings of an amendment; nothing is stored.

    Raises:
        NotAllowed, OrderMissing, MaskedValue
        OrderMoved: the head is not at the revision that was seen.
    """
    require(actor, "amend")
    before = load_order(tx, order_id=order_id, real=True)
    if before.revision != seen:
        raise OrderMoved(number=before.number, seen=seen, present=before.revision)
    after = apply_amendment(before, amendment)
    return Foreseen(preview_of(actor, before, after, amendment), run_checks(after, context_of(tx, after)))
