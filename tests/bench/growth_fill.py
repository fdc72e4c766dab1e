"""A desk's database that grows by copies made by SQL: a million orders in seconds, each with tokens of its own.

Few orders are taken in by the verbs; what stands after them is INSERT … SELECT. A copy has its own id, number and
external id, and search tokens of its own for what is one order's alone (number, phone), so that a search for one finds
as many at any size. Texts of a copy are sealed under another order's id and can't be opened: what is opened is never one.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa

from tests.bench.data import FIRST_DAY_US, make_orders
from tests.bench.product import Product
from tests.databases import PostgresServer
from tocsin.core.db import Tx
from tocsin.core.ident import IdMaker
from tocsin.core.schema import metadata
from tocsin.core.sqlite import connect_file
from tocsin.orders.search import order_tokens
from tocsin.orders.store import find_order_id

_COPIED = ("order_head", "order_revision", "order_line", "party", "order_number", "order_source")
_KEY_OF = {"order_head": "id"}
_ONE_TO_ONE = frozenset({"order_head", "order_number", "order_source"})
_AT_ONCE = 100
PLACED_APART_US = 8_640_000
"""Ten thousand orders a day: as many as the smallest size, so that a day's screen has as much to show at each."""
_OWN_KEPT = 14  # of a token's twenty characters; six tell copies apart
_INDEXES = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql LIKE 'CREATE INDEX%' AND tbl_name IN ({names})",
    "postgresql": "SELECT c.relname, pg_get_indexdef(c.oid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
    "JOIN pg_class t ON t.oid = i.indrelid WHERE NOT i.indisunique AND NOT c.relispartition AND t.relname IN ({names})",
}


class Spaced(IdMaker):
    """Makes ids a millisecond apart, as they lie where orders come over days."""

    def next(self) -> int:
        """Return the next id."""
        with self._lock:
            self._last_ms += 1
            return self._last_ms << 22


class Growing:
    """A database that is filled up to one size after another.

    Args:
        product: its orders, each made with ids that are `Spaced`.
    """

    def __init__(self, server: PostgresServer | None, file: Path, product: Product) -> None:
        self._server, self._file, self.product = server, file, product
        self._engine = "postgresql" if server else "sqlite"
        self._key = "bigint" if server else "integer"
        self._base, self._copies = len(product.numbers), 0
        self._tokens = product.db.read(product.house.merchant_id, self._read_tokens)
        ids = [row[0] for row in self._tokens]
        self._low, self._high = min(ids), max(ids)

    def fill(self, count: int) -> int:
        """Copy until there are so many orders beside those that were taken in later; return how many there are."""
        until = max(count // self._base - 1, self._copies)
        with self._connected() as connection, without_indexes(connection, self._engine):
            self._make_base(connection)
            for first in range(self._copies + 1, until + 1, _AT_ONCE):
                self._copy(connection, first, min(first + _AT_ONCE - 1, until))
        self._copies = until
        with self._connected() as connection:
            connection.execute("VACUUM ANALYZE" if self._server else "PRAGMA optimize")
        return self._base * (until + 1)

    def newest_us(self) -> int:
        """Return when the last of the copies was placed."""
        return FIRST_DAY_US + self._base * (self._copies + 1) * PLACED_APART_US

    def middle(self) -> str:
        """Return the place of a list that lies in the middle."""
        return str(self._low + (self._high - self._low + 1) * (self._copies + 1) // 2)

    @contextmanager
    def _connected(self) -> Iterator[Any]:
        if self._server:
            with psycopg.connect(self._server.url("desk"), autocommit=True) as connection:
                connection.execute("SET synchronous_commit = off")
                connection.execute("SET maintenance_work_mem = '512MB'")
                yield connection
            return
        with closing(connect_file(self._file)) as file:
            file.execute("PRAGMA synchronous = OFF")
            file.execute("PRAGMA cache_size = -200000")
            yield file

    def _read_tokens(self, tx: Tx) -> list[tuple[int, int, str, str]]:
        """Return each order's id, place, and tokens: those of many orders, and its own with a mark where copies differ."""
        keys, found = tx.vault.keys(tx), list[tuple[int, int, str, str]]()
        drafts = islice(make_orders(self._base), self._base)
        for place, (number, draft) in enumerate(zip(self.product.numbers, drafts, strict=True)):
            tokens = sorted(order_tokens(number, draft))
            common = [keys.digest("search", one) for one in tokens if one[0] not in "np"]
            own = [keys.digest("search", one)[:_OWN_KEPT] + "~" for one in tokens if one[0] in "np"]
            found.append((find_order_id(tx, number=number), place, " ".join(common), " ".join(own)))
        return found

    def _make_base(self, connection: Any) -> None:
        connection.execute(
            f"CREATE TEMP TABLE base (order_id {self._key} PRIMARY KEY, place bigint, common text, own text)"
        )
        mark = "%s" if self._server else "?"
        connection.cursor().executemany(f"INSERT INTO base VALUES ({', '.join([mark] * 4)})", self._tokens)
        connection.execute(
            f"UPDATE order_head SET placed_at_us = {FIRST_DAY_US} + {PLACED_APART_US} * (SELECT place FROM base WHERE order_id = id) "
            f"WHERE id BETWEEN {self._low} AND {self._high}"
        )

    def _copy(self, connection: Any, first: int, last: int) -> None:
        """Make some copies of all, one copy after another, as orders come."""
        connection.execute("BEGIN")
        connection.execute(f"CREATE TEMP TABLE copies (n {self._key} PRIMARY KEY)")
        connection.execute(
            f"WITH RECURSIVE up (n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM up WHERE n < {last}) INSERT INTO copies SELECT n FROM up"
        )
        for name in _COPIED:
            connection.execute(self._copy_of(metadata.tables[name]))
        connection.execute(self._copy_of_search())
        connection.execute("DROP TABLE copies")
        connection.execute("COMMIT")

    def _copy_of(self, table: sa.Table) -> str:
        key, shift = _KEY_OF.get(table.name, "order_id"), self._high - self._low + 1
        others = {
            key: f"t.{key} + {shift} * n",
            "placed_at_us": f"{FIRST_DAY_US} + {PLACED_APART_US} * (n * {self._base} + base.place)",
        }
        if table.name in _ONE_TO_ONE:
            others["number"] = f"{self._hex('n')} || t.number"
            others["external_id"] = f"{self._hex('n')} || t.external_id"
        columns = [column.name for column in table.columns]
        values = [others.get(name, f"t.{name}") for name in columns]
        if table.name != "order_head":
            values = [f"t.{n}" if n == "placed_at_us" else v for n, v in zip(columns, values, strict=True)]
        return (
            f"INSERT INTO {table.name} ({', '.join(columns)}) SELECT {', '.join(values)} FROM copies CROSS JOIN base "
            f"CROSS JOIN {table.name} t WHERE t.{key} = base.order_id AND t.merchant_id = {self.product.house.merchant_id} "
            "ORDER BY n, base.order_id"
        )

    def _copy_of_search(self) -> str:
        tokens = f"common || ' ' || replace(own, '~', {self._hex('n')})"
        order_id = f"order_id + {self._high - self._low + 1} * n"
        if self._server:
            merchant_id = self.product.house.merchant_id
            return (
                f"INSERT INTO order_search (merchant_id, order_id, tokens) SELECT {merchant_id}, {order_id}, "
                f"array_to_tsvector(string_to_array({tokens}, ' ')) FROM copies CROSS JOIN base ORDER BY n, order_id"
            )
        return f"INSERT INTO order_search (rowid, tokens) SELECT {order_id}, {tokens} FROM copies CROSS JOIN base ORDER BY n, order_id"

    def _hex(self, number: str) -> str:
        return f"lpad(to_hex({number}), 6, '0')" if self._server else f"printf('%06x', {number})"


@contextmanager
def without_indexes(connection: Any, engine: str) -> Iterator[None]:
    """Take indexes that are not unique away and build them anew behind: sorted it is a tenth of the work."""
    names = ", ".join(f"'{name}'" for name in (*_COPIED, "order_search"))
    found = connection.execute(_INDEXES[engine].format(names=names)).fetchall()
    for name, _ in found:
        connection.execute(f'DROP INDEX "{name}"')
    yield
    for _, statement in found:
        connection.execute(statement.replace(" ON ONLY ", " ON "))
