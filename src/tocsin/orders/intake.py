"""Intake: drafts from any door go through `produce`; idempotent by (merchant, channel, shop, external id).

Again with newer payment or fulfilment it moves those axes. It never overwrites a desk's amendment: that is a conflict.
"""

from typing import Literal

import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import asdict, replace

from tocsin.core.actor import Actor, NotAllowed, desk_actor
from tocsin.core.db import Tx
from tocsin.core.event import append_event
from tocsin.core.journal import write_journal
from tocsin.core.mask import mask_party, mask_text
from tocsin.core.statement import Statement, bind, own
from tocsin.core.tenant import Shop, get_shop
from tocsin.orders.amend import was_cancelled_here
from tocsin.orders.archive import wake_order
from tocsin.orders.axis import (
    AxisNews,
    Said,
    Values,
    as_heard,
    axes_of,
    further,
    heard_at,
    is_paid_though_closed,
    join_said,
    keep_axes,
    keep_said,
    kept_axes,
    kept_said,
    settle_axes,
)
from tocsin.orders.bounds import DraftWrong as DraftWrong  # what intake refuses a draft with
from tocsin.orders.conflict import agree_again, meet_source
from tocsin.orders.draft import Draft, Order
from tocsin.orders.mask_fit import keep_real
from tocsin.orders.produce import Clean, clean_draft, produce_order, produce_revision
from tocsin.orders.source import ADD, FIND, FIND_LOCKED, KnownSource, as_brought, content_digest, keep_source
from tocsin.orders.stop import open_hold
from tocsin.orders.store import load_order
from tocsin.orders.table import order_head
from tocsin.orders.waiting import Place, keep_waiting, take_waiting

Result = Literal["new", "unchanged", "changed", "moved", "conflict", "older"]
PAID_THOUGH_CLOSED = "Paid after its shop had closed it: give the money back, or have the shop open it again"
REOPENED = (
    "Its shop has opened it again, it was cancelled here: cancel it there too, or take it in as a new order"
)


class Taken(Struct, frozen=True):
    """What became of a draft."""

    result: Result
    order_id: int
    number: str
    revision: int


class _Axes(Struct, frozen=True):
    payment: str
    fulfilment: str
    paid_minor: int | None
    paid_at_us: int | None
    external_status: str
    status_known: int


_AXES = _Axes.__struct_fields__
_AXES_NOW = Statement(
    sa.select(*(order_head.c[name] for name in _AXES)).where(own(order_head), order_head.c.id == bind("id")),
    _Axes,
)
_MOVE_AXES = Statement[None](
    sa.update(order_head).where(own(order_head), order_head.c.id == bind("b_id")), sets=_AXES
)
_SET_STATE = Statement[None](
    sa.update(order_head).where(own(order_head), order_head.c.id == bind("b_id")), sets=("desk_state",)
)


def take_in(tx: Tx, actor: Actor, draft: Draft) -> Taken:
    """Bring a draft into the store, once.

    Raises:
        NotAllowed: the actor may neither import nor create.
        ShopMissing: the draft names a shop that the merchant lacks.
        DraftWrong, AmountTooLarge: a value that no order can have.
    """
    if not (actor.may("import") or actor.may("amend")):
        raise NotAllowed(right="import")
    shop, clean = get_shop(tx, code=draft.shop), as_heard(clean_draft(draft), tx.now_us)
    if not clean.external_id:
        issued = produce_order(tx, actor, clean, shop=shop, reason=f"intake: {clean.channel}")
        return Taken("new", issued.order_id, issued.number, issued.revision)
    known = tx.one(FIND_LOCKED, channel=clean.channel, shop_id=shop.id, external_id=clean.external_id)
    return _again(tx, actor, clean, shop, known) if known else _first(tx, actor, clean, shop)


def foresee(tx: Tx, draft: Draft) -> Taken:
    """Tell what `take_in` would make of a draft; nothing is stored."""
    shop, clean = get_shop(tx, code=draft.shop), as_heard(clean_draft(draft), tx.now_us)
    known = (
        tx.one(FIND, channel=clean.channel, shop_id=shop.id, external_id=clean.external_id)
        if clean.external_id
        else None
    )
    if known is None:
        return Taken("new", 0, "", 0)
    kept, hides = keep_real(tx, clean, known)
    clean = _keep_cancelled(known, kept)
    digest = content_digest(tx, clean, known=known.content_digest)
    result = _judge(tx, known, clean, digest=digest, hides=hides)
    return Taken(result, known.order_id, known.number, known.revision)


def foresee_changes(tx: Tx, actor: Actor, draft: Draft) -> tuple[Order, Order] | None:
    """Return the order that a draft brings again, at its head, and as the draft has it; None for a new one.

    Who may not reveal gets both masked: he must not learn whether a receiver that he guessed is right.
    """
    shop, clean = get_shop(tx, code=draft.shop), clean_draft(draft)
    known = tx.one(FIND, channel=clean.channel, shop_id=shop.id, external_id=clean.external_id)
    if known is None:
        return None
    real = actor.may("reveal")
    before, (clean, _) = load_order(tx, order_id=known.order_id, real=real), keep_real(tx, clean, known)
    note = clean.merchant_note if real else mask_text(clean.merchant_note, clean.receiver)
    return before, replace(
        before, receiver=clean.receiver if real else mask_party(clean.receiver), merchant_note=note, lines=clean.lines,
        totals=clean.totals, delivery=clean.delivery, campaign=clean.campaign, payment_method=clean.payment_method,
        carrier=clean.carrier, waybill=clean.waybill, pickup_point=clean.pickup_point, community=clean.community,
        group_no=clean.group_no, group_state=clean.group_state,
    )  # fmt: skip


def take_news(tx: Tx, actor: Actor, news: AxisNews) -> Taken | None:
    """Move one axis of an order by what its shop says of it alone; None: the order is not here yet, the news waits.

    Raises:
        NotAllowed: the actor may neither import nor create.
        ShopMissing: the news names a shop that the merchant lacks.
    """
    if not (actor.may("import") or actor.may("amend")):
        raise NotAllowed(right="import")
    shop, news = get_shop(tx, code=news.shop), replace(news, at_us=heard_at(news.at_us, tx.now_us))
    known = tx.one(FIND_LOCKED, channel=news.channel, shop_id=shop.id, external_id=news.external_id)
    if known is None:
        keep_waiting(tx, news, shop_id=shop.id)
        return None
    return _hear(tx, actor, known, said=news.said(), place=(news.channel, shop.id, news.external_id))


def hear_waited(tx: Tx, *, place: Place, said: Said) -> None:
    """Move an order by news that waited, as the desk itself: who brought them is in the journal."""
    known = tx.one(FIND_LOCKED, **dict(zip(("channel", "shop_id", "external_id"), place, strict=True)))
    if known is not None:
        take_waiting(tx, place)
        _hear(tx, desk_actor(tx.merchant_id), known, said=said, place=place)


def _hear(tx: Tx, actor: Actor, known: KnownSource, *, said: Said, place: Place) -> Taken:
    joined = keep_said(join_said(kept_said(known.news), said))
    if joined == known.news:
        return Taken("unchanged", known.order_id, known.number, known.revision)
    document = kept_axes(known.axes)
    moved = _move_axes(tx, actor, known, document=document, version_us=known.version_us, news=joined)
    keep_source(tx, place, replace(known, news=joined))
    return Taken("moved" if moved else "older", known.order_id, known.number, known.revision)


def _first(tx: Tx, actor: Actor, draft: Clean, shop: Shop) -> Taken:
    issued = produce_order(tx, actor, draft, shop=shop, reason=f"intake: {draft.channel}")
    known = KnownSource(
        order_id=issued.order_id, content_digest=content_digest(tx, draft), axes=keep_axes(axes_of(draft)),
        version_us=draft.source_version_us, source_revision=1, number=issued.number, revision=1,
        desk_state="cancelled" if draft.cancelled else "produced", news="",
    )  # fmt: skip
    tx.add(
        ADD, channel=draft.channel, shop_id=shop.id, external_id=draft.external_id, order_id=issued.order_id,
        content_digest=known.content_digest, axes=known.axes, version_us=known.version_us, source_revision=1, news="",
    )  # fmt: skip
    place = (draft.channel, shop.id, draft.external_id)
    if waited := take_waiting(tx, place):
        _hear(tx, actor, known, said=waited, place=place)
    return Taken("new", issued.order_id, issued.number, 1)


def _is_older(known: KnownSource, draft: Draft) -> bool:
    if known.version_us is None or draft.source_version_us is None:
        return False
    if draft.source_version_us == known.version_us:  # many platforms count in seconds
        return further(axes_of(draft)) < further(kept_axes(known.axes))
    return draft.source_version_us < known.version_us


def _keep_cancelled(known: KnownSource, draft: Clean) -> Clean:
    """Return a draft that stays cancelled unless it is known to be newer than what cancelled it."""
    newer = draft.source_version_us is not None and draft.source_version_us > (known.version_us or 0)
    return draft if newer or not kept_axes(known.axes)["cancelled"] else replace(draft, cancelled=True)


def _judge(tx: Tx, known: KnownSource, draft: Draft, *, digest: str, hides: bool) -> Result:
    if _is_older(known, draft):
        return "older"
    if digest == known.content_digest:
        return "unchanged" if keep_axes(axes_of(draft)) == known.axes else "moved"
    by_source = known.desk_state != "cancelled" or (
        _settled(known)["cancelled"] and not was_cancelled_here(tx, order_id=known.order_id)
    )
    # A mask is never written over a real text: a person asks the source for the real one.
    return "changed" if by_source and not hides and as_brought(tx, known) else "conflict"


def _again(tx: Tx, actor: Actor, draft: Clean, shop: Shop, known: KnownSource) -> Taken:
    kept, hides = keep_real(tx, draft, known)
    draft = _keep_cancelled(known, kept)
    digest = content_digest(tx, draft, known=known.content_digest)
    result, revision = _judge(tx, known, draft, digest=digest, hides=hides), known.revision
    if result in ("older", "unchanged"):
        return Taken(result, known.order_id, known.number, revision)
    version_us = max(filter(None, (known.version_us, draft.source_version_us)), default=None)
    moved = known
    if result == "changed" and agree_again(tx, draft, order_id=known.order_id):
        result = "moved"
    if result == "changed":
        cancelled = settle_axes(axes_of(draft), version_us, kept_said(known.news))["cancelled"]
        revision = _take_content(tx, actor, replace(draft, cancelled=cancelled), known)
        moved = replace(known, desk_state="cancelled" if cancelled else "produced")
    _move_axes(tx, actor, moved, document=axes_of(draft), version_us=version_us, news=known.news)
    agreed = revision if result == "changed" else known.source_revision
    if result == "conflict":
        agreed = _hold_conflict(tx, actor, known, draft)
    said = replace(
        known, content_digest=digest, axes=keep_axes(axes_of(draft)), version_us=version_us,
        source_revision=agreed,
    )  # fmt: skip
    keep_source(tx, (draft.channel, shop.id, draft.external_id), said)
    return Taken(result, known.order_id, known.number, revision)


def _take_content(tx: Tx, actor: Actor, draft: Clean, known: KnownSource) -> int:
    if known.desk_state == "cancelled":  # by its shop: what the shop says of it now may say so again
        tx.run(_SET_STATE, b_id=known.order_id, desk_state="produced")
    issued = produce_revision(
        tx, actor, draft, order_id=known.order_id, number=known.number, seen=known.revision,
        reason=f"intake: {draft.channel}",
    )  # fmt: skip
    assert issued is not None, "the head is locked by this transaction"
    return issued.revision


def _settled(known: KnownSource) -> Values:
    return settle_axes(kept_axes(known.axes), known.version_us, kept_said(known.news))


def _move_axes(
    tx: Tx, actor: Actor, known: KnownSource, *, document: Values, version_us: int | None, news: str
) -> bool:
    """Move the axes in which the source differs from what it said last; others may have been marked by hand."""
    before = _settled(known)
    settled = settle_axes(document, version_us, kept_said(news))
    moved = {name: value for name, value in settled.items() if before[name] != value}
    if not moved:
        return False
    cancelled = moved.pop("cancelled", None)
    now = tx.one(_AXES_NOW, id=known.order_id)
    assert now is not None, "the head is locked by this transaction"
    after = {**asdict(now), **moved}
    after["status_known"] = int(after["status_known"])
    tx.run(_MOVE_AXES, b_id=known.order_id, **after)
    if known.desk_state == "archived":
        wake_order(tx, order_id=known.order_id)
    if cancelled and known.desk_state != "cancelled":
        tx.run(_SET_STATE, b_id=known.order_id, desk_state="cancelled")
        append_event(tx, "order.cancelled", subject_id=known.order_id, data={"revision": known.revision})
    elif cancelled is False and known.desk_state == "cancelled":
        if was_cancelled_here(tx, order_id=known.order_id):
            _hold(tx, actor, known, REOPENED)
        else:
            tx.run(_SET_STATE, b_id=known.order_id, desk_state="produced")
    told = {"payment": after["payment"], "fulfilment": after["fulfilment"]}
    append_event(tx, "order.moved", subject_id=known.order_id, data={"revision": known.revision, **told})
    write_journal(tx, actor, verb="orders.move", subject=f"order:{known.order_id}", data=told)
    if is_paid_though_closed(document, settled) and not is_paid_though_closed(kept_axes(known.axes), before):
        _hold(tx, actor, known, PAID_THOUGH_CLOSED)
    return True


def _hold(tx: Tx, actor: Actor, known: KnownSource, reason: str) -> None:
    open_hold(tx, actor, order_id=known.order_id, revision=known.revision, kind="manual", reason=reason)


def _hold_conflict(tx: Tx, actor: Actor, known: KnownSource, draft: Draft) -> int:
    """Hold what the source brought beside the desk's amendment; return the revision that the source agrees with."""
    return meet_source(tx, actor, draft, order_id=known.order_id, base_revision=known.source_revision)
