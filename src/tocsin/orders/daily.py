"""The daily list: every order but the archived ones, newest first, as fast with ten million of those as with none.

Each state is walked along its own index and the newest of all are kept: a walk of all orders would pass the whole archive at its end.
"""

from itertools import chain

import sqlalchemy as sa

from tocsin.core.db import Tx
from tocsin.core.statement import Statement, among, bind, own
from tocsin.orders.listing import HeadRow, list_heads
from tocsin.orders.syntax_meaning import All, Equal, Not
from tocsin.orders.table import order_head

DAILY = "-state:archived"
MEANING = All((Not(Equal("desk_state", ("archived",))),))
"""What `DAILY` means, however it is written."""
_LIVING = ("produced", "printed", "cancelled")
_NEWEST = 2**63 - 1
_h = order_head.c


def _of_state(state: str) -> sa.Select[tuple[int]]:
    return (
        sa.select(_h.id).where(own(order_head), among(_h.desk_state, state), _h.id < bind("before"))
        .order_by(_h.id.desc()).limit(bind("limit"))
    )  # fmt: skip


_PRODUCED, _PRINTED, _CANCELLED = (Statement[tuple[int]](_of_state(state)) for state in _LIVING)
_COUNTS = Statement[tuple[int, ...]](
    sa.select(*(
        sa.select(sa.func.count()).select_from(_of_state(state).subquery()).scalar_subquery() for state in _LIVING
    ))
)  # fmt: skip


def page_of_daily(tx: Tx, *, after: str, limit: int) -> tuple[list[HeadRow], str]:
    """Return a page's rows, newest first, and what the next page comes after."""
    before = min(int(after), _NEWEST) if after.isascii() and after.isdecimal() else _NEWEST
    walks = (_PRODUCED, _PRINTED, _CANCELLED)
    found = chain.from_iterable(tx.rows(one, before=before, limit=limit + 1) for one in walks)
    ids = sorted((row[0] for row in found), reverse=True)
    following = str(ids[limit - 1]) if len(ids) > limit else ""
    return list_heads(tx, order_ids=ids[:limit]), following


def count_daily(tx: Tx, *, most: int) -> int:
    """Return how many there are, up to a number."""
    return min(most, sum(tx.rows(_COUNTS, before=_NEWEST, limit=most)[0]))
