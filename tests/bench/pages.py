"""`bin/bench pages`: how long the desk takes for each page with many orders, and how often it asks the database.

bin/bench pages [--orders 20000] [--times 50] [--repeats 50] [--engine sqlite|postgresql|both] [--json]

In one process, without a socket: what `GET /healthz` takes is the way there and back, told first.
"""

import argparse
import json
import shutil
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from msgspec.structs import asdict

from tests.bench.clock import measure
from tests.bench.fill import multiply, open_product
from tests.bench.product import Product
from tests.databases import PostgresServer
from tests.web.asked import counted
from tests.web.busy import make_busy
from tests.web.crawl import crawl
from tests.web.pages import Pages
from tocsin.core import clock

ENGINES = ("sqlite", "postgresql")
_WAY = "/healthz"


def main(given: list[str]) -> None:
    """Measure, and print a table or JSON."""
    parser = argparse.ArgumentParser(
        prog="bin/bench pages", description="Measure each page's time on the server with many orders.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--orders", type=int, default=20_000, help="orders that the desk takes in")
    parser.add_argument(
        "--times", type=int, default=50, help="copies of those, made by SQL: 50 of 20,000 are a million"
    )
    parser.add_argument("--repeats", type=int, default=50, help="times that each page is opened")
    parser.add_argument("--engine", choices=(*ENGINES, "both"), default="both", help="database to measure on")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    asked = parser.parse_args(given)
    engines = ENGINES if asked.engine == "both" else (asked.engine,)
    found = {
        name: bench(name, orders=asked.orders, times=asked.times, repeats=asked.repeats) for name in engines
    }
    report = {"orders": asked.orders * asked.times, "repeats": asked.repeats, "engines": found}
    print(json.dumps(report, ensure_ascii=False) if asked.json else table(report))


def bench(engine: str, *, orders: int, times: int, repeats: int) -> list[dict[str, Any]]:
    """Return each page's figures on one engine, the slowest first, the way there and back before all."""
    folder = Path(tempfile.mkdtemp(prefix="tocsin-bench-"))
    server = PostgresServer() if engine == "postgresql" else None
    try:
        db, _ = open_product(server, folder)
        began_us = clock.now_us()
        product = Product(db, orders=orders)
        if times > 1:
            # Copies lie in the hours to come, and their sealed texts are bound to what they were copied from: what is
            # opened first must be newer than they are.
            ahead_us = (clock.now_us() - began_us) * times
            multiply(server, folder, product, orders=orders, times=times)
            clock.shift_clock(ahead_us)
        _tell_planner(server)
        pages = Pages(db, folder / "pages", house=product.house)
        with pages.client:
            make_busy(pages, 1)
            _tell_planner(server)  # the checks have made holds: it would take their table to be without rows
            rows = _measure(pages, repeats=repeats)
        pages.desk.close()
        return rows
    finally:
        clock.shift_clock(0)
        if server:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _tell_planner(server: PostgresServer | None) -> None:
    """Let PostgreSQL count its rows, as its sweeper would within a minute."""
    if server:
        server.sql("VACUUM ANALYZE", database="desk")


def _measure(pages: Pages, *, repeats: int) -> list[dict[str, Any]]:
    found = {route: some[0] for route, some in crawl(pages).items()}
    with counted() as taken:
        asked = {route: (taken(), pages.get(address), taken())[2] for route, address in found.items()}
    calls = {
        route: ([partial(pages.get, address)] * repeats, 1)
        for route, address in {_WAY: _WAY, **found}.items()
    }
    rows = []
    for figure, _ in measure(calls, {}):
        rows.append({**asdict(figure), "asked": asked.get(figure.work, 0)})
        print(f"{figure.work}: {figure.p50_ms:.1f} ms", file=sys.stderr, flush=True)
    return [rows[0], *sorted(rows[1:], key=lambda row: -float(row["p50_ms"]))]


def table(report: dict[str, Any]) -> str:
    """Return the report for people."""
    lines = [
        f"{report['orders']:,} orders of 5 lines; each page opened {report['repeats']} times; ms on the server, in one process."
    ]
    for name, rows in report["engines"].items():
        lines += ["", f"{name:<44}{'p50':>9}{'best':>9}{'p99':>9}{'statements':>12}"]
        lines += [
            f"{row['work']:<44}{row['p50_ms']:>9.1f}{row['best_ms']:>9.1f}{row['p99_ms']:>9.1f}{row['asked']:>12}"
            for row in rows
        ]
    return "\n".join(lines)
