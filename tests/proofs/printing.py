"""`bin/prove print`: a printer that cuts at every byte, is late, lies, is away; kills: no silent loss, no paper twice, unchecked or stale."""

import argparse
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

from tests.counter import open_counter
from tests.databases import PostgresServer
from tests.proofs.chaos import DRIVERS, Chaos, cut_each
from tests.proofs.guards import without
from tests.proofs.machine import open_engine
from tests.proofs.print_kills import run_print_kills
from tests.proofs.running import ENGINES, open_ground
from tests.proofs.station_kills import find_forgetful_station, run_station_kills
from tests.tickets.paper import make_content
from tocsin.core.db import Database
from tocsin.tickets import device_talk, late, spool
from tocsin.tickets.drawing import draw_form
from tocsin.tickets.printer import PrintOutcome

_NOUGHT = ("silent_loss", "auto_reprint", "unchecked_paper", "stale_paper")
_SHOWN_SECONDS = 2.0
_LATE_SECONDS = 2.2


def run_chaos(db: Database, *, cuts: int, byte_step: int, small: bool = False) -> dict[str, Any]:
    """Cut each driver's line at every byte, and the whole desk's at so many; then lie, be late, be away."""
    with open_counter(db, answer_timeout_seconds=0.3) as clerk:
        chaos, drawn = Chaos(clerk), draw_form(make_content(paper_mm=58), "raster")
        drivers = {kind: cut_each(kind, drawn, step=byte_step) for kind in DRIVERS}
        clerk.run_spool()
        for count in _places(cuts, chaos.print_well()):
            chaos.cut(count)
        for trouble in (
            chaos.lie,
            chaos.be_away,
            chaos.change,
            chaos.recall,
            *([] if small else [chaos.stay_silent, chaos.answer_late]),
        ):
            trouble()
        found = chaos.reckon()
    return {
        **found, "drivers": drivers, "cuts_of_the_desk": found["cuts"],
        "silent_loss": found["silent_loss"] + sum(driver["believed"] for driver in drivers.values()),
        "cuts": found["cuts"] + sum(driver["cuts"] for driver in drivers.values()),
    }  # fmt: skip


def _places(cuts: int, size: int) -> list[int]:
    """Return at which bytes the desk's line is cut: all of the beginning and the end, the rest evenly between."""
    edge = min(cuts // 4, 64)
    middle = max(1, cuts - 2 * edge)
    between = [edge + n * (size - 2 * edge) // middle for n in range(middle)]
    return [*range(edge), *between, *range(size - edge, size)]


def _believe() -> Any:
    told = lambda *given: PrintOutcome(result="printed", bytes_left=True, **given[3])
    return patch.object(device_talk, "_unknown", told)


def _send_again() -> Any:
    """An unknown paper goes into its queue again, once."""
    record, again = spool.record_late, set[int]()

    def requeue(tx: Any, *, job_id: int, outcome: Any, surely: bool) -> bool:
        if outcome.result == "unknown" and job_id not in again:
            again.add(job_id)
            return late.end_job(tx, job_id=job_id, came_from=("sending",), state="queued")
        return record(tx, job_id=job_id, outcome=outcome, surely=surely)

    return patch.object(spool, "record_late", requeue)


def _dawdle() -> Any:
    store = spool.Spool._store

    def store_late(self: Any, *given: Any) -> None:
        time.sleep(_LATE_SECONDS)
        store(self, *given)

    return patch.object(spool.Spool, "_store", store_late)


FAULTS: dict[str, tuple[Callable[[], Any], Callable[[Chaos], object], str]] = {
    "believe": (_believe, lambda chaos: chaos.cut(900), "silent_loss"),
    "send_again": (_send_again, Chaos.stay_silent, "auto_reprint"),
    "check_nothing": (
        lambda: without("unchecked_at_claim"),
        Chaos.print_well,
        "unchecked_paper",
    ),
    "print_old": (lambda: without("superseded"), Chaos.change, "stale_paper"),
    "tell_late": (_dawdle, lambda chaos: chaos.cut(900), "unknown_shown_p99_s"),
}


def find_planted(db: Database, *, faults: tuple[str, ...] = tuple(FAULTS)) -> dict[str, bool]:
    """Tell for each fault whether its own figure gives it away."""
    found = {}
    for fault in faults:
        plant, act, figure = FAULTS[fault]
        with plant(), open_counter(db, code=fault[:2].upper(), answer_timeout_seconds=0.3) as clerk:
            chaos = Chaos(clerk)
            clerk.run_spool()
            act(chaos)
            found[fault] = figure in broken_promises(chaos.reckon())
    return found


def broken_promises(found: dict[str, Any]) -> list[str]:
    """Return the figures that do not say what was promised."""
    late = ["unknown_shown_p99_s"] if found["unknown_shown_p99_s"] > _SHOWN_SECONDS else []
    return [name for name in _NOUGHT if found[name]] + late


def prove(engines: tuple[str, ...], *, asked: argparse.Namespace) -> dict[str, Any]:
    """Plant each fault, then let chaos reign, then kill, on each engine."""
    began, by_engine = time.monotonic(), dict[str, Any]()
    with open_ground() as ground:
        for place, engine in enumerate(engines):
            server = PostgresServer() if engine == "postgresql" else None
            with tempfile.TemporaryDirectory(prefix="tocsin-print-") as folder:
                db = open_engine(Path(folder), engine, server)
                planted = find_planted(db)
                share = [n // len(engines) + (place < n % len(engines)) for n in (asked.cuts, asked.kills)]
                chaos = run_chaos(db, cuts=share[0], byte_step=asked.byte_step)
                db.close()
            if server:
                server.stop()
            print(f"{engine}: planted faults {planted}; {chaos}", flush=True)
            at_station = share[1] // 3
            kills = run_print_kills(ground, engine, kills=share[1] - at_station, seed=asked.seed)
            print(f"{engine}: {kills}", flush=True)
            planted["forget_papers"] = find_forgetful_station(ground, engine, seed=asked.seed)
            station = run_station_kills(ground, engine, kills=at_station, seed=asked.seed)
            print(f"{engine}: {station}", flush=True)
            parts = {"chaos": chaos, "kills": kills, "station": station}
            wrong = [f"{part}: {name}" for part, found in parts.items() for name in broken_promises(found)]
            by_engine[engine] = {**parts, "planted_faults": planted, "broken_promises": wrong}
    return _join(by_engine) | {
        "seed": asked.seed,
        "engines": by_engine,
        "seconds": round(time.monotonic() - began, 1),
    }


def _join(by_engine: dict[str, Any]) -> dict[str, Any]:
    parts = [found[part] for found in by_engine.values() for part in ("chaos", "kills", "station")]
    planted = all(all(found["planted_faults"].values()) for found in by_engine.values())
    return {
        "cuts": sum(part.get("cuts", 0) for part in parts), "kills": sum(part.get("kills", 0) for part in parts),
        "worker_kills": sum(part.get("worker_kills", 0) for part in parts),
        "station_kills": sum(part.get("station_kills", 0) for part in parts),
        **{name: sum(part[name] for part in parts) for name in (*_NOUGHT, "papers")},
        "unknown_shown_p99_s": max(part["unknown_shown_p99_s"] for part in parts), "planted_fault_found": planted,
        "holds": planted and not any(found["broken_promises"] for found in by_engine.values()),
    }  # fmt: skip


def main(given: list[str]) -> dict[str, Any]:
    """Read the options and prove."""
    parser = argparse.ArgumentParser(prog="bin/prove print", description=__doc__)
    parser.add_argument(
        "--cuts", type=int, default=1000, help="of the whole desk's line, shared out among the engines"
    )
    parser.add_argument(
        "--byte-step", type=int, default=1, help="of the driver's line: every so many bytes of a ticket"
    )
    parser.add_argument("--kills", type=int, default=200, help="how many, shared out among the engines")
    parser.add_argument("--engine", choices=(*ENGINES, "both"), default="both")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    asked = parser.parse_args(given)
    print(f"seed {asked.seed}", flush=True)
    return prove(ENGINES if asked.engine == "both" else (asked.engine,), asked=asked)
