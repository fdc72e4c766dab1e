"""A page of a query that asks for words: the search index leads, the other conditions are asked of what it finds."""

from functools import lru_cache

import sqlalchemy as sa

from tocsin.core.db import Tx
from tocsin.core.statement import Statement, any_of, own
from tocsin.orders.listing import HEAD_COLUMNS, HeadRow
from tocsin.orders.search import ask_index, join_queries, must_recheck, recheck
from tocsin.orders.syntax_meaning import All, Meaning, Tokens
from tocsin.orders.syntax_sql import Shape, clause_of, shape_of, values_of
from tocsin.orders.table import order_head

_FIRST_BATCH, _GROWTH, _BATCH_MOST = 64, 4, 4096
_NEWEST = 2**63 - 1


def page_of_words(
    tx: Tx, meaning: Meaning, words: list[Tokens], *, after: str, limit: int
) -> tuple[list[HeadRow], str]:
    """Return a page's rows, newest first, and what the next page comes after.

    The index is asked for ever more hits until the page is full: one batch where the other conditions hold mostly.
    """
    keys, rest = tx.vault.keys(tx), _without_words(meaning)
    query = join_queries([part.groups for part in words], keys, tx.dialect)
    statement, binds = _among(shape_of(rest), tx.dialect), values_of(rest, keys, tx.dialect)
    terms = [part.text for part in words if must_recheck(part.text)]
    rows, before, batch = list[HeadRow](), _before(after), max(_FIRST_BATCH, limit + 1)
    while len(rows) <= limit:
        ids = ask_index(tx, query=query, before=before, limit=batch)
        if ids:
            found = sorted(tx.rows(statement, **binds, ids=ids), key=lambda row: -row.id)
            sound = set(recheck(tx, [row.id for row in found], terms)) if terms else None
            rows += [row for row in found if sound is None or row.id in sound]
        if len(ids) < batch:
            break
        before, batch = ids[-1], min(batch * _GROWTH, _BATCH_MOST)
    return rows[:limit], str(rows[limit - 1].id) if len(rows) > limit else ""


def _without_words(meaning: Meaning) -> Meaning:
    if isinstance(meaning, Tokens):
        return All(())
    if isinstance(meaning, All):
        return All(tuple(_without_words(part) for part in meaning.parts if not isinstance(part, Tokens)))
    return meaning


def _before(after: str) -> int:
    return min(int(after), _NEWEST) if after.isascii() and after.isdecimal() else _NEWEST


@lru_cache(maxsize=512)
def _among(shape: Shape, dialect: str) -> Statement[HeadRow]:
    # Sorted afterwards: asked to sort, SQLite would walk the merchant's whole key for the sake of its order.
    return Statement(
        sa.select(*HEAD_COLUMNS).where(
            own(order_head), any_of(order_head.c.id, "ids"), clause_of(shape, dialect)
        ),
        HeadRow,
    )
