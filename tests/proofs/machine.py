"""`bin/prove machine`: orders, checks, holds, printers, refunds and crashes at random; no wrong, lost or second paper."""

import argparse
import random
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import hypothesis
from hypothesis import HealthCheck, Phase
from hypothesis.errors import Flaky
from hypothesis.stateful import run_state_machine_as_test

from tests.databases import PostgresServer
from tests.proofs.counter_machine import CounterMachine
from tests.proofs.guards import GUARDS, without
from tests.proofs.running import ENGINES
from tocsin.core.db import Database
from tocsin.core.errors import Refusal
from tocsin.core.postgres import PostgresDatabase
from tocsin.core.sqlite import SqliteDatabase
from tocsin.core.vault import open_vault
from tocsin.migrations.upgrade import upgrade_postgres, upgrade_sqlite

_RUN_STEPS, _EXAMPLES = 40, 20
_MOST_STEPS = 20_000
"""A guard whose loss does not show within so many steps counts as not found."""


class Steps(CounterMachine):
    """The machine, counting its steps."""

    def check_invariants(self, *given: Any, **more: Any) -> None:
        """Count a step, and look whether all is right."""
        self.seen["steps"] += 1
        super().check_invariants(*given, **more)


def drive(db: Database, *, steps: int, seed: int, guard: str = "") -> tuple[Counter[str], str]:
    """Drive a counter for so many steps, without one guard where it is named; return what was done and what went wrong."""
    machine = type("Driven", (Steps,), {"db": db, "seen": Counter[str]()})
    settings = hypothesis.settings(
        max_examples=_EXAMPLES, stateful_step_count=_RUN_STEPS, deadline=None, database=None, phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck), print_blob=False, report_multiple_bugs=False,
    )  # fmt: skip
    with without(guard):
        for turn in range(steps):
            hypothesis.seed(seed * 1000 + turn)(machine)
            try:
                run_state_machine_as_test(machine, settings=settings)
            except (
                AssertionError,
                Refusal,
                Flaky,
            ) as wrong:  # a refusal where a person would be right is wrong too
                return machine.seen, f"{type(wrong).__name__}: {wrong}"[:300]
            if machine.seen["steps"] >= steps:
                break
    return machine.seen, ""


def find_planted(db: Database, *, seed: int, guards: tuple[str, ...] = tuple(GUARDS)) -> dict[str, Any]:
    """Return for each guard that is taken away after how many steps it was missed, and by what; empty for never."""
    found = {}
    for guard in guards:
        seen, wrong = drive(db, steps=_MOST_STEPS, seed=seed, guard=guard)
        found[guard] = {"steps": seen["steps"], "said": wrong}
    return found


def run(db: Database, *, steps: int, seed: int, guards: tuple[str, ...]) -> dict[str, Any]:
    """Drive the sound desk, then one without each guard."""
    began = time.monotonic()
    seen, wrong = drive(db, steps=steps, seed=seed)
    planted = find_planted(db, seed=seed, guards=guards)
    every = all(found["said"] for found in planted.values())
    return {
        **seen, "wrong": wrong, "guards": len(planted), "planted_fault_found": every, "planted_faults": planted,
        "holds": not wrong and every and bool(seen["papers"] and seen["printed"] and seen["crashed_while_sending"]), "seconds": round(time.monotonic() - began, 1),
    }  # fmt: skip


def open_engine(folder: Path, engine: str, server: PostgresServer | None) -> Database:
    """Return an empty, migrated database."""
    vault = open_vault(folder / "key")
    if server is None:
        upgrade_sqlite(folder / "desk.sqlite")
        return SqliteDatabase(folder / "desk.sqlite", vault)
    server.sql("CREATE DATABASE desk")
    upgrade_postgres(server.url("desk"))
    return PostgresDatabase(server.url("desk"), vault, connections=4)


def main(given: list[str]) -> dict[str, Any]:
    """Read the options and prove."""
    parser = argparse.ArgumentParser(prog="bin/prove machine", description=__doc__)
    parser.add_argument("--steps", type=int, default=10_000, help="steps of the sound desk on each engine")
    parser.add_argument("--engine", choices=(*ENGINES, "both"), default="both")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    asked = parser.parse_args(given)
    print(f"seed {asked.seed}", flush=True)
    by_engine = {}
    for engine in ENGINES if asked.engine == "both" else (asked.engine,):
        server = PostgresServer() if engine == "postgresql" else None
        try:
            with tempfile.TemporaryDirectory(prefix="tocsin-machine-") as folder:
                db = open_engine(Path(folder), engine, server)
                by_engine[engine] = run(db, steps=asked.steps, seed=asked.seed, guards=tuple(GUARDS))
                db.close()
        finally:
            if server:
                server.stop()
        print(f"{engine}: {by_engine[engine]}", flush=True)
    every = by_engine.values()
    return {
        "steps": sum(found["steps"] for found in every), "papers": sum(found["papers"] for found in every),
        "crashes": sum(found["crashes"] for found in every), "guards": len(GUARDS),
        "wrong": [found["wrong"] for found in every if found["wrong"]],
        "planted_fault_found": all(found["planted_fault_found"] for found in every),
        "holds": all(found["holds"] for found in every), "seed": asked.seed, "engines": by_engine,
    }  # fmt: skip
