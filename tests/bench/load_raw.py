"""The raw engine under the same load: hand-written SQL on one connection, one client after another, in this process."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import VerifyMismatchError

from tests.bench.load_job import (
    WORKS,
    Amend,
    Create,
    ExportAll,
    Get,
    Job,
    ListPage,
    Load,
    Screens,
    Search,
    Ticket,
    WrongPassword,
)
from tests.bench.load_target import processor_seconds
from tests.bench.raw import Raw
from tests.bench.raw_changes import amend_raw, count_screens, prepare_load
from tests.databases import PostgresServer
from tocsin.access.password import DECOY_HASH

_PAGE_ROWS = 50


class RawEngine:
    """A target without a server: no HTTP, no key, no seals, no checks; what it does is what `bin/bench` does beside the verbs.

    Args:
        draw: the typesetter alone, of one ticket that was made beforehand.
    """

    name = "raw engine"

    def __init__(
        self, engine: str, where: str | Path, *, numbers: list[str], times: int, draw: Callable[[], object],
        postgres: PostgresServer | None = None,
    ) -> None:  # fmt: skip
        self._raw = Raw(engine, where, numbers=numbers, times=times)
        self._draw, self._postgres, self._spent = draw, postgres, 0.0
        self._hasher = PasswordHasher.from_parameters(extract_parameters(DECOY_HASH))
        rows = self._raw.page(2**62, 99 * _PAGE_ROWS)
        self._before = {1: 2**62, 100: rows[-1][0] if rows else 0}

    def can(self, work: str) -> bool:
        """Tell whether it has such a work: all."""
        return work in WORKS

    def drive(self, jobs: Iterator[Job], *, clients: int, seconds: float) -> list[float]:
        """Do jobs one after another, however many clients ask: it has one connection."""
        taken, until = list[float](), time.perf_counter() + seconds
        while time.perf_counter() < until or not taken:
            call = self._call(next(jobs))
            began, before = time.perf_counter(), time.process_time()
            call()
            taken.append(time.perf_counter() - began)
            self._spent += time.process_time() - before
        return taken

    def spent(self) -> dict[str, float]:
        """Return the processor's seconds of its calls in this process, which are the engine's on SQLite."""
        found = {"server": self._spent}
        if self._postgres is not None:
            found["database"] = processor_seconds([self._postgres.process.pid])
        return found

    def peak_mb(self) -> float:
        """Tell nothing: its memory is this process's."""
        return 0

    def close(self) -> None:
        """Close the connection."""
        with suppress(Exception):
            self._raw.close()

    def _call(self, job: Job) -> Callable[[], Any]:
        """Return a job's call; what is not the engine's, such as the making of a row, is done before it."""
        raw = self._raw
        match job:
            case Get(number=number):
                return lambda: raw._get(number)
            case Search(text=text):
                return lambda: raw.search(text)
            case ListPage(page=page):
                return lambda: raw._screen(self._before[page])
            case Create(draft=draft):
                return lambda: raw._create(draft)
            case Load(drafts=drafts):
                return prepare_load(raw, drafts)
            case Amend(number=number, seen=seen):
                return lambda: amend_raw(raw, number, seen=seen)
            case Screens():
                return lambda: count_screens(raw)
            case Ticket():
                return self._draw
            case WrongPassword(password=password):
                return lambda: self._refuse(password)
            case ExportAll():
                return lambda: raw.write_csv(os.devnull)

    def _refuse(self, password: str) -> None:
        with suppress(VerifyMismatchError):
            self._hasher.verify(DECOY_HASH, password)
