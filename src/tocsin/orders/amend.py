"""Box 11, amend: change an order, with a reason, against the revision the clerk saw."""

import re

import sqlalchemy as sa
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import asdict, replace

from tocsin.access.lockdown import require_proof_in_lockdown
from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.event import append_event
from tocsin.core.journal import write_journal
from tocsin.core.mask import mask_party, mask_text
from tocsin.core.party import Party
from tocsin.core.statement import Statement, bind, own
from tocsin.orders.compare import Change as Change
from tocsin.orders.compare import compare_orders as compare_orders
from tocsin.orders.draft import Delivery, Draft, Line, Method, Order
from tocsin.orders.produce import Issued, clean_draft, produce_revision
from tocsin.orders.store import load_order
from tocsin.orders.table import order_head
from tocsin.orders.total import goods_minor, payable_minor, recalculate

REASON_CHARACTERS = 500
_STARS = re.compile(r"[*＊]")


class OrderMoved(Refusal):
    """Order {number} is at revision {present} now, you saw {seen}: compare both, then amend again"""

    kind, code = "conflict", "order_moved"


class OrderCancelled(Refusal):
    """Order {number} is cancelled and can't be changed"""

    kind, code = "refused", "order_cancelled"


class ReasonMissing(Refusal):
    """Say why, in 1 to 500 characters: the reason stays with the revision"""

    kind, code = "invalid", "reason_missing"


class MaskedValue(Refusal):
    """The field {field} holds stars of a mask: reveal it, or type the whole value"""

    kind, code = "invalid", "masked_value"


class NothingChanged(Refusal):
    """Nothing differs from revision {seen}: change something, or leave it"""

    kind, code = "invalid", "nothing_changed"


class PartyChanges(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """New text of the receiver's fields; what is unset stays."""

    name: str | UnsetType = UNSET
    phone: str | UnsetType = UNSET
    country: str | UnsetType = UNSET
    province: str | UnsetType = UNSET
    city: str | UnsetType = UNSET
    district: str | UnsetType = UNSET
    address: str | UnsetType = UNSET
    postcode: str | UnsetType = UNSET
    buyer_note: str | UnsetType = UNSET


class TotalsChanges(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """New amounts in minor units; what is unset stays, and what follows from others is computed."""

    shipping_minor: int | UnsetType = UNSET
    tax_minor: int | UnsetType = UNSET
    fees_minor: int | UnsetType = UNSET
    promotion_minor: int | UnsetType = UNSET
    coupon_minor: int | UnsetType = UNSET
    points_minor: int | UnsetType = UNSET
    adjustment_minor: int | UnsetType = UNSET
    goods_minor: int | UnsetType = UNSET
    payable_minor: int | UnsetType = UNSET


class Amendment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to change; `lines` is the whole new list, `recalculate` makes all sums follow from it."""

    receiver: PartyChanges = PartyChanges()
    totals: TotalsChanges = TotalsChanges()
    lines: tuple[Line, ...] | UnsetType = UNSET
    delivery: Delivery | UnsetType = UNSET
    campaign: str | UnsetType = UNSET
    payment_method: Method | UnsetType = UNSET
    merchant_note: str | UnsetType = UNSET
    carrier: str | UnsetType = UNSET
    waybill: str | UnsetType = UNSET
    pickup_point: str | UnsetType = UNSET
    community: str | UnsetType = UNSET
    recalculate: bool = False


def apply_amendment(before: Order, amendment: Amendment) -> Order:
    """Return what an amendment makes of an order with its real text; nothing is stored.

    Raises:
        MaskedValue: a field of the receiver was given with its mask's stars.
    """
    return _as_order(before, clean_draft(_apply(draft_of(before), amendment)))


def amend_order(
    tx: Tx, actor: Actor, *, order_id: int, seen: int, amendment: Amendment, reason: str
) -> Issued:
    """Make revision `seen` + 1, back at `produced`.

    Raises:
        NotAllowed, ReasonMissing, OrderCancelled, MaskedValue, NothingChanged
        OrderMoved: another change came first; nothing is overwritten.
        ProofNeeded: the desk is locked down, and he has not proved lately who he is.
    """
    require(actor, "amend")
    require_proof_in_lockdown(tx, actor)
    reason = reason.strip()
    if not 0 < len(reason) <= REASON_CHARACTERS:
        raise ReasonMissing
    before, draft = _amended_draft(tx, order_id=order_id, seen=seen, amendment=amendment)
    after = _as_order(before, draft)
    if not compare_orders(before, after):
        raise NothingChanged(seen=seen)
    issued = produce_revision(
        tx, actor, draft, order_id=order_id, number=before.number, seen=seen,
        reason=mask_text(reason, before.receiver, draft.receiver),
    )  # fmt: skip
    if issued is None:  # on PostgreSQL another transaction was first
        require_open(load_order(tx, order_id=order_id), seen)
        raise AssertionError("a head that is open and was not moved takes the next revision")
    # A payable that is only made to agree with its own lines was mistaken, and says nothing of what was paid.
    if before.payment == "paid" and after.payable_minor not in (
        before.payable_minor, before.computed_payable_minor
    ):  # fmt: skip
        tx.run(_KEEP_PAID, b_id=order_id, paid_minor=before.payable_minor)
    return issued


# Paid without a declared amount was paid as what was payable then: another payable must not take it along.
_KEEP_PAID = Statement[None](
    sa.update(order_head).where(
        own(order_head), order_head.c.id == bind("b_id"), order_head.c.paid_minor.is_(None)
    ),
    sets=("paid_minor",),
)
_CANCEL = Statement[None](
    sa.update(order_head).where(
        own(order_head), order_head.c.id == bind("b_id"), order_head.c.desk_state != "cancelled"
    ),
    sets=("desk_state",),
)


def cancel_order(tx: Tx, actor: Actor, *, order_id: int, reason: str) -> None:
    """Cancel an order: its number stays, its tickets become VOID, it can't be amended any more.

    Raises:
        NotAllowed, ReasonMissing, OrderCancelled
        ProofNeeded: as for amending.
    """
    require(actor, "cancel")
    require_proof_in_lockdown(tx, actor)
    if not 0 < len(reason.strip()) <= REASON_CHARACTERS:
        raise ReasonMissing
    before = load_order(tx, order_id=order_id, real=True)
    if not tx.run(_CANCEL, b_id=order_id, desk_state="cancelled"):
        raise OrderCancelled(number=before.number)
    append_event(tx, "order.cancelled", subject_id=order_id, data={"revision": before.revision})
    write_journal(
        tx, actor, verb="orders.cancel", subject=f"order:{order_id}",
        data={"reason": mask_text(reason.strip(), before.receiver)},
    )  # fmt: skip


def draft_of(order: Order) -> Draft:
    """Return the content of an order as a draft of its next revision."""
    shared = {
        name: getattr(order, name) for name in Draft.__struct_fields__ if name in Order.__struct_fields__
    }
    return Draft(**shared, cancelled=order.desk_state == "cancelled")


def _amended_draft(tx: Tx, *, order_id: int, seen: int, amendment: Amendment) -> tuple[Order, Draft]:
    before = load_order(tx, order_id=order_id, real=True)
    require_open(before, seen)
    return before, clean_draft(_apply(draft_of(before), amendment))


def require_open(present: Order, seen: int) -> None:
    """Refuse an order that can't be amended, or is at another revision than was seen.

    Raises:
        OrderCancelled, OrderMoved
    """
    if present.desk_state == "cancelled":
        raise OrderCancelled(number=present.number)
    if present.revision != seen:
        raise OrderMoved(number=present.number, seen=seen, present=present.revision)


_GIVEN = (
    "delivery", "campaign", "payment_method", "merchant_note", "carrier", "waybill", "pickup_point", "community", "lines",
)  # fmt: skip


def _apply(draft: Draft, amendment: Amendment) -> Draft:
    given = {
        name: value for name in _GIVEN
        if (value := getattr(amendment, name)) is not UNSET
    }  # fmt: skip
    if "merchant_note" in given:
        given["merchant_note"] = _note_change(draft, given["merchant_note"])
    typed = _receiver_changes(draft.receiver, amendment.receiver)
    totals = {name: value for name, value in asdict(amendment.totals).items() if value is not UNSET}
    changed = replace(
        draft, receiver=replace(draft.receiver, **typed), totals=replace(draft.totals, **totals),
        stripped=_still_stripped(draft, {f"receiver.{name}" for name in typed} | given.keys()), **given,
    )  # fmt: skip
    if amendment.recalculate or "lines" in given or (totals and "payable_minor" not in totals):
        changed = _agree(changed, draft.lines, totals)
    return changed


def _agree(draft: Draft, earlier: tuple[Line, ...], typed: dict[str, int]) -> Draft:
    """Return a draft whose sums follow from its lines; a promotion or payable that was typed stays."""
    followed = () if "promotion_minor" in typed else earlier
    lines, agreed = recalculate(draft.lines, draft.totals, draft.currency, earlier=followed)
    if "promotion_minor" in typed:
        agreed = replace(agreed, promotion_minor=typed["promotion_minor"])
        agreed = replace(agreed, payable_minor=payable_minor(agreed, agreed.goods_minor or 0))
    if "payable_minor" in typed:
        agreed = replace(agreed, payable_minor=typed["payable_minor"])
    return replace(draft, lines=lines, totals=agreed)


def _still_stripped(draft: Draft, replaced: set[str]) -> tuple[str, ...]:
    return tuple(field for field in draft.stripped if not {field, field.split(".")[0]} & replaced)


def _receiver_changes(present: Party, changes: PartyChanges) -> dict[str, str]:
    """Return the fields that were really typed: an unchanged mask is left, other stars are refused."""
    masked, kept = mask_party(present), {}
    for name, value in asdict(changes).items():
        if value is UNSET or value == getattr(masked, name):
            continue
        if _STARS.search(value) and value != getattr(present, name):
            raise MaskedValue(field=f"receiver.{name}")
        kept[name] = value
    return kept


def _note_change(draft: Draft, note: str) -> str:
    """Return the merchant's note that was typed: an unchanged mask is left, other stars of a mask are refused."""
    present, masked = draft.merchant_note, mask_text(draft.merchant_note, draft.receiver)
    if note == masked:
        return present
    if present not in (masked, note) and _STARS.search(note):
        raise MaskedValue(field="merchant_note")
    return note


def _as_order(before: Order, draft: Draft) -> Order:
    shared = {
        name: getattr(draft, name) for name in Draft.__struct_fields__ if name in Order.__struct_fields__
    }
    goods = goods_minor(draft.lines, draft.currency)
    payable = draft.totals.payable_minor
    computed = payable_minor(draft.totals, goods)
    return replace(
        before, **shared, computed_goods_minor=goods, computed_payable_minor=computed,
        payable_minor=computed if payable is None else payable,
    )  # fmt: skip
