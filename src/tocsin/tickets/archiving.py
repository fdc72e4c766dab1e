"""Archiving: what is printed, sent, held by nothing and unchanged for the days that the merchant chose, in small pieces.

A merchant's printed orders are walked by an index, oldest first, and a piece at a time; an order that somebody works on is passed by.
"""

from functools import partial

import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.actor import desk_actor
from tocsin.core.clock import DAY_US, now_us
from tocsin.core.db import DIRECTORY_SCOPE, Database, Tx
from tocsin.core.ident import id_at
from tocsin.core.journal import journal, write_journal
from tocsin.core.loop import for_each_merchant
from tocsin.core.statement import Statement, among, any_of, bind, own
from tocsin.core.tenant import list_merchants
from tocsin.orders.archive import CLOSED, SENT, archive_orders, archive_rules
from tocsin.orders.table import order_head, platform_request
from tocsin.tickets.table import print_job

PIECE, WALKED = 100, 1_000


class _Walked(Struct, frozen=True):
    id: int
    fulfilment: str
    holds_open: int


_h, _j = order_head.c, print_job.c
# The walk reads the index alone: what is printed and never sent must not be read row by row each day.
_WALK = Statement(
    sa.select(_h.id, _h.fulfilment, _h.holds_open)
    .where(own(order_head), among(_h.desk_state, "printed"), _h.id > bind("after"), _h.id < bind("below"))
    .order_by(_h.id).limit(bind("limit")),
    _Walked,
)  # fmt: skip
_moving = sa.exists().where(
    _j.merchant_id == _h.merchant_id, _j.order_id == _h.id,
    sa.or_(among(_j.state, "queued", "sending", "unknown"), _j.ended_at_us >= bind("before")),
)  # fmt: skip
_asked = sa.exists().where(
    platform_request.c.merchant_id == _h.merchant_id, platform_request.c.order_id == _h.id, platform_request.c.state == "asked"
)  # fmt: skip
_DUE = Statement[tuple[int]](
    sa.select(_h.id)
    .where(own(order_head), any_of(_h.id, "ids"), CLOSED, _h.produced_at_us < bind("before"), ~_moving, ~_asked)
    .order_by(_h.id).with_for_update(skip_locked=True)
)  # fmt: skip
_WORKED_ON = Statement[tuple[str]](
    sa.select(journal.c.subject).where(
        own(journal), any_of(journal.c.subject, "subjects"), journal.c.at_us >= bind("before")
    ).distinct()
)  # fmt: skip


class Archiver:
    """Archives for all merchants, a thousand orders of each at a step; several processes may."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._places: dict[int, int] = {}
        self._begun_us = 0

    def step(self) -> int:
        """Go on through each merchant's orders; return for how many merchants there is more, 0 once a day is done."""
        if not self._places or now_us() - self._begun_us >= DAY_US:
            every = self._db.read(DIRECTORY_SCOPE, list_merchants)
            self._places = {one.id: self._places.get(one.id, 0) for one in every}
            self._begun_us = now_us()
        return for_each_merchant(self._db, self._go_on) and len(self._places)

    def _go_on(self, merchant_id: int) -> int:
        """Archive a merchant's next thousand; where that fails his place stays, and the others go on."""
        if merchant_id not in self._places:
            return 0
        end = archive_some(self._db, merchant_id, after=self._places[merchant_id])
        if end:
            self._places[merchant_id] = end
        else:
            del self._places[merchant_id]
        return 1


def archive_some(db: Database, merchant_id: int, *, after: int) -> int:
    """Archive what is due of a merchant's next thousand printed orders; return the last of them, 0 at the end."""
    walked = db.read(merchant_id, partial(_walk, after=after))
    ids = [one.id for one in walked if one.fulfilment in SENT and one.holds_open <= 0]
    for place in range(0, len(ids), PIECE):
        db.write(merchant_id, partial(_archive_piece, ids=ids[place : place + PIECE]))
    return walked[-1].id if len(walked) == WALKED else 0


def _before(tx: Tx) -> int | None:
    days = archive_rules(tx)[0].days
    return tx.now_us - days * DAY_US if days > 0 else None


def _walk(tx: Tx, *, after: int) -> list[_Walked]:
    before = _before(tx)
    return [] if before is None else tx.rows(_WALK, after=after, below=id_at(before), limit=WALKED)


def _archive_piece(tx: Tx, *, ids: list[int]) -> int:
    before = _before(tx)
    due = [] if before is None else [row[0] for row in tx.rows(_DUE, ids=ids, before=before)]
    subjects = {f"order:{order_id}": order_id for order_id in due}
    for (subject,) in tx.rows(_WORKED_ON, subjects=list(subjects), before=before) if due else ():
        del subjects[subject]
    if subjects:
        archived = list(subjects.values())
        archive_orders(tx, order_ids=archived)
        told = {"orders": len(archived), "first": str(archived[0]), "last": str(archived[-1])}
        write_journal(
            tx, desk_actor(tx.merchant_id), verb="tickets.archive", subject="preference:archive", data=told
        )
    return len(subjects)
