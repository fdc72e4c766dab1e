"""`bin/bench load`: the desk under load over HTTP, as programs ask it, and the raw engine doing the same beside it.

bin/bench load [--orders 20000] [--times 10] [--seconds 2.5] [--runs 3] [--works get,create] [--engine sqlite|postgresql|both] [--json]

Each look-up is recorded before it is answered and each change is durable: after every run the ledger is counted.
"""

import argparse
import json
import os
import platform
import statistics
import time
from pathlib import Path
from typing import Any

from tests.bench.load_job import Jobs
from tests.bench.load_raw import RawEngine
from tests.bench.load_target import Target
from tests.bench.load_tocsin import Filled, Tocsin
from tests.proofs.running import ENGINES, Ground, RunningDesk, open_ground

WORKS = (
    "get", "search name", "search code", "search phone", "list page 1", "list page 100", "create", "amend", "wrong password", "export",
)  # fmt: skip
CLIENTS = {"create": (1, 8, 256), "wrong password": (8,), "export": (1,)}
_WARM_SECONDS = 0.3


def measure(
    target: Target, jobs: Jobs, work: str, *, clients: int, seconds: float, runs: int
) -> dict[str, Any]:
    """Return the medians of some runs of one work, and the lowest and highest rate."""
    target.drive(jobs.of(work), clients=clients, seconds=min(_WARM_SECONDS, seconds))
    made = [_run(target, jobs, work, clients=clients, seconds=seconds) for _ in range(runs)]
    rates = [one["per_second"] for one in made]
    return {
        "work": work, "clients": clients, "target": target.name, "lowest": min(rates), "highest": max(rates),
        **{name: round(statistics.median(one[name] for one in made), 3) for name in made[0]},
        "peak_mb": target.peak_mb(), "load": round(os.getloadavg()[0], 1),
    }  # fmt: skip


def _run(target: Target, jobs: Jobs, work: str, *, clients: int, seconds: float) -> dict[str, float]:
    before, began = target.spent(), time.perf_counter()
    taken = sorted(target.drive(jobs.of(work), clients=clients, seconds=seconds))
    passed, after = time.perf_counter() - began, target.spent()
    spent = {f"{name}_cpu_ms": (after[name] - before[name]) * 1000 / len(taken) for name in after}
    return {
        "done": len(taken), "per_second": round(len(taken) / passed, 1), "p50_ms": taken[len(taken) // 2] * 1000,
        "p99_ms": taken[min(len(taken) - 1, int(len(taken) * 0.99))] * 1000, **spent,
    }  # fmt: skip


def main(given: list[str]) -> None:
    """Measure, and print a table or JSON."""
    asked = _read(given)
    engines = ENGINES if asked.engine == "both" else (asked.engine,)
    works = tuple(asked.works.split(",")) if asked.works else WORKS
    with open_ground() as ground:
        found = {
            engine: [row for servers in _servers(engine, asked.servers) for row in bench(ground, engine, works, asked, servers=servers)]
            for engine in engines
        }  # fmt: skip
    report = {
        "orders": asked.orders * asked.times, "seconds": asked.seconds, "runs": asked.runs, "processors": os.cpu_count(),
        "python": platform.python_version(), "engines": found,
    }  # fmt: skip
    print(json.dumps(report, ensure_ascii=False) if asked.json else table(report))


def bench(
    ground: Ground, engine: str, works: tuple[str, ...], asked: argparse.Namespace, *, servers: int
) -> list[dict[str, Any]]:
    """Return the rows of one engine and number of servers; each work of the raw engine stands after the desk's."""
    desk = ground.make_desk(engine)
    filled = Filled(desk, orders=asked.orders, times=asked.times)
    raw = RawEngine(engine, _raw_place(ground, desk), numbers=filled.numbers, times=asked.times)
    tocsin = Tocsin(filled, servers=servers, postgres=ground.postgres() if desk.database_url else None)
    jobs, rows = Jobs(filled.numbers), list[dict[str, Any]]()
    try:
        for work in works:
            for clients in CLIENTS.get(work, (1, 8)):
                row = measure(tocsin, jobs, work, clients=clients, seconds=asked.seconds, runs=asked.runs)
                if raw.can(work):
                    other = measure(raw, jobs, work, clients=1, seconds=asked.seconds / 2, runs=asked.runs)
                    row |= {
                        "raw_per_second": other["per_second"],
                        "ratio": round(row["per_second"] / other["per_second"], 2),
                    }
                rows.append(row | {"servers": servers})
        tocsin.require_kept()
        return rows
    finally:
        tocsin.close()
        raw.close()


def table(report: dict[str, Any]) -> str:
    """Return the report for people."""
    lines = [
        f"{report['orders']:,} orders of 5 lines; {report['runs']} runs of {report['seconds']} s, medians [lowest..highest]; "
        f"{report['processors']} processors, Python {report['python']}; ms; ratio = the desk's rate / the raw engine's on one connection."
    ]
    for engine, rows in report["engines"].items():
        lines += [
            "",
            f"{engine:<22}{'clients':>8}{'per second':>26}{'p50':>8}{'p99':>9}{'server':>8}{'database':>9}{'peak MB':>8}{'raw':>8}{'ratio':>7}",
        ]
        lines += [_line(row) for row in rows]
    return "\n".join(lines)


def _line(row: dict[str, Any]) -> str:
    rate = f"{row['per_second']:,.0f} [{row['lowest']:,.0f}..{row['highest']:,.0f}]"
    name = f"{row['work']}, {row['servers']}p"
    raw = f"{row['raw_per_second']:>8,.0f}{row['ratio']:>7.2f}" if "ratio" in row else f"{'-':>8}{'-':>7}"
    return (
        f"{name:<22}{row['clients']:>8}{rate:>26}{row['p50_ms']:>8.2f}{row['p99_ms']:>9.1f}{row['server_cpu_ms']:>8.2f}"
        f"{row.get('database_cpu_ms', 0):>9.2f}{row['peak_mb']:>8.0f}{raw}"
    )


def _raw_place(ground: Ground, desk: RunningDesk) -> str | Path:
    if not desk.database_url:
        return desk.folder / "raw.sqlite"
    name = f"raw_{desk.folder.name}"
    ground.postgres().sql(f"CREATE DATABASE {name}")
    return ground.postgres().url(name)


def _servers(engine: str, asked: int) -> tuple[int, ...]:
    if engine == "sqlite":
        return (1,)
    return (asked,) if asked else (1, 2)


def _read(given: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bin/bench load", description="Measure the desk under load over HTTP, beside the raw engine.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--orders", type=int, default=20_000, help="orders that the desk takes in")
    parser.add_argument(
        "--times", type=int, default=10, help="copies of those, made by SQL: 10 of 20,000 are 200,000"
    )
    parser.add_argument("--seconds", type=float, default=2.5, help="how long each run lasts")
    parser.add_argument("--runs", type=int, default=3, help="runs of each work; the median is told")
    parser.add_argument("--works", default="", help="works to measure, separated by commas; empty is all")
    parser.add_argument("--servers", type=int, default=0, help="processes on PostgreSQL; 0 is one, then two")
    parser.add_argument("--engine", choices=(*ENGINES, "both"), default="both", help="database to measure on")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    return parser.parse_args(given)
