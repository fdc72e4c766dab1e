"""An amendment seen before it is made: nothing is stored, and nobody learns from it whether he guessed right."""

from msgspec import UNSET, Struct
from msgspec.structs import asdict

from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.mask import mask_party, mask_text
from tocsin.core.party import Party
from tocsin.core.text import strip_control
from tocsin.orders.amend import Amendment, apply_amendment, require_open
from tocsin.orders.compare import Change, compare_orders
from tocsin.orders.draft import Order
from tocsin.orders.field_right import require_fields
from tocsin.orders.store import load_order


class Preview(Struct, frozen=True, kw_only=True):
    """An amendment seen before it is made: the money before and after, and what would change."""

    seen: int
    payable_before_minor: int
    payable_after_minor: int
    currency: str
    changes: tuple[Change, ...]


def preview_amendment(tx: Tx, actor: Actor, *, order_id: int, seen: int, amendment: Amendment) -> Preview:
    """Return what an amendment would change; nothing is stored.

    Raises:
        FieldLocked: his role may not change one of these fields.
        OrderMoved: the head is not at the revision that was seen.
        MaskedValue: a personal field was given with its mask's stars.
    """
    require(actor, "amend")
    before = load_order(tx, order_id=order_id, real=True)
    require_open(before, seen)
    after = apply_amendment(before, amendment)
    require_fields(tx, actor, before, after=after, typed=amendment)
    return preview_of(actor, before, after, amendment=amendment)


def preview_of(actor: Actor, before: Order, after: Order, *, amendment: Amendment) -> Preview:
    """Return the money of an order before and after, and what differs.

    Who may not reveal the receiver is not told whether what he typed is what the order has.
    """
    changes = compare_orders(before, after)
    if not actor.may("reveal"):
        open_ones = [one for one in changes if not one.field.startswith(("receiver.", "merchant_note"))]
        changes = _typed_changes(before, amendment) + open_ones
    return Preview(
        seen=before.revision, payable_before_minor=before.payable_minor,
        payable_after_minor=after.totals.payable_minor or 0, currency=before.currency,
        changes=tuple(changes),
    )  # fmt: skip


def _typed_changes(before: Order, amendment: Amendment) -> list[Change]:
    """Return each personal field that was typed as a change, equal or not; only what was typed masks the new text."""
    masked, note = mask_party(before.receiver), mask_text(before.merchant_note, before.receiver)
    typed = {
        name: strip_control(value) for name, value in asdict(amendment.receiver).items()
        if value is not UNSET and value != getattr(masked, name)
    }  # fmt: skip
    alone = mask_party(Party(**typed))
    changes = [
        Change(f"receiver.{name}", getattr(masked, name), getattr(alone, name))
        for name in Party.__struct_fields__ if name in typed
    ]  # fmt: skip
    if amendment.merchant_note not in (UNSET, note):
        typed_note = mask_text(strip_control(str(amendment.merchant_note)), Party(**typed))
        changes.append(Change("merchant_note", note, typed_note))
    return changes
