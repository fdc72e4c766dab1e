"""`bin/bench load`: the desk under load over HTTP, as programs ask it, and the raw engine doing the same beside it.

bin/bench load [--orders 20000] [--times 1,10,50] [--big] [--seconds 2.5] [--runs 3] [--works get,create] [--engine sqlite|postgresql|both] [--json]

Each look-up is recorded before it is answered and each change is durable: after every run the ledger is counted.
"""

import argparse
import json
import os
import platform
import statistics
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.bench.clock import fixed_loop
from tests.bench.load_filled import Filled
from tests.bench.load_job import WORKS, Jobs
from tests.bench.load_raw import RawEngine
from tests.bench.load_target import Target
from tests.bench.load_tocsin import Tocsin
from tests.proofs.running import ENGINES, Ground, RunningDesk, open_ground

CLIENTS = {
    "create": (1, 8, 256), "bulk load": (1,), "export": (1,), "screens": (1, 8), "ticket": (1, 2), "wrong password": (8,),
}  # fmt: skip
_IN_TURN = (("list page 1", "list page 100"),)
_ONCE = frozenset({"export"})
"""Takes longer than a run: done once, and not before it is measured."""
_WARM_SECONDS, BIG = 0.3, 10_000_000


class Side(NamedTuple):
    """A target, one of its works, and with how many clients for how long a run of it is."""

    target: Target
    jobs: Jobs
    work: str
    clients: int
    seconds: float


def measure(sides: Sequence[Side], *, runs: int) -> list[dict[str, Any]]:
    """Return of each side the medians of some runs, and the lowest and highest rate; their runs take turns.

    What else the machine does meanwhile falls on all of them.
    """
    for side in sides:
        if side.work not in _ONCE:
            _drive(side, min(_WARM_SECONDS, side.seconds))
    made = [[_run(side) for side in sides] for _ in range(1 if sides[0].work in _ONCE else runs)]
    return [_medians(side, list(some)) for side, some in zip(sides, zip(*made, strict=True), strict=True)]


def _medians(side: Side, made: list[dict[str, float]]) -> dict[str, Any]:
    rates = [one["per_second"] for one in made]
    return {
        "cpu_runs": [round(one["cpu_ms"], 3) for one in made],
        "work": side.work, "workload": WORKS[side.work], "clients": side.clients, "target": side.target.name,
        "lowest": min(rates), "highest": max(rates),
        **{name: round(statistics.median(one[name] for one in made), 3) for name in made[0]},
        "peak_mb": side.target.peak_mb(), "load": round(os.getloadavg()[0], 1),
    }  # fmt: skip


def _run(side: Side) -> dict[str, float]:
    pace = fixed_loop()
    before, began = side.target.spent(), time.perf_counter()
    taken = sorted(_drive(side, side.seconds))
    # One client's own work between two jobs, such as the making of an order, is not the system's.
    passed = sum(taken) if side.clients == 1 else time.perf_counter() - began
    after = side.target.spent()
    spent = {f"{name}_cpu_ms": (after[name] - before[name]) * 1000 / len(taken) for name in after}
    return {
        "done": len(taken), "per_second": round(len(taken) * side.jobs.units(side.work) / passed, 1),
        "p50_ms": taken[len(taken) // 2] * 1000, "p99_ms": taken[min(len(taken) - 1, int(len(taken) * 0.99))] * 1000,
        **spent, "cpu_ms": sum(spent.values()), "loop_ms": (pace + fixed_loop()) / 2 * 1000,
    }  # fmt: skip


def _drive(side: Side, seconds: float) -> list[float]:
    return side.target.drive(side.jobs.of(side.work), clients=side.clients, seconds=seconds)


def main(given: list[str]) -> None:
    """Measure, and print a table or JSON."""
    asked = read_options(given)
    report = report_of(asked)
    print(json.dumps(report, ensure_ascii=False) if asked.json else table(report))


def report_of(asked: argparse.Namespace) -> dict[str, Any]:
    """Return what was measured: the rows of each engine, and how they were made."""
    engines = ENGINES if asked.engine == "both" else (asked.engine,)
    works = chosen_works(asked.works)
    times = sorted(
        {int(one) for one in asked.times.split(",")} | ({BIG // asked.orders} if asked.big else set())
    )
    found: dict[str, list[dict[str, Any]]] = {engine: [] for engine in engines}
    for engine in engines:
        for size in times:
            with open_ground() as ground:  # one of ten million is gone before the next is made
                for servers in _servers(engine, asked.servers):
                    found[engine] += bench(ground, engine, works, asked, servers=servers, times=size)
    return {
        "sizes": [asked.orders * size for size in times], "seconds": asked.seconds, "runs": asked.runs, "processors": os.cpu_count(),
        "python": platform.python_version(), "engines": found, "growth": {engine: grown(rows) for engine, rows in found.items()},
    }  # fmt: skip


def grown(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return how many times as much each work costs at the largest size as at the smallest: of a processor, and by the clock."""
    first: dict[tuple[Any, ...], dict[str, Any]] = {}
    last: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        key = (row["work"], row["clients"], row["servers"])
        first.setdefault(key, row)
        last[key] = row
    return [
        {"work": key[0], "clients": key[1], "servers": key[2],
         **{name: round(last[key][name] / max(row[name], 0.001), 2) for name in ("cpu_ms", "p50_ms")}}
        for key, row in first.items() if last[key] is not row
    ]  # fmt: skip


def chosen_works(text: str) -> tuple[str, ...]:
    """Return the works that are named, each by itself or by its workload (W1); all for an empty text.

    Raises:
        SystemExit: there is none of such a name.
    """
    named = [one.strip() for one in text.split(",") if one.strip()]
    for one in named:
        if one not in WORKS and one not in WORKS.values():
            raise SystemExit(f"there is no work {one!r}; there are {', '.join(WORKS)}")
    return tuple(work for work, load in WORKS.items() if not named or work in named or load in named)


def bench(
    ground: Ground,
    engine: str,
    works: tuple[str, ...],
    asked: argparse.Namespace,
    *,
    servers: int,
    times: int,
) -> list[dict[str, Any]]:
    """Return the rows of one engine and number of servers; each work of the raw engine stands after the desk's."""
    desk = ground.make_desk(engine)
    filled = Filled(desk, orders=asked.orders, times=times)
    postgres = ground.postgres() if desk.database_url else None
    raw = RawEngine(
        engine, _raw_place(ground, desk), numbers=filled.numbers, times=times, draw=filled.draw, postgres=postgres
    )  # fmt: skip
    tocsin = Tocsin(filled, servers=servers, postgres=postgres)
    # Each has jobs of its own: an amendment names the revision that it saw.
    jobs, others = (Jobs(filled.numbers, count=filled.count) for _ in range(2))
    rows = list[dict[str, Any]]()
    try:
        for works_here in _in_turn(works):
            for clients in _clients(works_here[0], asked.clients):
                tocsin.rest()
                sides = [Side(tocsin, jobs, work, clients, asked.seconds) for work in works_here]
                sides += [Side(raw, others, work, 1, asked.seconds / 2) for work in works_here]
                rows += beside(measure(sides, runs=asked.runs), servers=servers)
        tocsin.require_kept()
        for row in rows:
            row["orders"] = filled.count
        return rows
    finally:
        tocsin.close()
        raw.close()


def beside(found: list[dict[str, Any]], *, servers: int) -> list[dict[str, Any]]:
    """Return the desk's rows with the raw engine's figures beside them, and the hundredth page's beside the first's."""
    half = len(found) // 2
    for row, other in zip(found[:half], found[half:], strict=True):
        row |= {
            "servers": servers, "raw_per_second": other["per_second"], "raw_cpu_ms": other["cpu_ms"],
            "ratio": round(row["per_second"] / other["per_second"], 3),
            "cpu_ratio": _beside(other.pop("cpu_runs"), row.pop("cpu_runs")),
        }  # fmt: skip
        if row["work"] == "list page 100":
            row["to_page_1"] = round(row["p50_ms"] / found[0]["p50_ms"], 2)
    return found[:half]


def _beside(raw: list[float], desk: list[float]) -> float:
    """Return the median of the raw engine's time over the desk's, of runs that stood beside each other; 0 where a clock was too coarse."""
    found = [one / other for one, other in zip(raw, desk, strict=True) if other]
    return round(statistics.median(found), 3) if found else 0.0


def _in_turn(works: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield works that are measured in turn, most alone."""
    together = [some for some in _IN_TURN if set(some) <= set(works)]
    for work in works:
        some = next((some for some in together if work in some), (work,))
        if work == some[0]:
            yield some


def table(report: dict[str, Any]) -> str:
    """Return the report for people."""
    lines = [
        f"{', '.join(f'{size:,}' for size in report['sizes'])} orders of 5 lines; {report['runs']} runs of {report['seconds']} s, medians [lowest..highest]; "
        f"{report['processors']} processors, Python {report['python']}; ms; ratio = the desk's rate / the raw engine's on one connection; of CPU = the raw engine's processor time / the desk's and its database's; loop = a fixed work beside it: how fast the machine was. "
        "Bulk load tells orders, export rows a second."
    ]
    for engine, rows in report["engines"].items():
        lines += [
            "",
            f"{engine:<32}{'clients':>8}{'per second':>26}{'p50':>8}{'p99':>9}{'server':>8}{'database':>9}{'peak MB':>8}{'raw':>9}{'ratio':>7}{'of CPU':>8}{'loop':>6}",
        ]
        lines += [_line(row) for row in rows]
        lines += [
            f"growth {one['work']}, {one['clients']} clients, {one['servers']}p: {one['cpu_ms']:.2f} of a processor, {one['p50_ms']:.2f} by the clock"
            for one in report["growth"][engine]
        ]
    return "\n".join(lines)


def _line(row: dict[str, Any]) -> str:
    rate = f"{row['per_second']:,.0f} [{row['lowest']:,.0f}..{row['highest']:,.0f}]"
    name = f"{row['orders'] // 1000:,}k {row['workload']} {row['work']}, {row['servers']}p"
    more = f"  {row['to_page_1']:.2f} times page 1" if "to_page_1" in row else ""
    return (
        f"{name:<32}{row['clients']:>8}{rate:>26}{row['p50_ms']:>8.2f}{row['p99_ms']:>9.1f}{row['server_cpu_ms']:>8.2f}"
        f"{row.get('database_cpu_ms', 0):>9.2f}{row['peak_mb']:>8.0f}{row['raw_per_second']:>9,.0f}{row['ratio']:>7.2f}"
        f"{row['cpu_ratio']:>8.2f}{row['loop_ms']:>6.2f}{more}"
    )


def _clients(work: str, asked: int) -> tuple[int, ...]:
    return (asked,) if asked else CLIENTS.get(work, (1, 8))


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


def read_options(given: list[str]) -> argparse.Namespace:
    """Return what is asked for."""
    parser = argparse.ArgumentParser(
        prog="bin/bench load", description="Measure the desk under load over HTTP, beside the raw engine.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--orders", type=int, default=20_000, help="orders that the desk takes in")
    parser.add_argument(
        "--times",
        default="10",
        help="copies of those, made by SQL, for each size: 1,10,50 are 20,000, 200,000 and a million",
    )
    parser.add_argument("--big", action="store_true", help="10,000,000 orders as well")
    parser.add_argument("--seconds", type=float, default=2.5, help="how long each run lasts")
    parser.add_argument("--runs", type=int, default=3, help="runs of each work; the median is told")
    parser.add_argument(
        "--works", default="", help="works or workloads (get,W3), separated by commas; empty is all"
    )
    parser.add_argument("--clients", type=int, default=0, help="clients at once; 0 is what each work is for")
    parser.add_argument("--servers", type=int, default=0, help="processes on PostgreSQL; 0 is one, then two")
    parser.add_argument("--engine", choices=(*ENGINES, "both"), default="both", help="database to measure on")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    return parser.parse_args(given)
