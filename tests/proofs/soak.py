"""`bin/prove soak`: an hour of mixed work at half of what the desk can: no fault, no growing memory, no slower answers."""

import argparse
import asyncio
import itertools
import statistics
import time
from collections.abc import Iterator
from typing import Any

from tests.bench.load_filled import Filled
from tests.bench.load_job import Job, Jobs
from tests.bench.load_line import Line, open_line
from tests.bench.load_target import WrongAnswer
from tests.bench.load_tocsin import Tocsin
from tests.proofs.running import ENGINES, Ground, open_ground
from tests.proofs.rush import _at
from tests.served import resident_mb
from tocsin.core.clock import SECOND_US, now_us

MINUTES, CLIENTS, SLICES = 60.0, 16, 60
GROWTH_PERCENT, P99_RATIO = 5.0, 1.5
_PEAK_SECONDS, _PEAK_CLIENTS = 10.0, 8
_TELL_EVERY = 3  # slices: who waits for an hour sees how it goes
_MIX = (
    "get", "get", "get", "get", "search phone", "search code", "search name", "list page 1", "list page 100", "create", "amend"
)  # fmt: skip
# Each fault, and the figure that must give it away.
FAULTS = {
    "keep_all": "memory_growth_percent", "tire": "p99_ratio", "fail_some": "server_errors",
    "index_nothing": "unindexed",
}  # fmt: skip
_INDEXED_WITHIN_SECONDS = 15
_UNINDEXED = (
    "SELECT count(*) FROM lookup LEFT JOIN lookup_mark ON lookup_mark.merchant_id = lookup.merchant_id"
    " WHERE lookup.id > coalesce(indexed_to, 0) AND at_us < {until}"
)


class Soak:
    """A desk with orders, asked a mix of things at a steady pace."""

    def __init__(self, ground: Ground, engine: str, *, orders: int, times: int, fault: str = "") -> None:
        self._filled = Filled(ground.make_desk(engine), orders=orders, times=times)
        self._tocsin = Tocsin(self._filled, servers=1)
        if fault:
            self._filled.desk.stop()
            self._filled.desk.start(fault=fault)
        jobs = Jobs(self._filled.numbers)
        self._jobs: Iterator[Job] = (next(jobs.of(work)) for work in itertools.cycle(_MIX))
        self.errors, self.wrong = 0, list[str]()

    def peak(self, *, seconds: float) -> float:
        """Return how many of the mix it does a second when asked by eight at once, once it has counted what it was filled with."""
        self._tocsin.rest()
        done = self._tocsin.drive(self._jobs, clients=_PEAK_CLIENTS, seconds=seconds)
        return len(done) / seconds

    def run(self, *, rate: float, seconds: float) -> dict[str, Any]:
        """Ask so many a second for so long; return what came of it, slice by slice."""
        slices: list[tuple[list[float], list[float]]] = [([], []) for _ in range(SLICES)]
        asyncio.run(self._run(slices, rate=rate, seconds=seconds))
        until = now_us() - _INDEXED_WITHIN_SECONDS * SECOND_US
        ((behind,),) = self._filled.desk.rows(_UNINDEXED.format(until=until))
        p99 = [_at(taken, 0.99) for taken, _ in slices]
        memory = [statistics.median(seen or [0.0]) for _, seen in slices]
        # What caches and pools take at first is no growth: the first tenth is left out.
        early, late = slice(SLICES // 10, SLICES // 4), slice(-SLICES * 3 // 20, None)
        first, last = statistics.median(memory[early]), statistics.median(memory[late])
        slow, slower = statistics.median(p99[early]), statistics.median(p99[late])
        return {
            "requests": sum(len(taken) for taken, _ in slices), "per_second": round(rate), "server_errors": self.errors,
            "unindexed": behind, "memory_mb": round(last), "memory_growth_percent": round((last / first - 1) * 100, 1),
            "p50_ms": round(statistics.median(_at(taken, 0.5) for taken, _ in slices), 1), "p99_first_ms": slow, "p99_last_ms": slower,
            "p99_ratio": round(slower / max(slow, 0.1), 2), "unexpected": self.wrong[:3],
        }  # fmt: skip

    def close(self) -> None:
        """End the desk."""
        self._tocsin.close()

    async def _run(
        self, slices: list[tuple[list[float], list[float]]], *, rate: float, seconds: float
    ) -> None:
        began, tickets = time.perf_counter(), itertools.count()
        process = self._filled.desk.process
        assert process is not None

        async def work() -> None:
            line = await self._line()
            for ticket in tickets:
                due = began + ticket / rate
                if due >= began + seconds:
                    return
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                line = await self._do(line)
                # From when it was due: what had to wait for its turn was waited for.
                slices[int((due - began) / seconds * SLICES)][0].append((time.perf_counter() - due) * 1000)

        async def watch() -> None:
            told = 0
            while (passed := time.perf_counter() - began) < seconds:
                slices[now := int(passed / seconds * SLICES)][1].append(resident_mb(process.pid))
                if now >= told + _TELL_EVERY:
                    taken, seen = slices[told := now - 1]
                    print(
                        f"{told + 1}/{SLICES}: {len(taken)} asked, p50 {_at(taken, 0.5)} ms, p99 {_at(taken, 0.99)} ms, {max(seen):.0f} MB",
                        flush=True,
                    )
                await asyncio.sleep(seconds / SLICES / 5)

        await asyncio.gather(watch(), *(work() for _ in range(CLIENTS)))

    async def _do(self, line: Line) -> Line:
        try:
            await self._tocsin.do(line.ask, next(self._jobs))
        except (WrongAnswer, OSError) as wrong:
            text = str(wrong)
            self.errors += ": 5" in text or isinstance(wrong, OSError)
            self.wrong.append(text[:300])
            line.close()
            return await self._line()
        return line

    async def _line(self) -> Line:
        return await open_line(*self._tocsin.addresses[0])


def broken_promises(found: dict[str, Any]) -> list[str]:
    """Return the figures that do not say what was promised."""
    most = {
        "server_errors": 0,
        "unindexed": 0,
        "memory_growth_percent": GROWTH_PERCENT,
        "p99_ratio": P99_RATIO,
    }
    wrong = [name for name, bound in most.items() if found[name] > bound]
    return (
        wrong
        + [name for name in ("requests",) if not found[name]]
        + (["unexpected"] if found["unexpected"] else [])
    )


def run_one(
    ground: Ground, engine: str, *, seconds: float, peak_seconds: float, orders: int, times: int, fault: str = ""
) -> dict[str, Any]:  # fmt: skip
    """Make a desk, find its peak, and ask it for half of that."""
    soak = Soak(ground, engine, orders=orders, times=times, fault=fault)
    try:
        peak = soak.peak(seconds=peak_seconds)
        print(f"{engine}: {peak:.0f} a second at its peak", flush=True)
        return {"peak_per_second": round(peak), **soak.run(rate=peak / 2, seconds=seconds)}
    finally:
        soak.close()


def find_planted(ground: Ground, engine: str) -> dict[str, bool]:
    """Tell for each fault whether its own figure gives it away."""
    seen = {}
    for fault, sign in FAULTS.items():
        soak = Soak(ground, engine, orders=200, times=1, fault=fault)
        try:
            found = soak.run(rate=60, seconds=20)
        finally:
            soak.close()
        seen[fault] = sign in broken_promises(found)
        print(f"{engine}: {fault} → {sign} {found[sign]}", flush=True)
    return seen


def main(given: list[str]) -> dict[str, Any]:
    """Read the options and prove."""
    parser = argparse.ArgumentParser(prog="bin/prove soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=MINUTES, help="how long, on each engine")
    parser.add_argument("--orders", type=int, default=20_000, help="orders that are there before")
    parser.add_argument("--times", type=int, default=10, help="copies of those, made by SQL")
    parser.add_argument("--engine", choices=(*ENGINES, "both"), default="both")
    asked = parser.parse_args(given)
    engines = ENGINES if asked.engine == "both" else (asked.engine,)
    began, by_engine = time.monotonic(), dict[str, Any]()
    with open_ground() as ground:
        planted = find_planted(ground, engines[0])
        for engine in engines:
            found = run_one(
                ground, engine, seconds=asked.minutes * 60, peak_seconds=_PEAK_SECONDS, orders=asked.orders, times=asked.times
            )  # fmt: skip
            by_engine[engine] = found | {"broken_promises": broken_promises(found)}
            print(f"{engine}: {by_engine[engine]}", flush=True)
    return {
        "requests": sum(found["requests"] for found in by_engine.values()),
        **{name: max(found[name] for found in by_engine.values()) for name in ("server_errors", "unindexed", "memory_growth_percent", "p99_ratio")},
        "planted_faults": planted, "planted_fault_found": all(planted.values()),
        "holds": all(planted.values()) and not any(found["broken_promises"] for found in by_engine.values()),
        "engines": by_engine, "seconds": round(time.monotonic() - began, 1),
    }  # fmt: skip
