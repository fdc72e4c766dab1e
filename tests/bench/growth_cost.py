"""What a call costs: the processor's time of this process and of the engine's, put to a fixed loop that runs beside it."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.bench.clock import fixed_loop
from tests.bench.load_target import children_of
from tests.databases import PostgresServer

Call = Callable[[], object]


class Meter:
    """Measures in rounds; a round's cost is put to the speed that the machine had meanwhile, told by a loop that is always the same.

    Args:
        server: whose processes' time is the engine's; on SQLite it is this process's.
    """

    def __init__(self, server: PostgresServer | None, *, rounds: int) -> None:
        self._server, self._rounds = server, rounds
        self._best_s = min(fixed_loop() for _ in range(20))

    def measure(self, works: Mapping[str, Sequence[Call]]) -> dict[str, dict[str, float]]:
        """Return each work's cost in the least disturbed of its rounds: milliseconds of a processor for one call, and by the clock.

        The works take turns: each one's rounds lie as far apart as they can.
        """
        made: dict[str, list[tuple[float, float]]] = {name: [] for name in works}
        for calls in works.values():
            for call in calls[: len(calls) // 4 + 1]:
                call()
        for _ in range(self._rounds):
            for name, calls in works.items():
                made[name].append(self._round(calls))
        return {
            name: {
                "cpu_ms": round(min(cpu for cpu, _ in some), 4),
                "p50_ms": round(min(clock for _, clock in some), 4),
            }
            for name, some in made.items()
        }

    def _round(self, calls: Sequence[Call]) -> tuple[float, float]:
        pace, before, taken = fixed_loop(), self._spent(), list[float]()
        for call in calls:
            began = time.perf_counter()
            call()
            taken.append(time.perf_counter() - began)
        spent = self._spent() - before
        slower = max(1.0, (pace + fixed_loop()) / 2 / self._best_s)
        return spent / len(calls) / slower * 1000, statistics.median(taken) * 1000

    def _spent(self) -> float:
        backends = children_of(self._server.process.pid) if self._server else []
        return time.process_time() + sum(map(_run_seconds, backends))


def _run_seconds(pid: int) -> float:
    """Return the time that a process of one thread has run: counted to the nanosecond, where ticks are ten milliseconds."""
    return int(Path(f"/proc/{pid}/schedstat").read_text("ascii").split()[0]) / 1e9
