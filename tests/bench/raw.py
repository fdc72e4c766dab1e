"""The raw engine doing the same logical work by hand-written SQL: no desk, no seals, no checks.

The same rows in the same fields, kept apart by merchant; the same hits in the same order; the same cells in a file; the same
durability, a number from a counter for each create; a row for each look-up with its hits, found by who looked
and, where one order was opened, by that order. `test_bench` compares what both answer.
"""

import csv
import json
import os
import time
from collections.abc import Sequence
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import Any

import psycopg

from tests.bench.clock import Work
from tests.bench.data import make_orders, sample
from tests.bench.raw_tables import (
    FILE,
    FIND,
    HEAD,
    INSERT_LINE,
    INSERT_ORDER,
    LINE,
    LOOK,
    SEARCH,
    TABLES,
    WHOLE,
)
from tocsin.core.mask import mask_party
from tocsin.core.sqlite import connect_file
from tocsin.orders.draft import Draft
from tocsin.orders.search import order_tokens, readings


class Raw:
    """One connection to an engine, in autocommit mode, with its own BEGIN and COMMIT."""

    def __init__(self, engine: str, where: str | Path, *, numbers: Sequence[str], times: int = 1) -> None:
        self.engine, self.numbers, self.count, self.next_id = engine, numbers, len(numbers) * times, 0
        self._tokens: dict[int, str] = {}
        self._mark = "?" if engine == "sqlite" else "%s"
        if engine == "sqlite":
            self._c: Any = connect_file(Path(where))
            serial = "INTEGER PRIMARY KEY"
        else:
            self._c = psycopg.connect(str(where), autocommit=True)
            serial = "bigserial PRIMARY KEY"
        for statement in (TABLES.format(serial=serial) + SEARCH[engine]).split(";"):
            if statement.strip():
                self._do(statement)
        if engine == "postgresql":
            self._do(FIND)
        self._fill(times)

    def works(self, *, repeats: int) -> dict[str, Work]:
        """Return every work by the product's name; a raw engine draws no tickets."""
        numbers, samples = sample(self.numbers, repeats=repeats)
        last = (self.page(2**62, 99 * 50) or [(0,)])[-1][0]
        return {
            "create, 5 lines": ([partial(self._create, draft) for draft in make_orders(repeats, seed=8)], 1),
            "get": ([partial(self._get, number) for number in numbers], 1),
            "search phone tail": ([partial(self.search, d.receiver.phone[-4:]) for d in samples], 1),
            "search name": ([partial(self.search, d.receiver.name[:2]) for d in samples], 1),
            "search SKU": ([partial(self.search, d.lines[0].sku) for d in samples], 1),
            "search number tail": ([partial(self.search, number[-4:]) for number in numbers], 1),
            "screen page 1": ([partial(self._screen, 2**62)] * repeats, 1),
            "screen page 100": ([partial(self._screen, last)] * repeats, 1),
            "count, bounded": ([self.count_paid] * repeats, 1),
            "CSV of all, rows": ([partial(self.write_csv, os.devnull)], self.count * 5),
        }

    def close(self) -> None:
        """Close the connection."""
        self._c.close()

    def search(self, text: str) -> list[Any]:
        """Find a text wherever the desk finds it: among numbers, phones, names, SKUs and titles."""
        both, either = (" AND ", " OR ") if self.engine == "sqlite" else (" & ", " | ")
        groups = ["(" + both.join(map(_plain, sorted(tokens))) + ")" for tokens in readings(text.lower())]
        if self.engine == "sqlite":
            hits, among = (
                "SELECT rowid FROM s WHERE s MATCH ? ORDER BY rowid DESC LIMIT 51",
                "IN (SELECT value FROM json_each(?))",
            )
        else:
            hits, among = "SELECT find(?, 51)", "= ANY(?)"
        ids = [row[0] for row in self._do(hits, (either.join(groups),)).fetchall()][:50]
        asked = json.dumps(ids) if self.engine == "sqlite" else ids
        found = self._do(f"SELECT {HEAD} FROM o WHERE m = 1 AND id {among}", (asked,)).fetchall()
        rows = sorted(found, key=itemgetter(0), reverse=True)
        self._look("search", text, rows)
        return rows

    def page(self, before: int, limit: int) -> list[Any]:
        """Return what is paid and shipped, newest first."""
        sql = f"SELECT {HEAD} FROM o WHERE m = 1 AND payment = 'paid' AND fulfilment = 'shipped' AND id < ? ORDER BY id DESC LIMIT ?"
        found: list[Any] = self._do(sql, (before, limit)).fetchall()
        return found

    def count_paid(self) -> int:
        """Return how many are paid and shipped, at most 10,001."""
        sql = "SELECT count(*) FROM (SELECT id FROM o WHERE m = 1 AND payment = 'paid' AND fulfilment = 'shipped' LIMIT 10001) t"
        return int(self._do(sql).fetchone()[0])

    def write_csv(self, path: str) -> None:
        """Write the cells of the desk's file as they are stored: a bare `csv.writer` over the rows of one statement."""
        with open(path, "w", newline="", encoding="utf-8") as out:
            writer = csv.writer(out)
            if self.engine == "sqlite":
                writer.writerows(self._do(FILE))
                return
            self._begin()
            with self._c.cursor(name="all") as cursor:
                cursor.itersize = 500
                cursor.execute(FILE)
                writer.writerows(cursor)
            self._c.execute("COMMIT")

    def _do(self, sql: str, values: Sequence[object] | None = None) -> Any:
        return self._c.execute(sql.replace("?", self._mark), *([values] if values is not None else []))

    def _begin(self) -> None:
        self._c.execute("BEGIN IMMEDIATE" if self.engine == "sqlite" else "BEGIN")

    def _fill(self, times: int) -> None:
        orders = len(self.numbers)
        self._begin()
        for number, draft in zip(self.numbers, make_orders(orders), strict=True):
            self._insert(number, draft)
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
        self._do("ANALYZE" if self.engine == "sqlite" else "VACUUM ANALYZE")

    def _copy(self, orders: int, copy: int) -> None:
        shift, named = orders * copy, {"id": f"id + {orders * copy}"}
        named |= {name: f"{name} || '-{copy}'" for name in ("number", "external_id")}
        values = ", ".join(named.get(name, name) for name in WHOLE.split(", "))
        self._begin()
        self._do(f"INSERT INTO o (m, {WHOLE}) SELECT m, {values} FROM o WHERE id <= {orders}")
        values = LINE.replace("order_id", f"order_id + {shift}")
        self._do(f"INSERT INTO l (m, {LINE}) SELECT m, {values} FROM l WHERE order_id <= {orders}")
        if self.engine == "postgresql":
            self._do(f"INSERT INTO s SELECT m, id + {shift}, tokens FROM s WHERE id <= {orders}")
        else:
            rows = [(order_id + shift, tokens) for order_id, tokens in self._tokens.items()]
            self._c.executemany("INSERT INTO s (rowid, tokens) VALUES (?,?)", rows)
        self._c.execute("COMMIT")

    def _insert(self, number: str, draft: Draft) -> None:
        self.next_id += 1
        self._do("INSERT INTO c VALUES (1, 'd', 1) ON CONFLICT (m, day) DO UPDATE SET last = c.last + 1")
        self._do(INSERT_ORDER, order_row(self.next_id, number, draft))
        self._c.cursor().executemany(INSERT_LINE.replace("?", self._mark), line_rows(self.next_id, draft))
        tokens = tokens_of(number, draft)
        if self.engine == "sqlite":
            self._tokens[self.next_id] = tokens
            self._do("INSERT INTO s (rowid, tokens) VALUES (?,?)", (self.next_id, tokens))
        else:
            self._do(
                "INSERT INTO s VALUES (1, ?, array_to_tsvector(string_to_array(?, ' ')))",
                (self.next_id, tokens),
            )

    def _create(self, draft: Draft) -> None:
        self._begin()
        self._insert(f"B-NEW-{self.next_id:04d}", draft)
        self._c.execute("COMMIT")

    def _look(self, kind: str, asked: str, hits: list[Any]) -> None:
        self._begin()
        pairs = ",".join(f"{row[0]}:{row[2]}:{row[6]}:{row[7]}:{row[9]}" for row in hits)
        added = f"INSERT INTO look (m, {LOOK}) VALUES (1, ?,?,?,?,?,?,?,?) RETURNING id"
        values = (time.time_ns() // 1000, 1, "owner", "bench", kind, asked, len(hits), pairs)
        look_id = self._do(added, values).fetchone()[0]
        if kind == "detail":
            self._do("INSERT INTO seen VALUES (1,?,?)", (hits[0][0], look_id))
        self._c.execute("COMMIT")

    def _get(self, number: str) -> None:
        row = self._do(f"SELECT {WHOLE} FROM o WHERE m = 1 AND number = ?", (number,)).fetchone()
        self._do(f"SELECT {LINE} FROM l WHERE m = 1 AND order_id = ? ORDER BY place", (row[0],)).fetchall()
        self._look("detail", number, [row])

    def _screen(self, before: int) -> None:
        self._look("screen", "payment:paid fulfilment:shipped", self.page(before, 50))


def order_row(order_id: int, number: str, draft: Draft) -> tuple[object, ...]:
    """Return an order's row, as `WHOLE` names its fields."""
    to = mask_party(draft.receiver)
    told: dict[str, object] = {
        "id": order_id, "number": number, "revision": 1, "shop_id": 1, "desk_state": "produced", "currency": "CNY",
        "payable_minor": draft.totals.payable_minor, "receiver_name": to.name, "receiver_phone": to.phone,
        "summary": draft.lines[0].title, "produced_at_us": draft.placed_at_us, "holds_open": 0, "checked": "ok",
    }  # fmt: skip
    head = [told[name] if name in told else getattr(draft, name) for name in HEAD.split(", ")]
    return (*head, to.province, to.city, to.district, to.address, to.postcode, to.buyer_note)


def line_rows(order_id: int, draft: Draft) -> list[tuple[object, ...]]:
    """Return the rows of an order's lines, as `LINE` names their fields."""
    return [
        (order_id, place, one.line_id, one.sku, one.title, one.spec, one.quantity_micro, one.unit_price_micro,
         one.discount_minor, one.unit_price_micro * one.quantity_micro // 10**10)
        for place, one in enumerate(draft.lines)
    ]  # fmt: skip


def tokens_of(number: str, draft: Draft) -> str:
    """Return an order's search tokens."""
    return " ".join(_plain(token) for token in order_tokens(number, draft))


def _plain(token: str) -> str:
    """Write a token so that both engines' tokenizers leave it whole."""
    return token.encode().hex()
