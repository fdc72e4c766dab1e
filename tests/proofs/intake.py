"""`bin/prove intake`: every importer reads its samples; calls of platforms, shuffled, doubled and late, come to the newest state; killed imports are never half."""

import argparse
import random
import time
from pathlib import Path
from typing import Any

from tests.proofs.deliveries import find_planted, prove_deliveries
from tests.proofs.imports import find_half, prove_imports
from tests.proofs.running import ENGINES, ROOT, open_ground
from tocsin.core.errors import Refusal
from tocsin.orders.importer import ImportOptions, Source, every_importer, parse_source

DATA = ROOT / "tests" / "data"
_NO_SAMPLE = {".md", ""}
_NOUGHT = ("lost", "doubled", "foreign", "state_wrong", "replays_effective", "refused", "half_imports")


def samples_of(name: str) -> list[Path]:
    """Return the samples of an importer: those named by it, and those in a folder of its name."""
    found = [*DATA.glob(f"importers/{name}.*"), *DATA.glob(f"{name}/*")]
    return sorted(p for p in found if p.suffix not in _NO_SAMPLE and "NOTICE" not in p.name)


def read_samples() -> dict[str, str]:
    """Return what is wrong with the samples of each importer, empty for what is read; each must have one."""
    found: dict[str, str] = {}
    for name in every_importer():
        samples = samples_of(name)
        found[name] = "" if samples else "it has no sample"
        for path in samples:
            try:
                parsed = parse_source(Source(path.name, "", path.read_bytes()), ImportOptions(), name)
            except Refusal as refusal:
                found[name] = f"{path.name}: {refusal.code}"
                continue
            if not parsed.orders or parsed.bad:
                found[name] = (
                    f"{path.name}: {len(parsed.orders)} orders, {[row.code for row in parsed.bad][:3]}"
                )
    return found


def prove_intake(engines: tuple[str, ...], *, deliveries: int, kills: int, seed: int) -> dict[str, Any]:
    """Read the samples, plant each fault, then send and kill, shared out among the engines."""
    began, dice = time.monotonic(), random.Random(seed)
    samples, by_engine = read_samples(), dict[str, Any]()
    with open_ground() as ground:
        broken = ground.make_desk("sqlite")
        wins = find_planted(broken, deliveries=min(200, deliveries), dice=dice)
        planted = {"arrival_wins": wins, "half": find_half(broken)}
        print(f"planted faults {planted}", flush=True)
        for place, engine in enumerate(engines):
            share = kills // len(engines) + (place < kills % len(engines))
            desk = ground.make_desk(engine)
            sent = prove_deliveries(desk, deliveries=deliveries // len(engines), dice=dice)
            killed = prove_imports(desk, kills=share, dice=dice)
            by_engine[engine] = {**sent, **killed}
            print(f"{engine}: {by_engine[engine]}", flush=True)
    summed = ("deliveries", "orders", *_NOUGHT, "replayed", "kills", "killed_in_parts")
    joined: dict[str, Any] = {name: sum(found[name] for found in by_engine.values()) for name in summed}
    unread = {name: wrong for name, wrong in samples.items() if wrong}
    joined |= {"importers": len(samples), "unread": unread, "planted_fault_found": all(planted.values())}
    joined["holds"] = (
        joined["planted_fault_found"] and not unread and not any(joined[name] for name in _NOUGHT)
    )
    return joined | {"seed": seed, "engines": by_engine, "seconds": round(time.monotonic() - began, 1)}


def main(given: list[str]) -> dict[str, Any]:
    """Read the options and prove."""
    parser = argparse.ArgumentParser(prog="bin/prove intake", description=__doc__)
    parser.add_argument(
        "--deliveries", type=int, default=10_000, help="how many, shared out among the engines"
    )
    parser.add_argument("--kills", type=int, default=50, help="how many, shared out among the engines")
    parser.add_argument("--engine", choices=(*ENGINES, "both"), default="both")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    asked = parser.parse_args(given)
    print(f"seed {asked.seed}", flush=True)
    engines = ENGINES if asked.engine == "both" else (asked.engine,)
    return prove_intake(engines, deliveries=asked.deliveries, kills=asked.kills, seed=asked.seed)
