"""The raw engine doing the same logical work by hand-written SQL: no desk, no seals, no checks.

Same rows, same durability, a search index of the same kind, a number from a counter for each create; a
row for each look-up, found by who looked and, where one order was opened, by that order.
"""

import csv
import os
from collections.abc import Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import psycopg

from tests.bench.clock import Figure, measure
from tests.bench.data import make_orders
from tocsin.core.sqlite import connect_file
from tocsin.orders.draft import Draft
from tocsin.orders.search import order_tokens, readings

_TABLES = """
CREATE TABLE o (id bigint PRIMARY KEY, number text UNIQUE, payment text, fulfilment text, campaign text, placed bigint,
  payable bigint, name text, phone text, address text, summary text);
CREATE INDEX o_screen ON o (payment, id DESC);
CREATE TABLE l (order_id bigint, place int, sku text, title text, quantity bigint, price bigint, PRIMARY KEY (order_id, place));
CREATE TABLE c (day text PRIMARY KEY, last bigint);
CREATE TABLE look (id {serial}, at bigint, who bigint, asked text, hits text);
CREATE INDEX look_who ON look (who, id DESC);
CREATE TABLE seen (order_id bigint, look_id bigint, PRIMARY KEY (order_id, look_id));
"""
_SEARCH = {
    "sqlite": "CREATE VIRTUAL TABLE s USING fts5(tokens, content='', contentless_delete=1, detail=none, tokenize='ascii')",
    "postgresql": "CREATE TABLE s (id bigint PRIMARY KEY, tokens tsvector); CREATE INDEX s_i ON s USING gin (tokens) WITH (fastupdate = off)",
}
_HEAD = "id, number, payment, fulfilment, campaign, placed, payable, name, phone, address, summary"


class Raw:
    """One connection to an engine, in autocommit mode, with its own BEGIN and COMMIT."""

    def __init__(self, engine: str, where: str | Path, *, orders: int, times: int = 1) -> None:
        self.engine, self.count, self.next_id = engine, orders * times, 0
        self._tokens: dict[int, str] = {}
        self._mark = "?" if engine == "sqlite" else "%s"
        if engine == "sqlite":
            self._c: Any = connect_file(Path(where))
            serial = "INTEGER PRIMARY KEY"
        else:
            self._c = psycopg.connect(str(where), autocommit=True)
            serial = "bigserial PRIMARY KEY"
        for statement in (_TABLES.format(serial=serial) + _SEARCH[engine]).split(";"):
            if statement.strip():
                self._do(statement)
        self._fill(orders, times)

    def run(self, *, repeats: int) -> list[Figure]:
        """Measure every work, in the product's order; a raw engine draws no tickets."""
        step = max(1, self.count // repeats)
        samples = list(islice(make_orders(self.count), 0, None, step))[:repeats]
        ids = [1 + place * step for place in range(len(samples))]
        last = (self._page(2**62, 99 * 50) or [(0,)])[-1][0]
        return [
            measure(
                "create, 5 lines", [partial(self._create, draft) for draft in make_orders(repeats, seed=8)]
            ),
            measure("get", [partial(self._get, f"B-{order_id}") for order_id in ids]),
            measure("search phone tail", [partial(self._search, d.receiver.phone[-4:]) for d in samples]),
            measure("search name", [partial(self._search, d.receiver.name[:2]) for d in samples]),
            measure("search SKU", [partial(self._search, d.lines[0].sku) for d in samples]),
            measure("search number tail", [partial(self._search, f"{i % 10_000:04d}") for i in ids]),
            measure("screen page 1", [partial(self._screen, 2**62)] * repeats),
            measure("screen page 100", [partial(self._screen, last)] * repeats),
            measure("count, bounded", [self._count] * repeats),
            measure("CSV of all, rows", [self._csv], units=self.count * 5),
        ]

    def close(self) -> None:
        """Close the connection."""
        self._c.close()

    def _do(self, sql: str, values: Sequence[object] = ()) -> Any:
        return self._c.execute(sql.replace("?", self._mark), tuple(values))

    def _begin(self) -> None:
        self._c.execute("BEGIN IMMEDIATE" if self.engine == "sqlite" else "BEGIN")

    def _fill(self, orders: int, times: int) -> None:
        self._begin()
        for draft in make_orders(orders):
            self._insert(draft)
            if self.next_id % 1000 == 0:
                self._c.execute("COMMIT")
                self._begin()
        self._c.execute("COMMIT")
        if times > 1 and self.engine == "postgresql":
            self._do("DROP INDEX s_i")
        for copy in range(1, times):
            self._copy(orders, copy)
        if times > 1 and self.engine == "postgresql":
            self._do("SET maintenance_work_mem = '1GB'")
            self._do("CREATE INDEX s_i ON s USING gin (tokens) WITH (fastupdate = off)")
        self.next_id = orders * times
        self._do("ANALYZE")

    def _copy(self, orders: int, copy: int) -> None:
        shift, rest = orders * copy, _HEAD.removeprefix("id, number, ")
        self._begin()
        self._do(
            f"INSERT INTO o ({_HEAD}) SELECT id + {shift}, 'B-' || (id + {shift}), {rest} FROM o WHERE id <= {orders}"
        )
        rest = "place, sku, title, quantity, price"
        self._do(f"INSERT INTO l SELECT order_id + {shift}, {rest} FROM l WHERE order_id <= {orders}")
        if self.engine == "postgresql":
            self._do(f"INSERT INTO s SELECT id + {shift}, tokens FROM s WHERE id <= {orders}")
        else:
            rows = [(order_id + shift, tokens) for order_id, tokens in self._tokens.items()]
            self._c.executemany("INSERT INTO s (rowid, tokens) VALUES (?,?)", rows)
        self._c.execute("COMMIT")

    def _insert(self, draft: Draft) -> None:
        self.next_id += 1
        order_id, number, to = self.next_id, f"B-{self.next_id}", draft.receiver
        self._do("INSERT INTO c VALUES ('d', 1) ON CONFLICT (day) DO UPDATE SET last = c.last + 1")
        self._do(
            f"INSERT INTO o ({_HEAD}) VALUES (?,?,?,?,?,?,?,?,?,?,?)",
            (order_id, number, draft.payment, draft.fulfilment, draft.campaign, draft.placed_at_us,
             draft.totals.payable_minor, to.name, to.phone, to.address, draft.lines[0].title),
        )  # fmt: skip
        lines = [
            (order_id, place, line.sku, line.title, line.quantity_micro, line.unit_price_micro)
            for place, line in enumerate(draft.lines)
        ]
        cursor = self._c.cursor()
        cursor.executemany("INSERT INTO l VALUES (?,?,?,?,?,?)".replace("?", self._mark), lines)
        tokens = " ".join(_plain(token) for token in order_tokens(number, draft))
        if self.engine == "sqlite":
            self._tokens[order_id] = tokens
            self._do("INSERT INTO s (rowid, tokens) VALUES (?,?)", (order_id, tokens))
        else:
            self._do(
                "INSERT INTO s VALUES (?, array_to_tsvector(string_to_array(?, ' ')))", (order_id, tokens)
            )

    def _create(self, draft: Draft) -> None:
        self._begin()
        self._insert(draft)
        self._c.execute("COMMIT")

    def _look(self, asked: str, hits: list[Any], *, opened: bool = False) -> None:
        self._begin()
        pairs = ",".join(str(row[0]) for row in hits)
        added = "INSERT INTO look (at, who, asked, hits) VALUES (?,?,?,?) RETURNING id"
        look_id = self._do(added, (1, 1, asked, pairs)).fetchone()[0]
        if opened:
            self._do("INSERT INTO seen VALUES (?,?)", (hits[0][0], look_id))
        self._c.execute("COMMIT")

    def _get(self, number: str) -> None:
        row = self._do(f"SELECT {_HEAD} FROM o WHERE number = ?", (number,)).fetchone()
        self._do("SELECT * FROM l WHERE order_id = ? ORDER BY place", (row[0],)).fetchall()
        self._look(number, [row], opened=True)

    def _search(self, text: str) -> None:
        """Find a text wherever the desk finds it: among numbers, phones, names, SKUs and titles."""
        both, either = (" AND ", " OR ") if self.engine == "sqlite" else (" & ", " | ")
        groups = ["(" + both.join(map(_plain, sorted(tokens))) + ")" for tokens in readings(text.lower())]
        asked = either.join(groups)
        if self.engine == "sqlite":
            sql = "SELECT rowid FROM s WHERE s MATCH ? ORDER BY rowid DESC LIMIT 51"
            ids = self._do(sql, (asked,)).fetchall()
            marks = ",".join("?" * len(ids))
            rows = self._do(
                f"SELECT {_HEAD} FROM o WHERE id IN ({marks}) ORDER BY id DESC", [i[0] for i in ids]
            ).fetchall()
        else:
            sql = "SELECT id FROM (SELECT id FROM s WHERE tokens @@ (?)::tsquery OFFSET 0) h ORDER BY id DESC LIMIT 51"
            ids = self._do(sql, (asked,)).fetchall()
            rows = self._do(
                f"SELECT {_HEAD} FROM o WHERE id = ANY(?) ORDER BY id DESC", ([i[0] for i in ids],)
            ).fetchall()
        self._look(text, rows)

    def _page(self, before: int, limit: int) -> list[Any]:
        sql = f"SELECT {_HEAD} FROM o WHERE payment = 'paid' AND fulfilment = 'shipped' AND id < ? ORDER BY id DESC LIMIT ?"
        found: list[Any] = self._do(sql, (before, limit)).fetchall()
        return found

    def _screen(self, before: int) -> None:
        self._look("screen", self._page(before, 50))

    def _count(self) -> None:
        sql = "SELECT count(*) FROM (SELECT id FROM o WHERE payment = 'paid' AND fulfilment = 'shipped' LIMIT 10001) t"
        self._do(sql).fetchone()

    def _csv(self) -> None:
        sql = f"SELECT {', '.join('o.' + n for n in _HEAD.split(', '))}, l.sku, l.title, l.quantity, l.price FROM o JOIN l ON l.order_id = o.id ORDER BY o.id DESC, l.place"
        with open(os.devnull, "w", newline="", encoding="utf-8") as out:
            writer = csv.writer(out)
            if self.engine == "sqlite":
                writer.writerows(self._do(sql))
                return
            self._begin()
            with self._c.cursor(name="all") as cursor:
                cursor.itersize = 500
                cursor.execute(sql)
                writer.writerows(cursor)
            self._c.execute("COMMIT")


def _plain(token: str) -> str:
    """Write a token so that both engines' tokenizers leave it whole."""
    return token.encode().hex()
