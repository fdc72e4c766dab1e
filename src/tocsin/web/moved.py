"""An order that has moved on under an open form: the revision that the form was made for, and both versions merged."""

from typing import Any

from tocsin.core.actor import Actor
from tocsin.core.db import Tx
from tocsin.desk import Desk
from tocsin.orders.compare import compare_orders
from tocsin.orders.draft import Order
from tocsin.orders.query import look_up_order
from tocsin.orders.store import OrderMissing, list_revisions, load_order
from tocsin.web.form import Form, read_number
from tocsin.web.merge_form import merge_form
from tocsin.web.order import DOOR
from tocsin.web.order_form import fields_of


def load_seen(desk: Desk, actor: Actor, number: str, *, form: Form) -> Order:
    """Return the revision that a form was made for, masked, recorded; one that does not exist counts as the head."""
    revision = read_number(form.get("revision", ""))
    try:
        return look_up_order(desk.db, actor, number=number, door=DOOR, revision=revision)
    except OrderMissing:
        return look_up_order(desk.db, actor, number=number, door=DOOR)


def meet_head(
    desk: Desk, actor: Actor, seen: Order, *, form: Form
) -> tuple[Order, dict[str, Any], dict[str, str]]:
    """Return the present revision, what collides in it, and my form for it, with theirs where I left it."""
    head = look_up_order(desk.db, actor, number=seen.number, door=DOOR)

    def read(tx: Tx) -> tuple[dict[str, Any], set[str]]:
        before, theirs = (
            load_order(tx, order_id=seen.id, revision=one.revision, real=True) for one in (seen, head)
        )
        newest = next(one for one in list_revisions(tx, order_id=seen.id) if one.revision == head.revision)
        moved = {change.field for change in compare_orders(before, theirs)}
        return {"head": newest.revision, "by": newest.actor_name, "at_us": newest.at_us}, moved

    conflict, moved = desk.db.read(actor.merchant_id, read)
    merged = merge_form(form, seen=seen, head=head, moved=moved)
    return head, {**conflict, "changes": merged.rows}, merged.form


def cover_revealed(desk: Desk, actor: Actor, seen: Order, *, form: Form) -> dict[str, str]:
    """Return a form in which what was revealed and left as it is stands masked again: it is no change."""
    real = desk.db.read(
        actor.merchant_id, lambda tx: load_order(tx, order_id=seen.id, revision=seen.revision, real=True)
    )
    shown, bare = fields_of(seen), fields_of(real)
    return {
        name: shown[name] if name.startswith("receiver.") and text == bare.get(name) else text
        for name, text in form.items()
    }
