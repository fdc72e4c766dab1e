"""`bin/bench figures`: what pages of figures cost of a processor with few and many orders, read from tallies and counted from rows.

bin/bench figures [--orders 10000,1000000] [--repeats 5] [--engine sqlite|postgresql|both] [--json]

All orders are of the last thirty days, two thirds of them of one campaign, each with a line and a paper, every fifth with a finding: what
the figures are counted from, written past the product. Milliseconds of the desk's process and, on PostgreSQL, of its database's.
"""

import argparse
import json
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from tests.bench.fill import open_product
from tests.databases import PostgresServer
from tests.house import House, make_house
from tocsin.core.clock import DAY_US, now_us
from tocsin.core.db import Database, Tx
from tocsin.core.ident import id_at
from tocsin.core.period import make_period
from tocsin.core.statement import insert_into
from tocsin.core.tally import Tallies
from tocsin.core.tenant import create_shop
from tocsin.orders.campaign import Plan, add_campaign, get_campaign
from tocsin.orders.campaign_report import count_campaign, count_campaigns
from tocsin.orders.order_picture import picture_orders, picture_problems
from tocsin.orders.table import order_finding, order_head, order_line
from tocsin.tickets.table import print_job
from tocsin.tickets.tallying import read_tallies, tally_some
from tocsin.tickets.ticket_picture import picture_papers, picture_waits

ENGINES = ("sqlite", "postgresql")
CODE = "MS-1"
_LONG_SECONDS = 0.3
_PART, _CODES = 10_000, ("sku", "date", "note", "duplicate", "address_short")
Row = dict[str, Any]
Figures = dict[str, Any]


def main(given: list[str]) -> None:
    """Measure, and print a table or JSON."""
    parser = argparse.ArgumentParser(
        prog="bin/bench figures",
        description="Measure pages of figures with few and many orders.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--orders", default="10000,1000000", help="how many orders, one size after another")
    parser.add_argument("--repeats", type=int, default=5, help="times that each figure is read")
    parser.add_argument("--engine", choices=(*ENGINES, "both"), default="both", help="database to measure on")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    asked = parser.parse_args(given)
    engines = ENGINES if asked.engine == "both" else (asked.engine,)
    found = [
        measure(engine, orders=int(orders), repeats=asked.repeats)
        for engine in engines
        for orders in asked.orders.split(",")
    ]
    print(json.dumps(found) if asked.json else "\n".join(map(table, found)))


def measure(engine: str, *, orders: int, repeats: int) -> Figures:
    """Return what each figure costs, from rows and from tallies, and what the first count cost."""
    folder, server = Path(tempfile.mkdtemp(prefix="tocsin-bench-")), None
    try:
        server = PostgresServer() if engine == "postgresql" else None
        db, _ = open_product(server, folder)
        house, campaign_id = _fill(db, orders)
        if server:
            server.sql("VACUUM ANALYZE", database="desk")
        spent = _spent(server)
        reads = dict(_reads(house, campaign_id))
        from_rows = {
            name: _cost(db, house, read, repeats=repeats, spent=spent) for name, read in reads.items()
        }
        began, cpu = time.monotonic(), spent()
        while db.write(house.merchant_id, tally_some):
            continue
        first = {"seconds": time.monotonic() - began, "cpu_us_per_order": (spent() - cpu) * 1e6 / orders}
        if server:
            server.sql("VACUUM FULL ANALYZE tally, tally_part", database="desk")
        told = {name: _cost(db, house, read, repeats=repeats, spent=spent) for name, read in reads.items()}
        size = _size(db, house)
        db.close()
        return {
            "engine": engine,
            "orders": orders,
            "rows_ms": from_rows,
            "tallies_ms": told,
            "first": first,
            **size,
        }
    finally:
        if server:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _reads(house: House, campaign_id: int) -> Iterator[tuple[str, Callable[[Tx], Any]]]:
    owner = house.actor()

    def pictures(kind: str) -> Callable[[Tx], Any]:
        def read(tx: Tx) -> None:
            period, tallies = make_period(kind, now_us=tx.now_us, zone=house.shop.zone), _tallies(tx)
            for picture in (picture_orders, picture_problems, picture_waits, picture_papers):
                picture(tx, owner, period=period, tallies=tallies)

        return read

    yield "pictures, 30 days", pictures("month")
    yield "pictures, today", pictures("today")
    yield "a campaign", lambda tx: count_campaign(
        tx, owner, one=get_campaign(tx, owner, campaign_id=campaign_id), tallies=_tallies(tx)
    )  # fmt: skip
    yield "campaigns", lambda tx: count_campaigns(tx, owner, tallies=_tallies(tx))


def _tallies(tx: Tx) -> Tallies | None:
    found = read_tallies(tx)
    return found if isinstance(found, Tallies) else None


def _cost(
    db: Database, house: House, read: Callable[[Tx], Any], *, repeats: int, spent: Callable[[], float]
) -> float:
    """Return the milliseconds of processors of a reading, the least of some turns."""
    began = spent()
    db.read(house.merchant_id, read)
    times = (
        1 if spent() - began > _LONG_SECONDS else 10
    )  # of databases the processor's time is told by the hundredth
    turns = []
    for _ in range(repeats):
        began = spent()
        for _ in range(times):
            db.read(house.merchant_id, read)
        turns.append((spent() - began) * 1000 / times)
    return min(turns)


def _spent(server: PostgresServer | None) -> Callable[[], float]:
    """Return what tells the processor's seconds of this process, and of the database's connections where there are any."""
    if server is None:
        return time.process_time
    master = (server.folder / "data" / "postmaster.pid").read_text().split()[0]

    def of_both() -> float:
        ticks = 0
        for status in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                fields = status.read_text().rpartition(")")[2].split()
                ticks += sum(map(int, fields[11:13])) if fields[1] == master else 0
                ticks += (
                    sum(map(int, fields[13:15])) if status.parent.name == master else 0
                )  # of those that have ended
        return time.process_time() + ticks / os.sysconf("SC_CLK_TCK")

    return of_both


def _fill(db: Database, orders: int) -> tuple[House, int]:
    house, dice, now = make_house(db), random.Random(7), now_us()
    second = db.write(
        house.merchant_id,
        lambda tx: create_shop(tx, code="B", name="二店", zone="Asia/Shanghai", currency="CNY"),
    )
    plan = Plan(kind="flash_sale", title="秒杀", code=CODE, stock={"LI-5": 5_000_000})
    campaign_id = db.write(house.merchant_id, lambda tx: add_campaign(tx, house.actor(), plan=plan))
    for first in range(0, orders, _PART):
        made = [_order(dice, n, orders, now=now, shops=(house.shop.id, second.id)) for n in range(first, min(orders, first + _PART))]  # fmt: skip
        for place, table_ in enumerate((order_head, order_line, order_finding, print_job)):
            rows = [one[place] for one in made if one[place]]
            db.write(house.merchant_id, lambda tx, table_=table_, rows=rows: _put(tx, table_, rows))  # type: ignore[misc]
        print(f"{first:,}", end="\r", file=sys.stderr, flush=True)
    return house, campaign_id


def _put(tx: Tx, table_: sa.Table, rows: list[Row]) -> None:
    nothing = {c.name: b"" if isinstance(c.type, sa.LargeBinary) else "" if isinstance(c.type, sa.Text) else 0 for c in table_.columns}  # fmt: skip
    tx.many(insert_into(table_), [{**nothing, "merchant_id": tx.merchant_id, **row} for row in rows])


def _order(dice: random.Random, n: int, orders: int, *, now: int, shops: tuple[int, ...]) -> tuple[Row, ...]:
    at = now - 30 * DAY_US + n * (30 * DAY_US // orders)
    order_id, wait_us = id_at(at) + n % 1000, int(dice.expovariate(1 / 400) * 1e6)
    state = dice.choice(("printed", "printed", "printed", "cancelled"))
    head = {
        "id": order_id, "shop_id": dice.choice(shops), "number": f"HF-{n}", "revision": 1, "placed_at_us": at - 1_000_000, "produced_at_us": at,
        "campaign": dice.choice(("", CODE, CODE)), "desk_state": state, "fulfilment": "shipped", "payment": "paid", "currency": "CNY",
    }  # fmt: skip
    line = {"order_id": order_id, "revision": 1, "position": 1, "sku": "LI-5", "quantity_micro": 2_000_000}
    finding = {"order_id": order_id, "revision": 1, "position": 0, "code": dice.choice(_CODES), "level": "I"}
    job = {
        "id": id_at(at + 1_000_000) + n % 1000, "order_id": order_id, "revision": 1, "printer_id": dice.choice((7, 8)),
        "state": dice.choice(("printed",) * 9 + ("failed",)), "ended_at_us": at + wait_us, "asked_at_us": at,
    }  # fmt: skip
    return head, line, finding if not n % 5 else {}, job


def _size(db: Database, house: House) -> Figures:
    def read(tx: Tx) -> Figures:
        found = {}
        for name in ("tally", "tally_part"):
            tx._cursor.execute(f"SELECT count(*) FROM {name}")
            found[f"{name}_rows"] = tx._cursor.fetchone()[0]
        if tx.dialect == "postgresql":
            tx._cursor.execute(
                "SELECT pg_total_relation_size('tally') + pg_total_relation_size('tally_part')"
            )
        else:
            tx._cursor.execute("SELECT sum(length(facts)) + 20 * count(*) FROM tally_part")
        found["bytes"] = int(tx._cursor.fetchone()[0])
        return found

    return db.read(house.merchant_id, read)


def table(found: Figures) -> str:
    """Return one size's figures for people."""
    lines = [
        f"{found['engine']}, {found['orders']:,} orders in 30 days: ms of processors",
        f"{'':<22}{'rows':>10}{'tallies':>10}",
    ]
    lines += [
        f"{name:<22}{of_rows:>10.1f}{found['tallies_ms'][name]:>10.1f}"
        for name, of_rows in found["rows_ms"].items()
    ]
    first = found["first"]
    lines.append(
        f"first count {first['seconds']:.0f} s, {first['cpu_us_per_order']:.0f} µs an order; {found['tally_rows']:,} tallies, "
        f"{found['bytes'] / found['orders']:.0f} bytes an order\n"
    )
    return "\n".join(lines)
