"""A query as SQL: conditions on `order_head` with binds, the text made once for each shape of a query."""

from collections.abc import Iterator
from typing import Any as AnyValue

import sqlalchemy as sa

from tocsin.core.statement import NOUGHT, bind
from tocsin.core.vault import MerchantKeys
from tocsin.orders.search import join_queries
from tocsin.orders.syntax_meaning import All, Any, Equal, Found, Held, Meaning, Not, Prefix, Span
from tocsin.orders.table import hold, order_finding, order_head

Shape = tuple[AnyValue, ...]
# Every hit, not a page of them: a part of a query that stands in a bracket, or is denied.
_HITS = {
    "sqlite": "SELECT rowid FROM order_search WHERE order_search MATCH :{name}",
    "postgresql": "SELECT find_orders_by_token(:{name}, 9223372036854775807, 9223372036854775807)",
}
# By these columns an index of the head leads.
_LED = {
    "desk_state",
    "payment",
    "fulfilment",
    "campaign",
    "pickup_point",
    "community",
    "number",
    "placed_at_us",
    "payable_minor",
}


def shape_of(meaning: Meaning) -> Shape:
    """Return what of a query makes its SQL: everything but the values."""
    if isinstance(meaning, All | Any):
        return (type(meaning).__name__, *(shape_of(part) for part in meaning.parts))
    if isinstance(meaning, Not):
        return ("Not", shape_of(meaning.part))
    if isinstance(meaning, Equal):
        return ("Equal", meaning.column, len(meaning.values))
    if isinstance(meaning, Span | Prefix):
        return (type(meaning).__name__, meaning.column)
    if isinstance(meaning, Held):
        return ("Held", len(meaning.kinds))
    return ("Found", len(meaning.codes)) if isinstance(meaning, Found) else ("Tokens",)


def values_of(meaning: Meaning, keys: MerchantKeys, dialect: str) -> dict[str, AnyValue]:
    """Return the binds of a query, by the names that `clause_of` gives them."""
    return {f"b{n}": value for n, value in enumerate(_values(meaning, keys, dialect))}


def clause_of(shape: Shape, dialect: str) -> sa.ColumnElement[bool]:
    """Return the condition of a shape on `order_head`."""
    return _clause(shape, dialect, iter(range(1 << 30)))


def is_led(shape: Shape) -> bool:
    """Tell whether an index of the head leads by one of the parts that must all hold."""
    if shape[0] == "All":
        return any(is_led(part) for part in shape[1:])
    return shape[0] == "Held" or (shape[0] in ("Equal", "Span") and shape[1] in _LED)


def _values(meaning: Meaning, keys: MerchantKeys, dialect: str) -> Iterator[AnyValue]:
    if isinstance(meaning, All | Any):
        for part in meaning.parts:
            yield from _values(part, keys, dialect)
    elif isinstance(meaning, Not):
        yield from _values(meaning.part, keys, dialect)
    elif isinstance(meaning, Equal):
        yield from meaning.values
    elif isinstance(meaning, Span):
        yield from (meaning.low, meaning.high)
    elif isinstance(meaning, Prefix):
        yield from (len(meaning.text), meaning.text)
    elif isinstance(meaning, Held):
        yield from meaning.kinds
    elif isinstance(meaning, Found):
        yield from meaning.codes
    else:
        yield join_queries([meaning.groups], keys, dialect)


def _clause(shape: Shape, dialect: str, number: Iterator[int]) -> sa.ColumnElement[bool]:
    kind, *rest = shape
    if kind in ("All", "Any"):
        parts = [_clause(part, dialect, number) for part in rest]
        if len(parts) < 2:
            return parts[0] if parts else sa.true() if kind == "All" else sa.false()
        return (sa.and_ if kind == "All" else sa.or_)(*parts)
    if kind == "Not":
        return sa.not_(_clause(rest[0], dialect, number))
    if kind == "Held":
        kinds = _any(hold.c.kind, rest[0], number) if rest[0] else None
        return _held(kinds)
    if kind == "Found":
        return _found(_any(order_finding.c.code, rest[0], number))
    if kind == "Tokens":
        hits = sa.text(_HITS[dialect].format(name=f"b{next(number)}")).columns(sa.column("id", sa.BigInteger))
        return order_head.c.id.in_(hits)
    column = order_head.c[rest[0]]
    if kind == "Equal":
        return _any(column, rest[1], number)
    if kind == "Prefix":
        length, text = bind(f"b{next(number)}"), bind(f"b{next(number)}", str)
        return sa.func.substr(column, 1, sa.cast(length, sa.Integer)) == text
    span = sa.and_(column >= bind(f"b{next(number)}"), column < bind(f"b{next(number)}"))
    return sa.and_(column.is_not(None), span) if column.nullable else span


def _any(column: sa.Column[AnyValue], count: int, number: Iterator[int]) -> sa.ColumnElement[bool]:
    kind = int if isinstance(column.type, sa.BigInteger) else str
    parts = [column == bind(f"b{next(number)}", kind) for _ in range(count)]
    return parts[0] if len(parts) == 1 else sa.or_(*parts) if parts else sa.false()


def _held(kinds: sa.ColumnElement[bool] | None) -> sa.ColumnElement[bool]:
    held = order_head.c.holds_open > NOUGHT
    if kinds is None:
        return held
    return sa.and_(held, sa.exists().where(
        hold.c.merchant_id == order_head.c.merchant_id, hold.c.order_id == order_head.c.id,
        hold.c.closed_at_us.is_(None), kinds,
    ))  # fmt: skip


def _found(codes: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return sa.exists().where(
        order_finding.c.merchant_id == order_head.c.merchant_id, order_finding.c.order_id == order_head.c.id, codes
    )  # fmt: skip
