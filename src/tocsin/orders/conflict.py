"""Conflicts with the source: it changed what the desk amended, so a person decides field by field.

What the source brought is kept sealed under its person's key beside the hold, for 30 days at most, and
goes when the hold closes, by whatever door. Then only the source itself can be asked.
"""

from collections.abc import Callable, Mapping

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import asdict, replace

from tocsin.core.actor import Actor, desk_actor, require
from tocsin.core.clock import MINUTE_US
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.forget import destroy_key, parties_of
from tocsin.core.party import open_beside, seal_beside
from tocsin.core.statement import Statement, bind, own, upsert
from tocsin.core.vault import SealBroken
from tocsin.orders.amend import begin_change, issue_change
from tocsin.orders.amendment import MaskedValue, as_order, draft_of
from tocsin.orders.compare import compare_orders
from tocsin.orders.draft import Draft, Order
from tocsin.orders.mask_fit import STARS, fits_mask
from tocsin.orders.merge import Way, merge_orders, three_ways
from tocsin.orders.platform import hear_platform
from tocsin.orders.produce import Issued, clean_draft
from tocsin.orders.stop import Hold, close_hold, open_hold, open_holds
from tocsin.orders.store import load_order
from tocsin.orders.table import conflict_draft

KEPT_US = 30 * 24 * 60 * MINUTE_US


class ConflictGone(Refusal):
    """Order {number} has no conflict with its source, or what it brought is no longer kept: look there, then amend here"""

    kind, code = "missing", "conflict_gone"


class Conflict(Struct, frozen=True, kw_only=True):
    """What the source had, what the desk has, what the source has now; personal text in `ways` is masked."""

    hold: Hold
    number: str
    revision: int
    base_revision: int
    at_us: int
    ways: tuple[Way, ...]


class _Kept(Struct, frozen=True):
    hold_id: int
    base_revision: int
    person_id: int
    sealed: bytes
    at_us: int


_COLUMNS = tuple(conflict_draft.c[name] for name in _Kept.__struct_fields__)
_keeping = upsert(conflict_draft)
_KEEP = Statement[None](
    _keeping.on_conflict_do_update(
        index_elements=["merchant_id", "order_id"],
        set_={name: _keeping.excluded[name] for name in _Kept.__struct_fields__},
    ),
    sets=[column.name for column in conflict_draft.columns],
)
_FIND = Statement(
    sa.select(*_COLUMNS).where(own(conflict_draft), conflict_draft.c.order_id == bind("order_id")), _Kept
)
_SWEEP = Statement[None](
    sa.delete(conflict_draft).where(own(conflict_draft), conflict_draft.c.at_us < bind("before"))
)
_FORGET = Statement[None](
    sa.delete(conflict_draft).where(own(conflict_draft), conflict_draft.c.order_id == bind("order_id"))
)
KEPT = Statement[tuple[int, int, bytes]](
    sa.select(conflict_draft.c.order_id, conflict_draft.c.person_id, conflict_draft.c.sealed)
    .where(own(conflict_draft), conflict_draft.c.order_id > bind("after"))
    .order_by(conflict_draft.c.order_id).limit(bind("limit"))
)  # fmt: skip
"""All that is kept, by order: for the sweep behind an erasure."""


def meet_source(tx: Tx, actor: Actor, draft: Draft, *, order_id: int, base_revision: int) -> int:
    """Hold an order whose source changed what the desk amended, with what it brought; return the revision that it now agrees with.

    A source that brings what the desk has made of the order agrees: nothing is held, and what was asked of it is done.
    """
    head = load_order(tx, order_id=order_id, real=True)
    draft = _unmask(draft, head)
    brought = as_order(head, draft)
    hear_platform(tx, brought)
    held = next((one for one in open_holds(tx, order_id=order_id) if one.kind == "conflict"), None)
    if not compare_orders(head, brought):
        if held:
            close_hold(tx, desk_actor(tx.merchant_id), held, reason="the source agrees")
        return head.revision
    hold_id = held.id if held else open_hold(
        tx, actor, order_id=order_id, revision=head.revision, kind="conflict",
        reason="The source has changed what the desk amended",
    )  # fmt: skip
    person_id, sealed = seal_beside(
        tx, phone=draft.receiver.phone, plain=msgspec.json.encode(draft), bound_to=_bound(tx, order_id)
    )
    tx.run(
        _KEEP, order_id=order_id, hold_id=hold_id, base_revision=base_revision, person_id=person_id, sealed=sealed,
        at_us=tx.now_us,
    )  # fmt: skip
    return base_revision


def agree_again(tx: Tx, draft: Draft, *, order_id: int) -> bool:
    """Close the conflict of an order that the desk has not amended, now that its source says plainly what it is.

    Return whether the order stands so already.
    """
    held = next((one for one in open_holds(tx, order_id=order_id) if one.kind == "conflict"), None)
    if held is None:
        return False
    close_hold(tx, desk_actor(tx.merchant_id), held, reason="the source agrees")
    head = load_order(tx, order_id=order_id, real=True)
    return not compare_orders(head, as_order(head, draft))


def show_conflict(tx: Tx, actor: Actor, *, order_id: int) -> Conflict:
    """Return an order's conflict in three versions: at the source before, at the desk, at the source now.

    Raises:
        NotAllowed, OrderMissing
        ConflictGone: there is none, its person was erased, or 30 days have passed.
    """
    require(actor, "query")
    head = load_order(tx, order_id=order_id, real=True)
    hold, kept, base, brought = _versions(tx, head)
    return Conflict(
        hold=hold, number=head.number, revision=head.revision, base_revision=kept.base_revision, at_us=kept.at_us,
        ways=tuple(three_ways(base, brought, head)),
    )  # fmt: skip


def resolve_conflict(
    tx: Tx, actor: Actor, *, order_id: int, seen: int, picks: Mapping[str, str], reason: str
) -> Issued:
    """Make the revision that ends a conflict, and close its hold; where all stays the desk's, the hold alone closes.

    Each value is the source's or one that the desk has: field rights, which are about new ones, do not apply.

    Args:
        picks: `source` or `desk` by field, for each one that collides at least.

    Raises:
        NotAllowed, ProofNeeded, ReasonMissing, OrderMoved, OrderCancelled, ConflictGone, SideMissing
        MaskedValue: the source's value that was picked holds the stars of a mask.
    """
    before = begin_change(tx, actor, order_id=order_id, seen=seen, reason=reason)
    hold, _, base, brought = _versions(tx, before)
    sides = {"source": "theirs", "desk": "mine"}
    merged = merge_orders(base, brought, before, picks={
        field: sides[side] for field, side in picks.items() if side in sides
    })  # fmt: skip
    after = as_order(before, clean_draft(draft_of(merged)))
    _require_real(before, after)
    issued = Issued(before.id, before.number, before.revision)
    if compare_orders(before, after):
        issued = issue_change(tx, actor, before, after=after, reason=reason)
    close_hold(tx, actor, hold, reason="resolved")
    return issued


def sweep_conflicts(tx: Tx) -> int:
    """Delete what sources brought and nobody decided for 30 days; the holds stay."""
    return tx.run(_SWEEP, before=tx.now_us - KEPT_US)


def forget_conflict(tx: Tx, *, order_id: int) -> int:
    """Delete what a source brought of an order, under whosever key: a new phone of the same receiver is a new person."""
    kept = tx.one(_FIND, order_id=order_id)
    if kept is None:
        return 0
    tx.run(_FORGET, order_id=order_id)
    if not parties_of(tx, person_id=kept.person_id):
        destroy_key(tx, person_id=kept.person_id)
    return 1


def tells_conflict(
    tx: Tx, *, order_id: int, person_id: int, sealed: bytes, told: Callable[[str], bool]
) -> bool:
    """Tell whether what a source brought has a text in it; what nobody can open has none."""
    try:
        plain = open_beside(tx, person_id=person_id, sealed=sealed, bound_to=_bound(tx, order_id))
    except SealBroken:
        return False
    return told(plain.decode())


def _versions(tx: Tx, head: Order) -> tuple[Hold, _Kept, Order, Order]:
    kept = tx.one(_FIND, order_id=head.id)
    hold = next((one for one in open_holds(tx, order_id=head.id) if one.kind == "conflict"), None)
    if kept is None or hold is None or kept.at_us < tx.now_us - KEPT_US:
        raise ConflictGone(number=head.number)
    try:
        plain = open_beside(tx, person_id=kept.person_id, sealed=kept.sealed, bound_to=_bound(tx, head.id))
    except SealBroken:
        raise ConflictGone(number=head.number) from None
    base = load_order(tx, order_id=head.id, revision=kept.base_revision, real=True)
    return hold, kept, base, as_order(head, msgspec.json.decode(plain, type=Draft))


def _unmask(draft: Draft, head: Order) -> Draft:
    """Return a draft whose masked fields have the desk's real text, where it fits the mask."""
    kept = {
        name: getattr(head.receiver, name) for name, text in asdict(draft.receiver).items()
        if STARS.search(text) and fits_mask(text, getattr(head.receiver, name))
    }  # fmt: skip
    return replace(draft, receiver=replace(draft.receiver, **kept))


def _require_real(before: Order, after: Order) -> None:
    for name, text in asdict(after.receiver).items():
        if text != getattr(before.receiver, name) and STARS.search(text):
            raise MaskedValue(field=f"receiver.{name}")


def _bound(tx: Tx, order_id: int) -> bytes:
    return b"conflict %d:%d" % (tx.merchant_id, order_id)
