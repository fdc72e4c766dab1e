"""Box 10, query ⇄ 13: look up orders; every look-up is recorded before its data leaves.

These verbs take the database, because a look-up is two transactions: read, then record (commit).
"""

from functools import partial

from tocsin.core.actor import Actor, require
from tocsin.core.db import Database, Tx
from tocsin.orders.draft import Order
from tocsin.orders.listing import HeadRow, Page, list_heads
from tocsin.orders.lookup import record_lookup, states_of
from tocsin.orders.search import find_order_ids, must_recheck, recheck, split_terms
from tocsin.orders.second_person import barred_among, pass_second_person, refuse_alone
from tocsin.orders.store import OrderMissing, find_order_id, load_numbered

PAGE_ROWS = 50
NEWEST = 2**63 - 1


def look_up_order(db: Database, actor: Actor, *, number: str, door: str, revision: int = 0) -> Order:
    """Return one order, masked, at its head or a past revision; recorded.

    Raises:
        NotAllowed: the actor may not query.
        OrderMissing: no such order.
        SecondPersonNeeded: it is watched, and nobody else has confirmed.
    """
    require(actor, "query")

    def read(tx: Tx) -> tuple[Order, set[int]]:
        found = load_numbered(tx, number=number, revision=revision)
        return found, barred_among(tx, actor, order_ids=[found.id], act="open")

    try:
        order, barred = db.read(actor.merchant_id, read)
    except OrderMissing:  # what was guessed and is not there leaves its trace too
        _record(db, actor, door=door, kind="detail", query=number, pairs=[])
        raise
    if barred:
        refuse_alone(db, actor, order_id=order.id, act="open", door=door)
    pairs, states = [(order.id, order.revision)], states_of([order])
    _record(db, actor, door=door, kind="detail", query=number, pairs=pairs, states=states)
    return order


def find_open_order(db: Database, actor: Actor, *, number: str, door: str) -> int:
    """Return the id of an order of which somebody may read what holds no text of its receiver: no look-up is recorded.

    Raises:
        NotAllowed, OrderMissing
        SecondPersonNeeded: it is watched, and nobody else has confirmed.
    """
    require(actor, "query")
    order_id = db.read(actor.merchant_id, partial(find_order_id, number=number))
    pass_second_person(db, actor, order_id=order_id, act="open", door=door)
    return order_id


def search_orders(
    db: Database, actor: Actor, *, text: str, door: str, after: str = "", limit: int = PAGE_ROWS
) -> Page:
    """Return orders that match a number, phone, its last four, name, SKU or title, newest first; recorded.

    Raises:
        NotAllowed: the actor may not query.
    """
    require(actor, "query")
    before = min(int(after), NEWEST) if after.isascii() and after.isdecimal() else NEWEST
    rows, following = db.read(actor.merchant_id, partial(search_rows, text=text, before=before, limit=limit))
    pairs = [(row.id, row.revision) for row in rows]
    lookup_id = _record(
        db, actor, door=door, kind="search", query=text, pairs=pairs, states=states_of(rows), place=after[:40]
    )
    return Page(tuple(rows), following, lookup_id)


def _record(
    db: Database, actor: Actor, *, door: str, kind: str, query: str, pairs: list[tuple[int, int]], states: bytes = b"",
    place: str = "",
) -> int:  # fmt: skip
    return db.write_together(
        actor.merchant_id,
        partial(record_lookup, actor=actor, door=door, kind=kind, query=query, pairs=pairs, states=states, place=place),
        adds=True,
    )  # fmt: skip


def search_rows(tx: Tx, *, text: str, before: int, limit: int) -> tuple[list[HeadRow], str]:
    """Return the rows of a search, in an open transaction, and what the next page comes after."""
    ids = find_order_ids(tx, text=text, before=before, limit=limit + 1)
    following = str(ids[limit - 1]) if len(ids) > limit else ""
    terms = [term for term in split_terms(text) if must_recheck(term)]
    kept = recheck(tx, ids[:limit], terms) if terms else ids[:limit]
    return list_heads(tx, order_ids=kept), following
