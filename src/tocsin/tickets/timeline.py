"""The timeline of an order: revisions, holds, prints, moves, requests, take-overs, the newest first, by the page.

Each kind is one bounded statement; their ids are in the order of time, whatever table they are of.
"""

from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.journal import NEWEST, read_journal
from tocsin.core.statement import Statement, any_of, bind, own
from tocsin.orders.table import lookup_order, order_revision
from tocsin.tickets.table import print_job

PAGE_ENTRIES = 50
COUNTED_MOST = 1_000


class Entry(Struct, frozen=True, kw_only=True):
    """One thing that happened to an order: `what` is a journal verb, or `print` for a paper that was asked for."""

    id: int
    at_us: int
    by: str
    what: str
    data: dict[str, Any]


class Timeline(Struct, frozen=True, kw_only=True):
    """A page of entries; `next` is where the next begins, 0 at the end. Look-ups beyond 1,000 are told as 1,001."""

    entries: tuple[Entry, ...]
    next: int
    lookups: int


class _Paper(Struct, frozen=True):
    id: int
    asked_at_us: int
    asked_name: str
    revision: int
    copy: str
    serial: str
    state: str


class _Why(Struct, frozen=True):
    revision: int
    reason: str


_PAPERS = Statement(
    sa.select(*(print_job.c[name] for name in _Paper.__struct_fields__))
    .where(own(print_job), print_job.c.order_id == bind("order_id"), print_job.c.id < bind("before"))
    .order_by(print_job.c.id.desc()).limit(bind("limit")),
    _Paper,
)  # fmt: skip
_REASONS = Statement(
    sa.select(order_revision.c.revision, order_revision.c.reason).where(
        own(order_revision), order_revision.c.order_id == bind("order_id"), any_of(order_revision.c.revision, "ids")
    ),
    _Why,
)  # fmt: skip
_LOOKUPS = Statement[tuple[int]](
    sa.select(sa.func.count()).select_from(
        sa.select(lookup_order.c.lookup_id)
        .where(own(lookup_order), lookup_order.c.order_id == bind("order_id"))
        .limit(COUNTED_MOST + 1)
        .subquery()
    )
)


def read_timeline(
    tx: Tx, actor: Actor, *, order_id: int, before: int = NEWEST, limit: int = PAGE_ENTRIES
) -> Timeline:
    """Return what happened to an order before an entry, the newest first; texts hold no personal data.

    Raises:
        NotAllowed
    """
    require(actor, "query")
    acts = read_journal(tx, subject=f"order:{order_id}", before=before, limit=limit + 1)
    papers = tx.rows(_PAPERS, order_id=order_id, before=before, limit=limit + 1)
    found = [
        Entry(id=one.id, at_us=one.at_us, by=one.actor_name, what=one.verb, data=one.fields()) for one in acts
    ]
    found += [
        Entry(id=one.id, at_us=one.asked_at_us, by=one.asked_name, what="print", data={
            "revision": one.revision, "copy": one.copy, "serial": one.serial, "state": one.state
        })
        for one in papers
    ]  # fmt: skip
    found.sort(key=lambda one: -one.id)
    more, page = len(found) > limit, found[:limit]
    return Timeline(
        entries=tuple(_with_reasons(tx, page, order_id=order_id)), next=page[-1].id if more else 0,
        lookups=int(tx.value(_LOOKUPS, order_id=order_id)) if actor.may("journal") else 0,
    )  # fmt: skip


def _with_reasons(tx: Tx, page: list[Entry], *, order_id: int) -> list[Entry]:
    """Return entries of which those that made a revision say why."""
    made = {one.id: int(one.data.get("revision", 1)) for one in page if one.what == "orders.produce"}
    if not made:
        return page
    whys = {one.revision: one.reason for one in tx.rows(_REASONS, order_id=order_id, ids=[*made.values()])}
    return [
        Entry(id=one.id, at_us=one.at_us, by=one.by, what=one.what, data={
            **one.data, "revision": made[one.id], "reason": whys.get(made[one.id], "")
        })
        if one.id in made
        else one
        for one in page
    ]  # fmt: skip
