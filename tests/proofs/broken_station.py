"""The agent of a station, broken on purpose: `python -m tests.proofs.broken_station FAULT station run …`."""

import asyncio
import sys
from typing import Any

from msgspec.structs import replace

from tocsin.__main__ import main
from tocsin.access.reader import Scan
from tocsin.access.readers.fprintd import FprintdReader
from tocsin.core.clock import now_us
from tocsin.station.paper_journal import Paper, PaperJournal


def count_stops() -> None:
    """A driver that takes each `verify-no-match` for a wrong finger: after its own stop, and from a reader that went away."""
    verify, scan = FprintdReader._verify, FprintdReader._scan
    heard_last: list[Any] = []

    async def scan_naively(self: Any, device: str, heard: Any, until: Any) -> Scan:
        heard_last[:] = [heard]
        return await scan(self, device, heard, until)

    async def verify_naively(self: Any, *given: Any) -> Scan:
        found = await verify(self, *given)
        await asyncio.sleep(0)
        words = []
        while heard_last and not heard_last[0].empty():
            member, body = heard_last[0].get_nowait()
            words += [body[0]] if member == "VerifyStatus" else []
        return replace(found, outcome="no_match") if "verify-no-match" in words else found

    FprintdReader._verify, FprintdReader._scan = verify_naively, scan_naively  # type: ignore[method-assign]


def see_nothing() -> None:
    """A driver that takes a wrong finger for one that could not be read."""
    verify = FprintdReader.verify

    def verify_blindly(self: Any, operator: str, **given: Any) -> Scan:
        found = verify(self, operator, **given)
        return replace(found, outcome="bad_scan") if found.outcome == "no_match" else found

    FprintdReader.verify = verify_blindly  # type: ignore[method-assign]


def forget_papers() -> None:
    """A station that begins papers without writing it down."""

    def begin_unwritten(self: Any, paper: str, job: str) -> bool:
        self._papers[paper] = Paper(paper, job, "begun", now_us())
        return True

    PaperJournal.begin = begin_unwritten  # type: ignore[method-assign]
    PaperJournal.end = lambda self, paper, outcome: self._papers.update(  # type: ignore[method-assign,assignment]
        {paper: replace(self._papers[paper], state="ended", outcome=outcome)}
    )


FAULTS = {"count_stops": count_stops, "see_nothing": see_nothing, "forget_papers": forget_papers}

if __name__ == "__main__":
    FAULTS[sys.argv.pop(1)]()
    main()
