"""Box 14, screen: pages of the orders that a query shows, and bounded counts.

A query compiles to a statement that an index serves, once per shape; pages are keyset pages.
"""

import re
from functools import lru_cache, partial
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.actor import Actor, require
from tocsin.core.db import Database, Tx
from tocsin.core.statement import Statement, bind, own
from tocsin.core.tenant import get_shop
from tocsin.orders.archive import has_archived
from tocsin.orders.daily import DAILY, MEANING, count_daily, page_of_daily
from tocsin.orders.listing import HEAD_COLUMNS, HeadRow, Page
from tocsin.orders.lookup import record_lookup, states_of
from tocsin.orders.syntax import parse_query
from tocsin.orders.syntax_meaning import Asked, Place, Sort, read_meaning, token_parts
from tocsin.orders.syntax_page import page_of_words
from tocsin.orders.syntax_sql import Shape, clause_of, is_led, shape_of, values_of
from tocsin.orders.table import order_head

PAGE_ROWS = 50
COUNT_MOST = 10_000
_PLACE = re.compile(r"(?:(?P<us>-?\d{1,18})\.)?(?P<id>\d{1,18})", re.ASCII)


class Filter(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a screen shows: a text of the query language; empty is everything."""

    query: str = ""


def screen_orders(
    db: Database, actor: Actor, *, wanted: Filter, door: str, after: str = "", limit: int = PAGE_ROWS
) -> Page:
    """Return a page of orders, newest first or as the query sorts; recorded as a look-up.

    Raises:
        NotAllowed: the actor may not query.
        QueryUnreadable, QueryTooLong, FieldUnknown, ValueUnknown, ValueUnreadable, DateUnreadable, SortMisplaced, ShopMissing
    """
    require(actor, "query")
    rows, following = db.read(actor.merchant_id, partial(page_rows, wanted=wanted, after=after, limit=limit))
    query = msgspec.json.encode(wanted).decode()
    pairs = [(row.id, row.revision) for row in rows]
    record = partial(
        record_lookup, actor=actor, door=door, kind="screen", query=query, pairs=pairs, states=states_of(rows), place=after[:60]
    )  # fmt: skip
    lookup_id = db.write_together(actor.merchant_id, record, adds=True)
    return Page(tuple(rows), following, lookup_id)


def daily_filter(tx: Tx) -> Filter:
    """Return what the list of orders shows while nothing is asked: all, but for what is archived."""
    return Filter(query=DAILY if has_archived(tx) else "")


def page_rows(tx: Tx, *, wanted: Filter, after: str, limit: int) -> tuple[list[HeadRow], str]:
    """Return a page's rows and what the next page comes after, in an open transaction."""
    asked = read_filter(tx, wanted)
    sort, words = asked.sort or Sort(), list(token_parts(asked.meaning))
    if words and sort.column == "id":
        return page_of_words(tx, asked.meaning, words, after=after, limit=limit)
    if asked.meaning == MEANING and sort.column == "id":
        return page_of_daily(tx, after=after, limit=limit)
    shape, binds = shape_of(asked.meaning), values_of(asked.meaning, tx.vault.keys(tx), tx.dialect)
    place = _read_place(after, sort)
    rows = tx.rows(_page(shape, sort, bool(place), tx.dialect), **binds, **place, limit=limit + 1)
    if len(rows) <= limit:
        return rows, ""
    return rows[:limit], _write_place(rows[limit - 1], sort)


def count_rows(tx: Tx, *, wanted: Filter) -> int:
    """Return how many orders a filter shows; 10,001 says more than 10,000."""
    asked = read_filter(tx, wanted)
    if asked.meaning == MEANING:
        return count_daily(tx, most=COUNT_MOST + 1)
    shape, binds = shape_of(asked.meaning), values_of(asked.meaning, tx.vault.keys(tx), tx.dialect)
    return int(tx.value(_count(shape, tx.dialect), **binds, limit=COUNT_MOST + 1))


def filter_conditions(tx: Tx, wanted: Filter) -> tuple[list[sa.ColumnElement[bool]], dict[str, Any], str]:
    """Return a filter's conditions on `order_head`, their binds, and the zone of the shop that is meant."""
    asked = read_filter(tx, wanted)
    binds = values_of(asked.meaning, tx.vault.keys(tx), tx.dialect)
    return [clause_of(shape_of(asked.meaning), tx.dialect)], binds, get_shop(tx, code=asked.shop).zone


def read_filter(tx: Tx, wanted: Filter, *, shop: str = "") -> Asked:
    """Return what a filter asks for, read at a shop: the first one, or that of a code."""
    place = Place(tx.now_us, lambda code: get_shop(tx, code=code), shop)
    return read_meaning(parse_query(wanted.query), place)


def _read_place(after: str, sort: Sort) -> dict[str, int]:
    parts = _PLACE.fullmatch(after)
    if parts is None or bool(parts["us"]) != (sort.column != "id"):
        return {}
    return {"after_id": int(parts["id"]), **({"after_value": int(parts["us"])} if parts["us"] else {})}


def _write_place(last: HeadRow, sort: Sort) -> str:
    return str(last.id) if sort.column == "id" else f"{getattr(last, sort.column)}.{last.id}"


@lru_cache(maxsize=512)
def _page(shape: Shape, sort: Sort, placed: bool, dialect: str) -> Statement[HeadRow]:
    head = order_head.c
    column = head[sort.column]
    beyond = () if not placed else (head.id < bind("after_id"),) if sort.column == "id" else _beyond(sort)
    # Of two bounds on one column SQLite seeks by the one that stands first: the place, not the end of a span of days.
    chosen = sa.select(*HEAD_COLUMNS).where(own(order_head), *beyond, clause_of(shape, dialect))
    if sort.column == "id":
        return Statement(chosen.order_by(head.id.desc()).limit(bind("limit")), HeadRow)
    by_id = _id_order(sort)
    order = (column.asc() if sort.rising else column.desc(), by_id)
    return Statement(chosen.order_by(*order).limit(bind("limit")), HeadRow)


def _id_order(sort: Sort) -> sa.ColumnElement[Any]:
    """The id breaks ties as the index does, walked either way: newest first by amount and by falling day."""
    falls = sort.rising if sort.column == "payable_minor" else not sort.rising
    return order_head.c.id.desc() if falls else order_head.c.id.asc()


def _beyond(sort: Sort) -> tuple[sa.ColumnElement[bool], ...]:
    """What comes after a place. Days fall with their ids: one bound on the row value, which the index serves."""
    column, order_id, value, last = (
        order_head.c[sort.column],
        order_head.c.id,
        bind("after_value"),
        bind("after_id"),
    )
    if sort.column == "placed_at_us":
        here, there = sa.tuple_(column, order_id), sa.tuple_(value, last)
        return (here > there if sort.rising else here < there,)
    if sort.rising:
        return column >= value, sa.or_(column > value, order_id < last)
    return column <= value, sa.or_(column < value, order_id > last)


@lru_cache(maxsize=512)
def _count(shape: Shape, dialect: str) -> Statement[Any]:
    head = order_head.c
    counted = sa.select(head.id).where(own(order_head), clause_of(shape, dialect)).limit(bind("limit"))
    # Where no index leads by a condition, the key does: else SQLite would walk all merchants' rows.
    inner = (counted if is_led(shape) else counted.order_by(head.id.desc())).subquery()
    return Statement[Any](sa.select(sa.func.count()).select_from(inner))
