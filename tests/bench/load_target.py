"""What is put under load: Tocsin, the raw engine, or any other system that says how the same work is asked of it.

To measure another system, write a `Target`. One that is spoken to by HTTP is a subclass of `HttpTarget`: where it listens,
how a job is asked of it, whether the answer was right, and what its processes are.
"""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from pathlib import Path
from typing import Protocol

from tests.bench.load_job import Job
from tests.bench.load_line import Answer, open_line

Ask = Callable[[bytes], Awaitable[Answer]]
_TICKS = os.sysconf("SC_CLK_TCK")


class WrongAnswer(RuntimeError):
    """The system did not do what was asked of it."""


class Target(Protocol):
    """A system under load."""

    name: str

    def can(self, work: str) -> bool:
        """Tell whether it has such a work at all."""

    def drive(self, jobs: Iterator[Job], *, clients: int, seconds: float) -> list[float]:
        """Do jobs with so many clients at once for so long; return how many seconds each took.

        Raises:
            WrongAnswer: an answer was not right.
        """

    def spent(self) -> dict[str, float]:
        """Return the processor's seconds that it has taken until now: its `server`'s, and its `database`'s."""

    def peak_mb(self) -> float:
        """Return the most memory that its servers have taken."""


class HttpTarget:
    """A system that is spoken to by HTTP/1.1, at one address or at several in turn."""

    name = "?"
    addresses: list[tuple[str, int]]

    async def do(self, ask: Ask, job: Job) -> None:
        """Ask for one job, by as many requests as the system wants for it.

        Raises:
            WrongAnswer: it was refused, or answered wrongly.
        """
        raise NotImplementedError

    def drive(self, jobs: Iterator[Job], *, clients: int, seconds: float) -> list[float]:
        """Do jobs; see `Target`. What is on its way when the time is up is waited for."""
        return asyncio.run(self._drive(jobs, clients, seconds))

    async def _drive(self, jobs: Iterator[Job], clients: int, seconds: float) -> list[float]:
        taken = list[float]()
        lines = [[await open_line(*one) for one in self.addresses] for _ in range(clients)]
        until = time.perf_counter() + seconds

        async def work(turn: int) -> None:
            own = lines[turn]
            while time.perf_counter() < until or not taken:
                turn += 1
                job = next(jobs)
                began = time.perf_counter()
                await self.do(own[turn % len(own)].ask, job)
                taken.append(time.perf_counter() - began)

        try:
            await asyncio.gather(*(work(n) for n in range(clients)))
        finally:
            for line in (one for own in lines for one in own):
                line.close()
        return taken


def processor_seconds(pids: Iterable[int]) -> float:
    """Return the processor's seconds of some processes, of all their threads, and of the children that they began, ended ones too."""
    total = 0
    for pid in pids:
        total += _ticks(pid, ended=True) + sum(map(_ticks, children_of(pid)))
    return total / _TICKS


def _ticks(pid: int, *, ended: bool = False) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return sum(map(int, fields[11 : 15 if ended else 13]))


def peak_memory_mb(pids: Iterable[int]) -> float:
    """Return the most resident memory that some processes have had, together."""
    texts = [Path(f"/proc/{pid}/status").read_text("ascii") for pid in pids]
    return round(sum(int(text.partition("VmHWM:")[2].split()[0]) for text in texts) / 1024)


def children_of(pid: int) -> list[int]:
    """Return the processes that a process has begun, whichever of its threads did."""
    texts = [path.read_text("ascii") for path in Path(f"/proc/{pid}/task").glob("*/children")]
    return [int(child) for text in texts for child in text.split()]
