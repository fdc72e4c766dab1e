"""Held orders are counted by kind and finding, and no further than a page says."""

import sqlalchemy as sa

from tests.house import House, make_house
from tocsin.core.db import Database, Tx
from tocsin.orders.table import hold, order_finding, order_head
from tocsin.tickets.problem import COUNT_MOST, count_codes, count_kinds


def fill(tx: Tx, table: sa.Table, *, first: int, count: int, **given: str) -> None:
    """Store rows made by SQL, `n` counting them; what they lack is nothing."""
    values = {
        c.name: "NULL" if c.nullable else "''" if isinstance(c.type, sa.Text) else "0" for c in table.columns
    }
    values |= {"merchant_id": str(tx.merchant_id), **given}
    numbers = (
        f"WITH RECURSIVE k(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM k WHERE n < {first + count - 1})"
    )
    tx._cursor.execute(
        f"{numbers} INSERT INTO {table.name} ({', '.join(values)}) SELECT {', '.join(values.values())} FROM k"
    )


def hold_many(house: House, *, first: int, count: int, kind: str, code: str) -> None:
    """Let orders be held."""
    many = {"first": first, "count": count}

    def store(tx: Tx) -> None:
        fill(tx, order_head, **many, id="n", number="CAST(n AS TEXT)", holds_open="1")
        fill(tx, hold, **many, id="n", order_id="n", kind=f"'{kind}'")
        fill(tx, order_finding, **many, order_id="n", code=f"'{code}'")

    house.db.write(house.merchant_id, store)


def counts(house: House) -> tuple[dict[str, int], dict[str, int]]:
    def read(tx: Tx) -> tuple[dict[str, int], dict[str, int]]:
        kinds, codes = count_kinds(tx), count_codes(tx)
        return {one.name: one.count for one in kinds}, {one.name: one.count for one in codes}

    return house.db.read(house.merchant_id, read)


def test_what_is_held_is_counted_to_ten_thousand_and_no_further(db: Database) -> None:
    house = make_house(db)
    hold_many(house, first=20_000, count=3, kind="check", code="sku")
    twice = {"id": "30000", "order_id": "20000", "kind": "'check'"}
    house.db.write(house.merchant_id, lambda tx: fill(tx, hold, first=1, count=1, **twice))
    assert counts(house) == ({"check": 3}, {"sku": 3}), "an order counts once"
    hold_many(house, first=1, count=COUNT_MOST + 5, kind="manual", code="date")
    assert counts(house) == (
        {"check": 3, "manual": COUNT_MOST + 1},
        {"sku": 3, "date": COUNT_MOST + 1 - 3},
    )
