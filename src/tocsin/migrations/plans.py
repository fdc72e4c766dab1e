"""How many rows SQLite's planner is to expect: told once, so that plans never depend on the data.

Without figures it takes `merchant_id = ?` for ten rows and walks a whole merchant where the key
would find one order. The figures are those of a merchant with a million orders.
"""

from collections.abc import Iterable

import sqlalchemy as sa

_ROWS = 1_000_000
_WORDS = frozenset(
    {"desk_state", "payment", "fulfilment", "campaign", "state", "kind", "status", "code", "name", "channel", "shop_id",
     "copy", "day", "box", "printer_id", "queue_id", "actor_id", "actor_kind", "station"}
)  # fmt: skip
_PER_WORD = 50_000
_PER_OTHER = 8


def store_figures(connection: sa.Connection, tables: Iterable[sa.Table]) -> None:
    """Tell the planner the figures of all indexes, in place of what it was told before."""
    connection.exec_driver_sql("ANALYZE sqlite_schema")  # makes sqlite_stat1, and counts nothing that stays
    connection.exec_driver_sql("DELETE FROM sqlite_stat1")
    connection.exec_driver_sql(
        "INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)", planner_figures(tables)
    )


def planner_figures(tables: Iterable[sa.Table]) -> list[tuple[str, str, str]]:
    """Return (table, index, figures) for each index and key of the tables, as `sqlite_stat1` has them.

    Source: sqlite.org/fileformat2.html#stat1tab, its `noskipscan`, and optoverview.html, manual control of plans.
    """
    found = []
    for table in tables:
        key = [column.name for column in table.primary_key.columns]
        if not _is_rowid(table):
            found.append((table.name, f"sqlite_autoindex_{table.name}_1", _figures(key, unique=True)))
        for index in table.indexes:
            names = [_name_of(part) for part in index.expressions]
            partial = index.dialect_options["sqlite"]["where"] is not None
            rows = _ROWS // 100 if partial else _ROWS
            found.append((table.name, str(index.name), _figures(names, unique=bool(index.unique), rows=rows)))
    return found


def _figures(columns: list[str], *, unique: bool, rows: int = _ROWS) -> str:
    """Return total rows, then the rows that share each longer beginning of the index."""
    per, shared = rows, []
    for place, name in enumerate(columns):
        if name != "merchant_id":
            per = min(per, _PER_WORD * rows // _ROWS if name in _WORDS else _PER_OTHER)
        if name == "id" or (unique and place == len(columns) - 1):
            per = 1
        shared.append(max(1, per))
    # Else it may look for what is asked of each merchant, one after the other: it guesses that there are few.
    return " ".join(map(str, [rows, *shared, "noskipscan"]))


def _is_rowid(table: sa.Table) -> bool:
    """Tell whether SQLite keeps the key as the rowid, without an index of its own: a single INTEGER does."""
    column, *others = table.primary_key.columns
    return not others and column.autoincrement is True


def _name_of(part: object) -> str:
    column = getattr(part, "element", part)
    return str(getattr(column, "name", ""))
