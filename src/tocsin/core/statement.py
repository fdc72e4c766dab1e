"""Statements: SQLAlchemy Core, compiled once per dialect, run on the driver, rows to structs.

The compile is what costs (137 µs a query through Core's own execute, 20 µs this way), so a
statement is a module constant. `merchant_id` is bound by the transaction itself.
"""

import sys
from collections.abc import Sequence
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import Insert
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

T = TypeVar("T")
_DIALECTS = {
    "sqlite": sqlite.dialect(paramstyle="named"),
    "postgresql": PGDialect_psycopg(paramstyle="pyformat"),  # type: ignore[no-untyped-call]
}


class Statement(Generic[T]):
    """One statement for both databases.

    Args:
        clause: a Core statement with named binds.
        row: the struct that a row becomes; its fields are the selected columns, in order.
        sets: for an INSERT or UPDATE, the columns whose values come as binds of their name.
    """

    __slots__ = ("_clause", "_compiled", "_sets", "box", "row")

    def __init__(self, clause: Any, row: type[T] | None = None, *, sets: Sequence[str] = ()) -> None:
        self._clause, self.row, self._sets = clause, row, list(sets)
        self._compiled: dict[str, tuple[str, dict[str, Any]]] = {}
        self.box = _caller()
        if row is not None:
            # An UPDATE … RETURNING exports its columns, a text selects them.
            found = (
                clause.exported_columns if hasattr(clause, "exported_columns") else clause.selected_columns
            )
            columns = tuple(c.key for c in found)
            fields: tuple[str, ...] = row.__struct_fields__  # type: ignore[attr-defined]
            if columns != fields:
                raise TypeError(f"{row.__name__} has {fields}, the statement selects {columns}")

    def compiled(self, dialect: str) -> tuple[str, dict[str, Any]]:
        """Return the SQL text and its constant binds for a dialect."""
        found = self._compiled.get(dialect)
        if found is None:
            text = self._clause.compile(dialect=_DIALECTS[dialect], column_keys=self._sets or None)
            constants = {k: v for k, v in text.params.items() if isinstance(v, (int, str, bytes, float))}
            found = self._compiled[dialect] = (str(text), constants)
        return found


def _caller() -> str:
    """Return the box that declares a statement."""
    frame = sys._getframe(2)
    while frame.f_back and frame.f_globals["__name__"] in (
        __name__,
        "typing",
    ):  # `Statement[int](…)` is called by typing
        frame = frame.f_back
    return str(frame.f_globals["__name__"]).removeprefix("tocsin.")


def old_rows(
    instant: sa.Column[int], *where: sa.ColumnElement[bool]
) -> tuple[Statement[tuple[int]], Statement[None]]:
    """Return what `core.sweep` deletes rows with, the oldest first: how far some of them go, and those of before an instant.

    Args:
        instant: an indexed column.
        where: whose they are.
    """
    old = (*where, instant < bind("before"))
    last = sa.select(instant).where(*old).order_by(instant).limit(1).offset(bind("after"))
    return Statement(last), Statement(sa.delete(instant.table).where(*old))


def insert_into(table: sa.Table, *columns: str) -> Statement[Any]:
    """Return an INSERT of all columns of a table, or of some."""
    return Statement(sa.insert(table), sets=columns or [c.name for c in table.columns])


def upsert(table: sa.Table) -> Insert:
    """Return an INSERT that takes `on_conflict_…`, which both dialects compile."""
    return postgresql.insert(table)


def own(table: sa.Table) -> sa.ColumnElement[bool]:
    """Return the condition that a row is of the transaction's merchant."""
    return table.c.merchant_id == sa.bindparam("merchant_id", type_=sa.BigInteger)


def bind(name: str, kind: type[Any] = int) -> sa.BindParameter[Any]:
    """Return a named bind of int, str or bytes."""
    types = {int: sa.BigInteger, str: sa.Text, bytes: sa.LargeBinary}
    return sa.bindparam(name, type_=types[kind])


def among(column: sa.ColumnElement[Any], *values: str) -> sa.ColumnElement[bool]:
    """Return the condition that a column is one of some fixed words, written out so that partial indexes serve it."""
    return sa.or_(*(column == sa.literal_column(f"'{value}'") for value in values))


NOUGHT: sa.ColumnElement[int] = sa.literal_column("0")
_MOST = sa.literal_column(str(2**62), sa.BigInteger)


def bounded_sum(column: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
    """Return a sum of integers, exact to 2^53, that ends at 2^62: what is beyond is no fault of the whole statement."""
    total = sa.func.sum(sa.cast(column, sa.Float))
    return sa.case((total > _MOST, _MOST), (total < -_MOST, -_MOST), else_=sa.cast(total, sa.BigInteger))


class any_of(sa.ColumnElement[bool]):  # noqa: N801 - reads as SQL
    """The condition that a column is among the values of a list bind, however long."""

    inherit_cache = False
    type = sa.Boolean()

    def __init__(self, column: sa.ColumnElement[Any], name: str) -> None:
        self.column, self.bind = column, sa.bindparam(name, type_=sa.Text)
        self.array = "bigint[]" if isinstance(column.type, sa.Integer) else "text[]"

    def self_group(self, against: Any = None) -> "any_of":
        """Stay as it is: the `= 1` that SQLite gets behind a boolean would keep its indexes from being used."""
        return self


@compiles(any_of, "sqlite")
def _any_sqlite(element: any_of, compiler: SQLCompiler, **options: Any) -> str:
    column = compiler.process(element.column, **options)
    return f"{column} IN (SELECT value FROM json_each({compiler.process(element.bind, **options)}))"


@compiles(any_of, "postgresql")
def _any_postgresql(element: any_of, compiler: SQLCompiler, **options: Any) -> str:
    column = compiler.process(element.column, **options)
    bound = compiler.process(element.bind, **options).split("::")[0]
    return f"{column} = ANY({bound}::{element.array})"
