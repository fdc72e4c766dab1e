"""`bin/bench trend`: a short run of each workload beside the last one that was recorded; what costs more is told.

bin/bench trend [--record] [--from FILE] [--engine sqlite|postgresql|both] [--works get,W3]

The record is docs/bench/trend.jsonl, a line for each work of a recorded run. Machines differ and are never quiet:
compared is what a work costs beside the raw engine's in the same run, and on the same machine its processor's time too.
"""

import argparse
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from tests.bench import load
from tests.proofs.running import ENGINES, ROOT

RECORD = ROOT / "docs" / "bench" / "trend.jsonl"
MORE = 1.1
"""A tenth more is told."""
AGAIN = 2
"""So often is what is dearer run again before it is told."""
BUSY = 1.5
_SHORT = "--orders 2000 --times 10 --seconds 0.8 --runs 3 --clients 1 --servers 1 --json"


class Line(Struct, frozen=True, kw_only=True):
    """What one work of a recorded run costs: milliseconds, and the raw engine's time over the desk's (1 is as fast)."""

    date: str
    machine: str
    python: str
    engine: str
    work: str
    workload: str
    clients: int
    servers: int
    orders: int
    p50_ms: float
    cpu_ms: float
    ratio: float
    cpu_ratio: float
    load: float = 0.0

    def is_like(self, other: "Line") -> bool:
        """Tell whether another is of the same work under the same load."""
        return self._asked() == other._asked()

    def _asked(self) -> tuple[object, ...]:
        return self.engine, self.work, self.clients, self.servers, self.orders


def main(given: list[str]) -> int:
    """Compare a run with what was recorded last, or record it; return 1 where something costs a tenth more."""
    asked = _read(given)
    report = json.loads(asked.given.read_text("utf-8")) if asked.given else run_short(asked)
    made = lines_of(report, date=datetime.now(UTC).date().isoformat(), machine=this_machine())
    before = read_record(asked.file)
    told = [line for line in made if say_dearer(line, before)]
    if told and not asked.given and not asked.record:
        told = confirm(told, before, asked)
    print(
        "\n".join(say_dearer(line, before) for line in told)
        or f"{len(made)} works: none costs more than a tenth more"
    )
    if (load_most := max(line.load for line in made)) > BUSY * (os.cpu_count() or 1):
        print(f"the machine was busy (load {load_most}): figures of a quiet one tell more", file=sys.stderr)
    if asked.record:
        asked.file.parent.mkdir(parents=True, exist_ok=True)
        with asked.file.open("ab") as out:
            out.write(msgspec.json.Encoder().encode_lines(made))
        return 0
    return 1 if told else 0


def confirm(told: list[Line], before: list[Line], asked: argparse.Namespace) -> list[Line]:
    """Run what is dearer again, alone: what is so by chance is so no more."""
    for _ in range(AGAIN):
        works = ",".join(sorted({line.work for line in told}))
        again = lines_of(run_short(asked, works=works), date=told[0].date, machine=told[0].machine)
        told = [one for one in again if say_dearer(one, before) and any(one.is_like(line) for line in told)]
        if not told:
            break
    return told


def run_short(asked: argparse.Namespace, *, works: str = "") -> dict[str, Any]:
    """Return the report of a short run: one client, one server, and the raw engine in turn with it."""
    chosen = [*_SHORT.split(), "--engine", asked.engine, "--works", works or asked.works]
    return load.report_of(load.read_options(chosen))


def lines_of(report: dict[str, Any], *, date: str, machine: str) -> list[Line]:
    """Return the lines of a report of `bin/bench load`; it may name the machine that it was made on."""
    more = {"date": date, "machine": report.get("machine", machine), "python": report["python"]}
    return [
        msgspec.convert({**row, **more, "engine": engine}, Line)
        for engine, rows in report["engines"].items()
        for row in rows
    ]


def read_record(path: Path) -> list[Line]:
    """Return what was recorded, the oldest first."""
    return msgspec.json.Decoder(Line).decode_lines(path.read_bytes()) if path.exists() else []


def say_dearer(line: Line, record: list[Line]) -> str:
    """Return how much more a work costs than when it was last recorded; empty for less than a tenth more, or for a new work."""
    last = next((one for one in reversed(record) if line.is_like(one)), None)
    if last is None or not line.cpu_ratio:  # a clock too coarse for so short a run
        return ""
    beside, alone = last.cpu_ratio / line.cpu_ratio, line.cpu_ms / last.cpu_ms
    if beside <= MORE or (last.machine == line.machine and alone <= MORE):
        return ""
    return (
        f"{line.engine} {line.workload} {line.work}: {beside:.2f} times as much beside the raw engine as on {last.date} "
        f"({line.cpu_ratio:.3f} of it, was {last.cpu_ratio:.3f}); {line.cpu_ms:.2f} ms of a processor, was {last.cpu_ms:.2f}"
    )


def this_machine() -> str:
    """Return the processor's name and how many there are."""
    told = Path("/proc/cpuinfo").read_text("utf-8")
    names = [line.partition(":")[2].strip() for line in told.splitlines() if line.startswith("model name")]
    return f"{names[0] if names else 'unknown'}, {os.cpu_count()} processors"


def _read(given: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bin/bench trend", description="Compare a short run with the last one that was recorded.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )  # fmt: skip
    parser.add_argument(
        "--record", action="store_true", help="append the run to the record, whatever it costs"
    )
    parser.add_argument(
        "--from", dest="given", type=Path, help="a report of bin/bench load --json instead of a run"
    )
    parser.add_argument("--file", type=Path, default=RECORD, help="the record")
    parser.add_argument("--works", default="", help="works or workloads, separated by commas; empty is all")
    parser.add_argument("--engine", choices=(*ENGINES, "both"), default="both", help="database to measure on")
    return parser.parse_args(given)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
