"""Boxes 11, 12 and 17 before anything is stored: what an amendment or an issue would make, and what the check would say."""

from msgspec import Struct

from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.tenant import get_shop
from tocsin.orders.amend import Amendment, OrderMoved, apply_amendment
from tocsin.orders.draft import Draft, Order
from tocsin.orders.field_right import require_fields
from tocsin.orders.preview import Preview, preview_of
from tocsin.orders.produce import clean_draft
from tocsin.orders.store import load_order
from tocsin.orders.total import goods_minor, payable_minor
from tocsin.tickets.check import context_of
from tocsin.tickets.rule import Finding, run_checks


class Foreseen(Struct, frozen=True):
    """An amendment seen before it is made; findings hold no personal text."""

    preview: Preview
    findings: tuple[Finding, ...]


def foresee_amendment(tx: Tx, actor: Actor, *, order_id: int, seen: int, amendment: Amendment) -> Foreseen:
    """Return the money, the differences and the findings of an amendment; nothing is stored.

    Raises:
        NotAllowed, OrderMissing, MaskedValue, FieldLocked
        OrderMoved: the head is not at the revision that was seen.
    """
    require(actor, "amend")
    before = load_order(tx, order_id=order_id, real=True)
    if before.revision != seen:
        raise OrderMoved(number=before.number, seen=seen, present=before.revision)
    after = apply_amendment(before, amendment)
    require_fields(tx, actor, before, after=after, typed=amendment)
    return Foreseen(
        preview_of(actor, before, after, amendment=amendment), run_checks(after, context_of(tx, after))
    )


class ForeseenDraft(Struct, frozen=True):
    """A draft as it would be issued, in its real text, and what the check would say but for duplicates."""

    order: Order
    findings: tuple[Finding, ...]


def foresee_draft(tx: Tx, actor: Actor, draft: Draft) -> ForeseenDraft:
    """Return the order that a draft would become, without a number, and its findings; nothing is stored.

    Raises:
        NotAllowed, ShopMissing
        DraftWrong, AmountTooLarge: a value that no order can have.
    """
    require(actor, "amend")
    shop, clean = get_shop(tx, code=draft.shop), clean_draft(draft)
    goods = goods_minor(clean.lines, clean.currency)
    order = Order(
        id=0, number=f"{shop.code}-",  # its number is given when it is issued: that it has none yet is no fault
        revision=1, merchant_id=tx.merchant_id, shop_id=shop.id, shop=shop.code,
        channel=clean.channel, external_id=clean.external_id, external_status=clean.external_status,
        status_known=clean.status_known, currency=clean.currency,
        placed_at_us=tx.now_us if clean.placed_at_us is None else clean.placed_at_us, paid_at_us=clean.paid_at_us,
        payment=clean.payment, payment_method=clean.payment_method, fulfilment=clean.fulfilment,
        desk_state="cancelled" if clean.cancelled else "produced", delivery=clean.delivery, campaign=clean.campaign,
        merchant_note=clean.merchant_note, carrier=clean.carrier, waybill=clean.waybill, pickup_point=clean.pickup_point, community=clean.community,
        group_no=clean.group_no, group_state=clean.group_state, receiver=clean.receiver,
        masked=False, lines=clean.lines, totals=clean.totals, computed_goods_minor=goods,
        computed_payable_minor=payable_minor(clean.totals, goods), payable_minor=clean.totals.payable_minor or 0,
        content_hash="", produced_at_us=tx.now_us, head_revision=1, stripped=clean.stripped,
    )  # fmt: skip
    return ForeseenDraft(order, run_checks(order, context_of(tx, order)))
