"""Intake: drafts from any door go through `produce`; idempotent by (merchant, channel, shop, external id).

Again with newer payment or fulfilment it moves those axes. It never overwrites a desk's
amendment: that is a conflict, held.
"""

import re
from typing import Any, Literal

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import asdict, replace

from tocsin.core.actor import Actor, NotAllowed
from tocsin.core.db import Tx
from tocsin.core.event import append_event
from tocsin.core.journal import write_journal
from tocsin.core.mask import mask_party, mask_text
from tocsin.core.statement import Statement, bind, insert_into, own
from tocsin.core.tenant import Shop, get_shop
from tocsin.orders.bounds import DraftWrong as DraftWrong  # what intake refuses a draft with
from tocsin.orders.draft import Draft, Order
from tocsin.orders.produce import clean_draft, produce_order, produce_revision
from tocsin.orders.stop import open_hold, open_holds
from tocsin.orders.store import load_order
from tocsin.orders.table import order_head, order_source

Result = Literal["new", "unchanged", "changed", "moved", "conflict", "older"]


_STARS = re.compile(r"[*＊]+")
# No shop hides a field in more places; a text with more is no mask.
_STAR_RUNS = 16


class Taken(Struct, frozen=True):
    """What became of a draft."""

    result: Result
    order_id: int
    number: str
    revision: int


class _Source(Struct, frozen=True):
    order_id: int
    content_digest: str
    axes: str
    version_us: int | None
    source_revision: int
    number: str
    revision: int
    desk_state: str


class _Axes(Struct, frozen=True):
    payment: str
    fulfilment: str
    paid_minor: int | None
    paid_at_us: int | None
    external_status: str
    status_known: int


_found = (
    sa.select(
        order_source.c.order_id, order_source.c.content_digest, order_source.c.axes, order_source.c.version_us,
        order_source.c.source_revision, order_head.c.number, order_head.c.revision, order_head.c.desk_state,
    ).join(order_head, sa.and_(order_head.c.merchant_id == order_source.c.merchant_id, order_head.c.id == order_source.c.order_id))
    .where(
        own(order_source), order_source.c.channel == bind("channel", str), order_source.c.shop_id == bind("shop_id"),
        order_source.c.external_id == bind("external_id", str),
    )
)  # fmt: skip
_FIND = Statement(_found, _Source)
# Two that bring the same order again wait for each other, and for an amendment under way.
_FIND_LOCKED = Statement(_found.with_for_update(), _Source)
_ADD = insert_into(order_source)
_MOVE_SOURCE = Statement[None](
    sa.update(order_source).where(
        own(order_source), order_source.c.channel == bind("b_channel", str), order_source.c.shop_id == bind("b_shop"),
        order_source.c.external_id == bind("b_external", str),
    ),
    sets=("content_digest", "axes", "version_us", "source_revision"),
)  # fmt: skip
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
    shop, clean = get_shop(tx, code=draft.shop), clean_draft(draft)
    if not clean.external_id:
        issued = produce_order(tx, actor, clean, shop=shop, reason=f"intake: {clean.channel}")
        return Taken("new", issued.order_id, issued.number, issued.revision)
    known = tx.one(_FIND_LOCKED, channel=clean.channel, shop_id=shop.id, external_id=clean.external_id)
    return _again(tx, actor, clean, shop, known) if known else _first(tx, actor, clean, shop)


def foresee(tx: Tx, draft: Draft) -> Taken:
    """Tell what `take_in` would make of a draft; nothing is stored."""
    shop, clean = get_shop(tx, code=draft.shop), clean_draft(draft)
    known = (
        tx.one(_FIND, channel=clean.channel, shop_id=shop.id, external_id=clean.external_id)
        if clean.external_id
        else None
    )
    if known is None:
        return Taken("new", 0, "", 0)
    clean = _keep_real(tx, clean, known)
    return Taken(
        _judge(known, clean, _content_digest(tx, clean)), known.order_id, known.number, known.revision
    )


def foresee_changes(tx: Tx, actor: Actor, draft: Draft) -> tuple[Order, Order] | None:
    """Return the order that a draft brings again, at its head, and as the draft has it; None for a new one.

    Who may not reveal gets both masked: he must not learn whether a receiver that he guessed is right.
    """
    shop, clean = get_shop(tx, code=draft.shop), clean_draft(draft)
    known = tx.one(_FIND, channel=clean.channel, shop_id=shop.id, external_id=clean.external_id)
    if known is None:
        return None
    real = actor.may("reveal")
    before, clean = load_order(tx, order_id=known.order_id, real=real), _keep_real(tx, clean, known)
    note = clean.merchant_note if real else mask_text(clean.merchant_note, clean.receiver)
    return before, replace(
        before, receiver=clean.receiver if real else mask_party(clean.receiver), merchant_note=note, lines=clean.lines,
        totals=clean.totals, delivery=clean.delivery, campaign=clean.campaign, payment_method=clean.payment_method,
        carrier=clean.carrier, waybill=clean.waybill,
    )  # fmt: skip


def _first(tx: Tx, actor: Actor, draft: Draft, shop: Shop) -> Taken:
    issued = produce_order(tx, actor, draft, shop=shop, reason=f"intake: {draft.channel}")
    tx.run(
        _ADD, channel=draft.channel, shop_id=shop.id, external_id=draft.external_id, order_id=issued.order_id,
        content_digest=_content_digest(tx, draft), axes=_axes(draft), version_us=draft.source_version_us,
        source_revision=1,
    )  # fmt: skip
    return Taken("new", issued.order_id, issued.number, 1)


def _judge(known: _Source, draft: Draft, digest: str) -> Result:
    if (
        known.version_us is not None
        and draft.source_version_us is not None
        and draft.source_version_us < known.version_us
    ):
        return "older"
    if digest == known.content_digest:
        return "unchanged" if _axes(draft) == known.axes else "moved"
    return (
        "changed"
        if known.revision == known.source_revision and known.desk_state != "cancelled"
        else "conflict"
    )


def _again(tx: Tx, actor: Actor, draft: Draft, shop: Shop, known: _Source) -> Taken:
    draft = _keep_real(tx, draft, known)
    digest = _content_digest(tx, draft)
    result, revision = _judge(known, draft, digest), known.revision
    if result in ("older", "unchanged"):
        return Taken(result, known.order_id, known.number, revision)
    if result == "changed":
        issued = produce_revision(
            tx, actor, draft, order_id=known.order_id, number=known.number, seen=revision,
            reason=f"intake: {draft.channel}",
        )  # fmt: skip
        assert issued is not None, "the head is locked by this transaction"
        revision = issued.revision
    _move_axes(tx, actor, draft, known)
    if result == "conflict":
        _hold_conflict(tx, actor, known)
    tx.run(
        _MOVE_SOURCE, b_channel=draft.channel, b_shop=shop.id, b_external=draft.external_id, content_digest=digest,
        axes=_axes(draft), version_us=draft.source_version_us,
        source_revision=revision if result == "changed" else known.source_revision,
    )  # fmt: skip
    return Taken(result, known.order_id, known.number, revision)


def _keep_real(tx: Tx, draft: Draft, known: _Source) -> Draft:
    """Return a draft whose masked fields have the real text that the source gave before, where it fits the mask."""
    masked = {name: text for name, text in asdict(draft.receiver).items() if _STARS.search(text)}
    if not masked:
        return draft
    before = load_order(tx, order_id=known.order_id, revision=known.source_revision, real=True).receiver
    kept = {
        name: getattr(before, name) for name, text in masked.items() if _fits(text, getattr(before, name))
    }
    return replace(draft, receiver=replace(draft.receiver, **kept))


def _fits(masked: str, real: str) -> bool:
    """Tell whether a text is what a mask was made of: what the mask shows, with something for each run of stars.

    The leftmost place is taken for each part: the text is from outside, so that no pattern is made of it.
    """
    first, *middle, last = _STARS.split(masked)
    if len(middle) >= _STAR_RUNS or _STARS.search(real) or not real.startswith(first):
        return False
    at = len(first)
    for part in middle:
        found = real.find(part, at + 1)
        if found < 0:
            return False
        at = found + len(part)
    return real.endswith(last) and len(real) - len(last) > at


def _move_axes(tx: Tx, actor: Actor, draft: Draft, known: _Source) -> None:
    """Move the axes in which the source differs from what it said last; others may have been marked by hand."""
    said = dict(zip(_axes_of(draft), msgspec.json.decode(known.axes), strict=True))
    moved = {name: value for name, value in _axes_of(draft).items() if said[name] != value}
    if not moved:
        return
    cancelled = moved.pop("cancelled", False)
    now = tx.one(_AXES_NOW, id=known.order_id)
    assert now is not None, "the head is locked by this transaction"
    after = {**asdict(now), **moved}
    after["status_known"] = int(after["status_known"])
    tx.run(_MOVE_AXES, b_id=known.order_id, **after)
    if cancelled and known.desk_state != "cancelled":
        tx.run(_SET_STATE, b_id=known.order_id, desk_state="cancelled")
        append_event(tx, "order.cancelled", subject_id=known.order_id, data={"revision": known.revision})
    told = {"payment": after["payment"], "fulfilment": after["fulfilment"]}
    append_event(tx, "order.moved", subject_id=known.order_id, data={"revision": known.revision, **told})
    write_journal(tx, actor, verb="orders.move", subject=f"order:{known.order_id}", data=told)


def _hold_conflict(tx: Tx, actor: Actor, known: _Source) -> None:
    if not any(hold.kind == "conflict" for hold in open_holds(tx, order_id=known.order_id)):
        open_hold(
            tx, actor, order_id=known.order_id, revision=known.revision, kind="conflict",
            reason="The source has changed what the desk amended",
        )  # fmt: skip


def _content_digest(tx: Tx, draft: Draft) -> str:
    # The order is found by its shop already: whether the source names it is no change.
    content = replace(
        draft, shop="", payment="unpaid", fulfilment="unfulfilled", cancelled=False, paid_at_us=None, source_version_us=None,
        external_status="", status_known=True, totals=replace(draft.totals, paid_minor=None),
    )  # fmt: skip
    return tx.vault.keys(tx).digest("content", msgspec.json.encode(content, order="deterministic").decode())


def _axes_of(draft: Draft) -> dict[str, Any]:
    return {
        "payment": draft.payment, "fulfilment": draft.fulfilment, "cancelled": draft.cancelled,
        "paid_minor": draft.totals.paid_minor, "paid_at_us": draft.paid_at_us,
        "external_status": draft.external_status, "status_known": draft.status_known,
    }  # fmt: skip


def _axes(draft: Draft) -> str:
    return msgspec.json.encode(list(_axes_of(draft).values())).decode()
