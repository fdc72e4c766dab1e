"""What an amendment is, and what it makes of an order: nothing is stored here."""

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import asdict, replace

from tocsin.core.errors import Refusal
from tocsin.core.mask import mask_party, mask_text
from tocsin.core.party import Party
from tocsin.orders.draft import Delivery, Draft, Line, Method, Order
from tocsin.orders.mask_fit import STARS
from tocsin.orders.produce import clean_draft
from tocsin.orders.total import goods_minor, payable_minor, recalculate


class MaskedValue(Refusal):
    """The field {field} holds stars of a mask: reveal it, or type the whole value"""

    kind, code = "invalid", "masked_value"


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
    return as_order(before, amended_draft(before, amendment))


def amended_draft(before: Order, amendment: Amendment) -> Draft:
    """Return the draft of an order's next revision.

    Raises:
        MaskedValue, DraftWrong, AmountTooLarge
    """
    return clean_draft(_apply(draft_of(before), amendment))


def draft_of(order: Order) -> Draft:
    """Return the content of an order as a draft of its next revision."""
    shared = {
        name: getattr(order, name) for name in Draft.__struct_fields__ if name in Order.__struct_fields__
    }
    return Draft(**shared, cancelled=order.desk_state == "cancelled")


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
        if STARS.search(value) and value != getattr(present, name):
            raise MaskedValue(field=f"receiver.{name}")
        kept[name] = value
    return kept


def _note_change(draft: Draft, note: str) -> str:
    """Return the merchant's note that was typed: an unchanged mask is left, other stars of a mask are refused."""
    present, masked = draft.merchant_note, mask_text(draft.merchant_note, draft.receiver)
    if note == masked:
        return present
    if present not in (masked, note) and STARS.search(note):
        raise MaskedValue(field="merchant_note")
    return note


def as_order(before: Order, draft: Draft) -> Order:
    """Return an order with the content of a draft."""
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
