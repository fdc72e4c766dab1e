"""`bin/bench growth`: what a look-up costs with ten thousand orders, and with a hundred, a thousand times as many.

bin/bench growth [--sizes 10000,100000,1000000] [--big] [--big-size 10000000] [--base 1000] [--repeats 100] [--rounds 5] [--engine sqlite|postgresql|both] [--json]

One desk of one merchant on each engine, in this process: filled to a size, asked, filled to the next. At each size some
orders more are taken in by the verbs, and half of what is asked for is among these, the newest.
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from tests.bench.data import make_orders
from tests.bench.fill import open_product
from tests.bench.growth_cost import Meter
from tests.bench.growth_fill import Growing, Spaced
from tests.bench.product import WANTED, Product
from tests.databases import PostgresServer
from tocsin.core import clock
from tocsin.core.db import DIRECTORY_SCOPE, Database
from tocsin.core.ident import EPOCH_MS, made_by
from tocsin.orders.draft import Draft
from tocsin.orders.intake import take_in
from tocsin.orders.query import look_up_order, search_orders
from tocsin.orders.screen import Filter, count_rows, screen_orders
from tocsin.orders.search_merge import choose_when_to_merge, merge_step

ENGINES = ("sqlite", "postgresql")
SIZES, BIG = (10_000, 100_000, 1_000_000), 10_000_000
GROWTH_MOST = 1.5
NOT_HELD = frozenset({"count, bounded"})
"""Ends at ten thousand hits, which the smallest size does not have."""
_AGO_US = 30 * clock.DAY_US
_PROBES = 100
_DAY = "%Y-%m-%d"


def main(given: list[str]) -> None:
    """Measure, and print a table or JSON."""
    asked = _read(given)
    sizes = sorted({int(one) for one in asked.sizes.split(",")} | ({asked.big_size} if asked.big else set()))
    engines = ENGINES if asked.engine == "both" else (asked.engine,)
    found = {
        name: bench(name, sizes=sizes, base=asked.base, repeats=asked.repeats, rounds=asked.rounds)
        for name in engines
    }
    report = {"sizes": sizes, "repeats": asked.repeats, "rounds": asked.rounds, "engines": found}
    print(json.dumps(report, ensure_ascii=False) if asked.json else table(report))


def bench(engine: str, *, sizes: Sequence[int], base: int, repeats: int, rounds: int) -> dict[str, Any]:
    """Return what each work costs at each size, how it has grown, and how fast the database was filled."""
    folder = Path(tempfile.mkdtemp(prefix="tocsin-bench-"))
    server = PostgresServer() if engine == "postgresql" else None
    try:
        db, _ = open_product(server, folder)
        with closing(db):
            clock.shift_clock(-_AGO_US)
            began_ms = clock.now_us() // 1000 - EPOCH_MS
            with made_by(Spaced(after_ms=began_ms)):
                growing = Growing(server, folder / "desk" / "desk.sqlite", Product(db, orders=base))
            clock.shift_clock(0)
            meter = Meter(server, rounds=rounds)
            made = [_at(growing, meter, size=size, repeats=repeats) for size in sizes]
    finally:
        clock.shift_clock(0)
        if server:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    return {"sizes": made, "growth": grown(made[0]["works"], made[-1]["works"])}


def grown(
    small: dict[str, dict[str, float]], large: dict[str, dict[str, float]]
) -> dict[str, dict[str, float]]:
    """Return how many times as much each work costs: of the processor, and by the clock."""
    return {
        work: {name: round(large[work][name] / small[work][name], 2) for name in ("cpu_ms", "p50_ms")}
        for work in small
    }


def _at(growing: Growing, meter: Meter, *, size: int, repeats: int) -> dict[str, Any]:
    """Fill to a size and ask; half of what is asked for is the newest, half the oldest."""
    began = time.perf_counter()
    filled = growing.fill(size)
    seconds = time.perf_counter() - began
    probes = _take_probes(growing)
    _merge_index(growing.product.db)
    figures = meter.measure(_works(growing, probes, repeats=repeats))
    for name, cost in figures.items():
        _say(f"{size:,} {name}: {cost['cpu_ms']:.2f} ms of CPU, {cost['p50_ms']:.2f} ms")
    return {"orders": filled, "fill_seconds": round(seconds, 1), "works": figures}


def _merge_index(db: Database) -> None:
    """Bring the search index to where a desk's own loop brings it while nobody waits."""
    if db.dialect == "sqlite":
        db.write(DIRECTORY_SCOPE, choose_when_to_merge)
        while db.write(DIRECTORY_SCOPE, merge_step):
            pass


def _take_probes(growing: Growing) -> list[tuple[str, Draft]]:
    """Take some orders in as they come, each durable by itself."""
    house, db = growing.product.house, growing.product.db
    seed = growing.newest_us() % 1_000_003
    taken = list[tuple[str, Draft]]()
    for place, made in enumerate(islice(make_orders(_PROBES, seed=seed), _PROBES)):
        draft = replace(made, placed_at_us=growing.newest_us() + place)
        found = db.write(house.merchant_id, partial(take_in, actor=house.actor("owner"), draft=draft))
        taken.append((found.number, draft))
    return taken


def _works(
    growing: Growing, probes: list[tuple[str, Draft]], *, repeats: int
) -> dict[str, list[Callable[[], object]]]:
    product: Product = growing.product
    db: Database = product.db
    old = list(zip(product.numbers, make_orders(len(product.numbers)), strict=True))[: len(probes)]
    asked = [one for pair in zip(probes, old, strict=False) for one in pair]
    asked = [asked[n % len(asked)] for n in range(repeats)]
    clerk = product.house.actor("owner")
    find = partial(search_orders, db, clerk, door="bench")
    page = partial(screen_orders, db, clerk, door="bench")
    day = clock.to_datetime(growing.newest_us()).strftime(_DAY)
    few = (Filter(query=f"placed:{day} payment:unpaid"), Filter(query="held:yes"))
    count = partial(db.read, product.house.merchant_id, partial(count_rows, wanted=WANTED))
    return {
        "get": [partial(look_up_order, db, clerk, number=number, door="bench") for number, _ in asked],
        "search surname": [partial(find, text=draft.receiver.name[:1]) for _, draft in asked],
        "search name": [partial(find, text=draft.receiver.name[:2]) for _, draft in asked],
        "search code": [partial(find, text=number) for number, _ in asked],
        "search phone": [partial(find, text=draft.receiver.phone) for _, draft in asked],
        "list page 1": [partial(page, wanted=WANTED)] * repeats,
        "list from the middle": [partial(page, wanted=WANTED, after=growing.middle())] * repeats,
        "screen of a day": [partial(page, wanted=few[0])] * repeats,
        "screen that is empty": [partial(page, wanted=few[1])] * repeats,
        "count, bounded": [count] * repeats,
    }


def table(report: dict[str, Any]) -> str:
    """Return the report for people."""
    lines = [
        "ms of a processor (the engine's too) and, in brackets, at the median by the clock, of the least disturbed round; growth = last over first."
    ]
    for engine, found in report["engines"].items():
        sizes = found["sizes"]
        lines += ["", f"{engine:<24}" + "".join(f"{one['orders']:>20,}" for one in sizes) + f"{'growth':>18}"]
        for work, growth in found["growth"].items():
            cells = [
                f"{one['works'][work]['cpu_ms']:.3f} ({one['works'][work]['p50_ms']:.2f})" for one in sizes
            ]
            told = f"{growth['cpu_ms']:.2f} ({growth['p50_ms']:.2f})"
            over = " *" if growth["cpu_ms"] > GROWTH_MOST and work not in NOT_HELD else ""
            lines.append(f"{work:<24}" + "".join(f"{one:>20}" for one in cells) + f"{told:>18}{over}")
        lines.append(f"{'filled in seconds':<24}" + "".join(f"{one['fill_seconds']:>20}" for one in sizes))
    return "\n".join([*lines, "", f"* more than {GROWTH_MOST} times"])


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _read(given: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bin/bench growth", description="Measure what look-ups cost as a merchant's orders grow.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )  # fmt: skip
    parser.add_argument(
        "--sizes", default=",".join(map(str, SIZES)), help="numbers of orders, separated by commas"
    )
    parser.add_argument(
        "--big",
        action="store_true",
        help="the greatest size too: an hour, and in the folder for temporary files 30 GB on SQLite, 60 GB on PostgreSQL",
    )
    parser.add_argument("--big-size", type=int, default=BIG, help="the greatest size")
    parser.add_argument(
        "--base", type=int, default=1000, help="orders that the desk takes in; the others are copies"
    )
    parser.add_argument("--repeats", type=int, default=100, help="times that each work is done in a round")
    parser.add_argument("--rounds", type=int, default=5, help="rounds; the least disturbed one is told")
    parser.add_argument("--engine", choices=(*ENGINES, "both"), default="both", help="database to measure on")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    return parser.parse_args(given)
