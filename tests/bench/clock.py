"""Timing: a work is repeated, its seconds kept, its median and spread told."""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct


class Figure(Struct, frozen=True):
    """How long one work took: milliseconds at the median, fastest and 99th percentile; `per_second` of one client."""

    work: str
    p50_ms: float
    best_ms: float
    p99_ms: float
    per_second: float


_LOOP = 20_000

Work = tuple[Sequence[Callable[[], object]], int]
"""Calls that each do a work once, and how many units one of them does."""


def measure(works: dict[str, Work], beside: dict[str, Work]) -> Iterator[tuple[Figure, Figure | None]]:
    """Yield the figure of each work, and of the one of its name beside it.

    Both are called in turn: what else the machine does meanwhile falls on both.
    """
    for name, (calls, units) in works.items():
        others = beside[name][0] if name in beside else ()
        taken, other = list[float](), list[float]()
        for place, call in enumerate(calls):
            taken.append(_time(call))
            if place < len(others):
                other.append(_time(others[place]))
        yield _figure(name, taken, units), _figure(name, other, units) if other else None


def _time(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1000


def _figure(work: str, taken: list[float], units: int) -> Figure:
    taken.sort()
    median, last = statistics.median(taken), taken[min(len(taken) - 1, int(len(taken) * 0.99))]
    return Figure(work, round(median, 3), round(taken[0], 3), round(last, 3), round(1000 * units / median, 1))


def fixed_loop() -> float:
    """Return the processor's seconds of a work that is always the same: how fast the machine is at the moment."""
    before, total = time.process_time(), 0
    for n in range(_LOOP):
        total += n * n
    return time.process_time() - before
