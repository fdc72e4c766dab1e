"""Makes many orders of few by SQL: copies of what the verbs stored, under other ids, so that a million takes minutes.

Each copy is whole: head, revision, lines, party, number, source and search tokens, the newest last. Persons are shared,
as customers who came again are.
"""

from typing import Any

import sqlalchemy as sa

from tocsin.core.schema import metadata

_COPIED = ("order_head", "order_revision", "order_line", "party", "order_number", "order_source")
_KEY_OF = {"order_head": "id"}
_NAMES = {
    "order_head": ("number", "external_id"),
    "order_number": ("number",),
    "order_source": ("external_id",),
}


def multiply_desk(connection: Any, engine: str, *, times: int) -> None:
    """Copy every order of the desk `times - 1` times; `connection` is the owner's, in autocommit mode."""
    low, high = connection.execute("SELECT min(id), max(id) FROM order_head").fetchone()
    if engine == "postgresql":  # an index of tokens is built in minutes, filled row by row in an hour
        connection.execute("DROP INDEX ix_order_search_tokens")
    for copy in range(1, times):
        connection.execute("BEGIN")
        for name in _COPIED:
            connection.execute(_copy(metadata.tables[name], copy, (high - low + 1) * copy, high))
        if engine == "postgresql":
            shift = (high - low + 1) * copy
            connection.execute(
                f"INSERT INTO order_search SELECT merchant_id, order_id + {shift}, tokens FROM order_search WHERE order_id <= {high}"
            )
        connection.execute("COMMIT")
    if engine == "postgresql":
        connection.execute("SET maintenance_work_mem = '1GB'")
        connection.execute(
            "CREATE INDEX ix_order_search_tokens ON order_search USING gin (tokens) WITH (fastupdate = off)"
        )


def multiply_search(connection: Any, tokens: dict[int, str], *, times: int) -> None:
    """Copy the search rows of SQLite, whose index can't be read back: `tokens` are those of each order."""
    low, high = min(tokens), max(tokens)
    for copy in range(1, times):
        shift = (high - low + 1) * copy
        connection.execute("BEGIN")
        rows = [(order_id + shift, text) for order_id, text in tokens.items()]
        connection.executemany("INSERT INTO order_search (rowid, tokens) VALUES (?, ?)", rows)
        connection.execute("COMMIT")


def _copy(table: sa.Table, copy: int, shift: int, high: int) -> str:
    key, names = _KEY_OF.get(table.name, "order_id"), _NAMES.get(table.name, ())
    columns = [column.name for column in table.columns]
    values = [
        f"{name} + {shift}" if name == key else f"{name} || '-{copy}'" if name in names else name
        for name in columns
    ]
    return f"INSERT INTO {table.name} ({', '.join(columns)}) SELECT {', '.join(values)} FROM {table.name} WHERE {key} <= {high}"
