"""`bin/bench`: every work on both databases, the desk beside the raw engine, in one run; its other works have names of their own.

bin/bench [--orders 100000] [--repeats 200] [--engine sqlite|postgresql|both] [--json]
bin/bench load|growth|figures|pages|live|print [--help]
"""

import argparse
import json
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec.structs import asdict

from tests.bench import figures, growth, live, load, pages, printing, trend
from tests.bench.clock import Work, measure
from tests.bench.fill import multiply, open_product
from tests.bench.memory import ALONE, measure_alone
from tests.bench.product import Product
from tests.bench.raw import Raw
from tests.bench.same import require_same
from tests.databases import PostgresServer
from tocsin.core.sqlite import engine

_COMPARED_MOST = 1_000
_OTHERS = {
    "load": (load.main, "workloads W1 to W7 over HTTP, beside the raw engine"),
    "growth": (growth.main, "what look-ups cost with 10,000 orders, and with a hundred times as many"),
    "trend": (
        trend.main,
        "a short run beside the last one that was recorded; ends with 1 where a work costs a tenth more",
    ),
    "pages": (pages.main, "each page at a million orders"),
    "figures": (figures.main, "pages of figures, from tallies and from rows"),
    "live": (live.main, "pages that listen, while a clerk works"),
    "print": (printing.main, "from the click to the printer's word"),
}


class _Help(argparse.ArgumentDefaultsHelpFormatter, argparse.RawDescriptionHelpFormatter):
    """Tells defaults, and leaves the lines of the list as they are."""


def main() -> None:
    """Measure and print a table, or JSON; or do one of the other works, by its name."""
    if sys.argv[1:2] and sys.argv[1] in _OTHERS:
        if code := _OTHERS[sys.argv[1]][0](sys.argv[2:]):
            sys.exit(code)
        return
    asked = _read()
    engines = ("sqlite", "postgresql") if asked.engine == "both" else (asked.engine,)
    found = {
        name: bench_engine(
            name, orders=asked.orders, times=asked.times, repeats=asked.repeats, sheet_rows=asked.sheet_rows
        )
        for name in engines
    }
    report = {
        "orders": asked.orders * asked.times, "repeats": asked.repeats, "python": platform.python_version(),
        "sqlite": engine.sqlite_version,
        "engines": found,
    }  # fmt: skip
    print(json.dumps(report, ensure_ascii=False) if asked.json else table(report))


def _read() -> argparse.Namespace:
    told = [f"  bin/bench {name:<8} {what}" for name, (_, what) in _OTHERS.items()]
    parser = argparse.ArgumentParser(
        prog="bin/bench", description="Measure the desk beside the raw engine doing the same work.",
        formatter_class=_Help, epilog="\n".join(["other works, each with --help of its own:", *told]),
    )  # fmt: skip
    parser.add_argument("--orders", type=int, default=100_000, help="orders that the database is filled with")
    parser.add_argument(
        "--times", type=int, default=1, help="copies of those orders, made by SQL: 50 of 20,000 are a million"
    )
    parser.add_argument(
        "--sheet-rows", type=int, default=100_000, help="rows of the sheets that are imported; 0: none is"
    )
    parser.add_argument("--repeats", type=int, default=200, help="times that each work is done and measured")
    parser.add_argument(
        "--engine", choices=("sqlite", "postgresql", "both"), default="both", help="database to measure on"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    return parser.parse_args()


def bench_engine(name: str, *, orders: int, repeats: int, times: int, sheet_rows: int) -> dict[str, Any]:
    """Return the rows of one engine: each work of the product beside the raw engine's, and what some take in memory."""
    folder = Path(tempfile.mkdtemp(prefix="tocsin-bench-"))
    server = PostgresServer() if name == "postgresql" else None
    try:
        began = time.perf_counter()
        db, raw_at = open_product(server, folder)
        product = Product(db, orders=orders, times=times)
        filled = time.perf_counter() - began
        if times > 1:
            multiply(server, folder, product, orders=orders, times=times)
        if server:
            server.sql("VACUUM ANALYZE", database="desk")
        raw = Raw(name, raw_at, numbers=product.numbers, times=times)
        require_same(product, raw, folder if orders * times <= _COMPARED_MOST else None)
        rows = list(pair(product.works(repeats=repeats), raw.works(repeats=repeats)))
        raw.close()
        db.close()
        alone = measure_alone(
            ALONE if sheet_rows else ALONE[:1], folder=folder, where=server.url("desk") if server else str(folder / "desk" / "desk.sqlite"), merchant_id=product.house.merchant_id,
            rows=sheet_rows,
        )  # fmt: skip
        return {"filled_per_second": round(orders / filled), "works": rows, "alone": alone}
    finally:
        if server:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def pair(product: dict[str, Work], raw: dict[str, Work]) -> Iterator[dict[str, Any]]:
    """Yield each work's figures beside the raw engine's; a ratio is raw time over the desk's: 1 is as fast."""
    for figure, other in measure(product, raw):
        yield {
            **asdict(figure), "raw_p50_ms": other and other.p50_ms, "ratio": other and round(other.p50_ms / figure.p50_ms, 2),
            "best_ratio": other and round(other.best_ms / figure.best_ms, 2),
        }  # fmt: skip


def table(report: dict[str, Any]) -> str:
    """Return the report for people."""
    lines = [
        f"{report['orders']:,} orders of 5 lines; SQLite {report['sqlite']}, Python {report['python']}; "
        "times in ms of one client; ratio = raw engine's time / the desk's."
    ]
    for name, found in report["engines"].items():
        lines += ["", f"{name}: filled with {found['filled_per_second']:,} orders/s"]
        lines.append(
            f"{'work':<20}{'p50':>10}{'best':>10}{'p99':>10}{'per second':>14}{'raw p50':>10}{'ratio':>8}{'of best':>9}"
        )
        for row in found["works"]:
            raw, ratio, best = (
                "-" if row[key] is None else f"{row[key]:.2f}"
                for key in ("raw_p50_ms", "ratio", "best_ratio")
            )
            lines.append(
                f"{row['work']:<20}{row['p50_ms']:>10.2f}{row['best_ms']:>10.2f}{row['p99_ms']:>10.2f}"
                f"{row['per_second']:>14,.0f}{raw:>10}{ratio:>8}{best:>9}"
            )
        lines.append(
            f"{'in a process alone':<20}{'rows':>10}{'seconds':>10}{'per second':>14}{'peak MB':>10}{'child MB':>10}"
        )
        lines += [
            f"{one['work']:<20}{one['rows']:>10,}{one['seconds']:>10.1f}{one['rows_per_second']:>14,}{one['peak_mb']:>10}"
            f"{one['child_peak_mb']:>10}"
            for one in found["alone"]
        ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
