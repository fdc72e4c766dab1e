"""Timing: a work is repeated, its seconds kept, its median and spread told."""

import statistics
import time
from collections.abc import Callable, Sequence

from msgspec import Struct


class Figure(Struct, frozen=True):
    """How long one work took: milliseconds at the median, fastest and 99th percentile; `per_second` of one client."""

    work: str
    p50_ms: float
    best_ms: float
    p99_ms: float
    per_second: float


def measure(work: str, calls: Sequence[Callable[[], object]], *, units: int = 1) -> Figure:
    """Run each call once and return the figure of them; `units` is how much one call does."""
    taken = []
    for call in calls:
        start = time.perf_counter()
        call()
        taken.append((time.perf_counter() - start) * 1000)
    taken.sort()
    median = statistics.median(taken)
    return Figure(
        work, round(median, 3), round(taken[0], 3), round(taken[min(len(taken) - 1, int(len(taken) * 0.99))], 3),
        round(1000 * units / median, 1),
    )  # fmt: skip
