"""The agent of a station, broken on purpose: `python -m tests.proofs.broken_station FAULT station run …`."""

import asyncio
import sys
from typing import Any

from msgspec.structs import replace

from tocsin.__main__ import main
from tocsin.access.reader import Scan
from tocsin.access.readers.fprintd import FprintdReader


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


FAULTS = {"count_stops": count_stops, "see_nothing": see_nothing}

if __name__ == "__main__":
    FAULTS[sys.argv.pop(1)]()
    main()
