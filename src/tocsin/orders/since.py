"""What has changed since a look-up of one's own: its orders then and now, what is new among its hits, what is gone."""

from functools import partial
from typing import Any, Literal

import msgspec
from msgspec import Struct

from tocsin.core.actor import Actor, require
from tocsin.core.db import Database, Tx
from tocsin.core.errors import Refusal
from tocsin.core.tenant import ShopMissing
from tocsin.orders.listing import HeadRow, list_heads
from tocsin.orders.lookup import NEWEST, Lookup, get_lookup, read_query, record_lookup, states_of
from tocsin.orders.query import search_rows
from tocsin.orders.screen import Filter, page_rows
from tocsin.orders.screen_query import Fields, filter_of

AGAIN_ROWS, FIRST_ROWS = 200, 50
AGAIN_KINDS = ("search", "screen")


class Then(Struct, frozen=True):
    """An order of a look-up: as it was, and as it is; `axes` are empty where nobody noted them then.

    `fate`: same, changed (another revision or state), gone (no longer among the first hits), removed (no longer there).
    """

    number: str
    revision: int
    axes: tuple[str, ...]
    now: HeadRow | None
    fate: Literal["same", "changed", "gone", "removed"]


class Since(Struct, frozen=True):
    """What has changed: `again` tells whether it could be asked again, `refused` why not."""

    found: Lookup
    asked: str
    orders: tuple[Then, ...]
    new: tuple[HeadRow, ...]
    again: bool
    refused: Refusal | None = None


def find_changes(db: Database, actor: Actor, *, lookup_id: int, door: str) -> Since:
    """Return what has changed since a look-up of one's own; lists are asked again as they were, and that is recorded.

    Raises:
        NotAllowed: the actor may not query any more.
        LookupMissing: it is not his, or too old to be kept.
    """
    require(actor, "query")
    since = db.read(actor.merchant_id, partial(_compare, actor=actor, lookup_id=lookup_id))
    rows = [each.now for each in since.orders if each.now] + list(since.new)
    record = partial(
        record_lookup, actor=actor, door=door, kind="since", query=since.asked, states=states_of(rows),
        pairs=[(row.id, row.revision) for row in rows],
    )  # fmt: skip
    db.write(actor.merchant_id, record)
    return since


def reason_of(tx: Tx, found: Lookup) -> str:
    """Return what a look-up was for: a known purpose, or the reason that was given with a file, until it is erased."""
    if found.kind != "download" or found.purpose:
        return found.purpose
    try:
        return str(msgspec.json.decode(read_query(tx, found) or "{}", type=dict[str, Any]).get("reason", ""))
    except msgspec.MsgspecError:
        return ""


def asked_text(tx: Tx, found: Lookup) -> str:
    """Return what a look-up asked for: words, a query as it is typed, a number, or the name of a file."""
    asked = read_query(tx, found)
    if found.kind not in ("screen", "download"):
        return asked
    try:
        kept = msgspec.json.decode(asked, type=dict[str, Any])
        if "file" in kept:
            return str(kept["file"])
        return filter_of(tx, msgspec.convert(kept.get("filter", kept), Fields)).query
    except (msgspec.MsgspecError, ShopMissing):  # blanked, or it names a shop that is gone
        return ""


def _compare(tx: Tx, *, actor: Actor, lookup_id: int) -> Since:
    found = get_lookup(tx, actor, lookup_id=lookup_id)
    asked, pairs, axes = asked_text(tx, found), found.pairs(), found.axes()
    rows, refused = _ask_again(tx, found, asked)
    present = {head.id: head for head in list_heads(tx, order_ids=[order_id for order_id, _ in pairs])}
    hits = None if rows is None else {row.id for row in rows}
    orders = []
    for place, (order_id, revision) in enumerate(pairs):
        stood, now = axes[place] if place < len(axes) else (), present.get(order_id)
        gone = hits is not None and order_id not in hits
        fate = _fate(now, revision, stood, gone=gone)
        orders.append(Then(now.number if now else "", revision, stood, now, fate))
    return Since(found, asked, tuple(orders), _new(rows or [], found), rows is not None, refused)


def _fate(
    now: HeadRow | None, revision: int, stood: tuple[str, ...], *, gone: bool
) -> Literal["same", "changed", "gone", "removed"]:
    if now is None:
        return "removed"
    if gone:
        return "gone"
    moved = bool(stood) and stood != (now.desk_state, now.payment, now.fulfilment)
    return "changed" if moved or now.revision != revision else "same"


def _new(rows: list[HeadRow], found: Lookup) -> tuple[HeadRow, ...]:
    """Return the hits that were none then: those before the last one that was seen, or the first page where none is left."""
    then = {order_id for order_id, _ in found.pairs()}
    last = max((place for place, row in enumerate(rows) if row.id in then), default=-1)
    reach = last if last >= 0 else FIRST_ROWS
    whole = len(then) < FIRST_ROWS and len(rows) < AGAIN_ROWS  # a list that was shown to its end
    return tuple(row for row in (rows if whole else rows[:reach]) if row.id not in then)


def _ask_again(tx: Tx, found: Lookup, asked: str) -> tuple[list[HeadRow] | None, Refusal | None]:
    """Return what a list shows now, None where it is none or can't be asked any more."""
    if found.kind == "search" and asked:
        before = int(found.place) if found.place.isdecimal() else NEWEST
        return search_rows(tx, text=asked, before=min(before, NEWEST), limit=AGAIN_ROWS)[0], None
    if found.kind != "screen":
        return None, None
    try:
        return page_rows(tx, wanted=Filter(query=asked), after=found.place, limit=AGAIN_ROWS)[0], None
    except Refusal as refusal:  # what it names is gone, a shop perhaps
        return None, refusal
