"""The raw engine under the same load: hand-written SQL on one connection, one client after another, in this process."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.bench.load_job import Create, Get, Job, ListPage, Search
from tests.bench.load_target import WrongAnswer
from tests.bench.raw import Raw

_PAGE_ROWS = 50
_WORKS = frozenset(
    {"get", "search name", "search code", "search phone", "list page 1", "list page 100", "create"}
)


class RawEngine:
    """A target without a server: no HTTP, no key, no seals, no checks; what it does is what `bin/bench` does beside the verbs."""

    name = "raw engine"

    def __init__(self, engine: str, where: str | Path, *, numbers: list[str], times: int) -> None:
        self._raw = Raw(engine, where, numbers=numbers, times=times)
        rows = self._raw.page(2**62, 99 * _PAGE_ROWS)
        self._before = {1: 2**62, 100: rows[-1][0] if rows else 0}

    def can(self, work: str) -> bool:
        """Tell whether it has such a work."""
        return work in _WORKS

    def drive(self, jobs: Iterator[Job], *, clients: int, seconds: float) -> list[float]:
        """Do jobs one after another, however many clients ask: it has one connection."""
        taken, until = list[float](), time.perf_counter() + seconds
        while (began := time.perf_counter()) < until or not taken:
            self._call(next(jobs))()
            taken.append(time.perf_counter() - began)
        return taken

    def spent(self) -> dict[str, float]:
        """Return the processor's seconds of this process, which is the engine's on SQLite."""
        return {"server": time.process_time()}

    def peak_mb(self) -> float:
        """Tell nothing: its memory is this process's."""
        return 0

    def close(self) -> None:
        """Close the connection."""
        with suppress(Exception):
            self._raw.close()

    def _call(self, job: Job) -> Callable[[], Any]:
        match job:
            case Get(number=number):
                return lambda: self._raw._get(number)
            case Search(text=text):
                return lambda: self._raw.search(text)
            case ListPage(page=page):
                return lambda: self._raw._screen(self._before[page])
            case Create(draft=draft):
                return lambda: self._raw._create(draft)
        raise WrongAnswer(f"{job} is not asked of the raw engine")
