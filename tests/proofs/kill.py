"""`bin/prove kill`: SIGKILL at random moments; what was acknowledged is there afterwards, no paper comes twice by the program."""

import argparse
import random
import statistics
import threading
import time
from typing import Any

from tests.peers.escpos_peer import EscposPeer
from tests.proofs.asking import Client, add_printer, become_owner
from tests.proofs.audit import find_lost, find_lost_rows, find_resent, find_twice
from tests.proofs.hands import Hand, Kept
from tests.proofs.running import ENGINES, Ground, RunningDesk, open_ground, wait_until

HANDS = 3
# A dead process's printers are taken over once its lease has run out: on PostgreSQL that takes seconds.
_PATIENCE_SECONDS = {"sqlite": 4.0, "postgresql": 25.0}


class Reign:
    """A desk with hands at it, killed and started again."""

    def __init__(self, ground: Ground, engine: str, *, seed: int) -> None:
        self.engine, self.dice = engine, random.Random(f"{seed} {engine}")
        self.desk: RunningDesk = ground.make_desk(engine)
        self.peer = EscposPeer()
        self.peer.switches.delay_seconds = 0.02
        self.kept, self.caught = Kept(), set[int]()
        self.serving, self.ending = threading.Event(), threading.Event()
        self.kills = 0

    def begin(self, *, fault: str = "") -> None:
        """Set a sound desk up, then serve it, broken as `fault` says, with hands at it."""
        self.set_up()
        if fault:
            self.desk.stop()
            self.desk.start(fault=fault)
        self.serving.set()
        self.hands = [
            Hand(
                f"{self.engine[0]}{n}", self.client, peer=self.peer, kept=self.kept, dice=random.Random(self.dice.random()),
                serving=self.serving, ending=self.ending,
            )
            for n in range(HANDS)
        ]  # fmt: skip
        for hand in self.hands:
            hand.start()

    def set_up(self) -> None:
        """Start a sound desk with an owner and a printer."""
        self.desk.start()
        self.client: Client = become_owner(self.desk)
        add_printer(self.client, self.peer.port, answer_seconds=3)

    def kill(self, *, at_paper: bool, fault: str = "") -> None:
        """Kill the desk at a random moment, or while a paper is at the printer; start it again."""
        if at_paper:
            wait_until(self._is_printing, seconds=_PATIENCE_SECONDS[self.engine], step_seconds=0.002)
            time.sleep(self.dice.uniform(0, 0.12))
        else:
            time.sleep(self.dice.uniform(0.05, 1.2))
        self.end_and_begin(fault=fault)

    def end_and_begin(self, *, fault: str = "") -> None:
        """Kill the desk now, note what it was sending, and start it again."""
        self.serving.clear()
        self.desk.kill()
        self.kills += 1
        self.caught |= {
            int(row[0]) for row in self.desk.rows("SELECT id FROM print_job WHERE state = 'sending'")
        }
        self.peer.switches.mute_queued = False
        self.desk.start(fault=fault)
        self.serving.set()

    def end(self, *, patience_seconds: float = 120) -> dict[str, Any]:
        """Let the hands finish, let every paper end, and reckon."""
        self.ending.set()
        for hand in self.hands:
            hand.join()
        quiet = wait_until(self._is_quiet, seconds=patience_seconds, step_seconds=0.3)
        lost = find_lost(self.client, self.kept)
        self.desk.stop()
        lost += find_lost_rows(self.desk, self.client, self.kept)
        twice, resent = find_twice(self.desk, self.peer, self.kept), find_resent(self.desk, self.caught)
        starts = self.desk.starts_ms[1:]
        return {
            "kills": self.kills, "acked": self.kept.acked, "orders": len(self.kept.orders), "repeated": self.kept.repeated,
            "amended": sum(len(k.tags) for k in self.kept.orders), "held": sum(len(k.holds) for k in self.kept.orders),
            "lookups": sum(self.client.looked.values()), "prints": len(self.kept.prints), "papers": len(self.peer.papers()),
            "killed_while_sending": len(self.caught), "settled": len(self.kept.settled), "lost": len(lost),
            "printed_twice_by_program": len(twice), "sending_not_unknown": len(resent), "all_ended": quiet,
            "unexpected": len(self.kept.unexpected), "start_p50_ms": round(statistics.median(starts or [0])),
            "start_most_ms": round(max(starts or [0])), "rest_mb": round(max(self.desk.rest_mb), 1),
            "said": [*lost[:3], *twice[:3], *resent[:3], *self.kept.unexpected[:3]],
        }  # fmt: skip

    def close(self) -> None:
        """End what was begun."""
        self.ending.set()
        self.serving.set()
        self.desk.kill()
        self.peer.close()

    def has_tried_all(self) -> bool:
        """Tell whether each kind of act was acknowledged at least once: a few kills may leave one out."""
        orders = self.kept.orders
        return bool(self.kept.prints) and any(k.tags for k in orders) and any(k.holds for k in orders)

    def _is_printing(self) -> bool:
        return any(job.received and not job.closed.is_set() for job in self.peer.jobs[-4:])

    def _is_quiet(self) -> bool:
        # What a hold keeps waits in sight of everybody: it is on the held list, with its order.
        waiting = self.desk.rows(
            "SELECT count(*) FROM print_job j JOIN order_head h ON h.merchant_id = j.merchant_id AND h.id = j.order_id"
            " WHERE j.state = 'sending' OR (j.state = 'queued' AND h.holds_open = 0)"
        )
        return not waiting[0][0] and not self._is_printing()


def run_kills(ground: Ground, engine: str, *, kills: int, seed: int, fault: str = "") -> dict[str, Any]:
    """Kill a desk so often; return what was found afterwards."""
    reign = Reign(ground, engine, seed=seed)
    try:
        reign.begin(fault=fault)
        for n in range(kills):
            reign.kill(at_paper=n % 3 == 0, fault=fault)
        wait_until(reign.has_tried_all, seconds=60)
        return reign.end()
    finally:
        reign.close()


def find_planted(ground: Ground, engine: str, *, seed: int) -> dict[str, bool]:
    """Tell for each fault whether its own figure gives it away."""
    with_early = Reign(ground, engine, seed=seed)
    try:
        with_early.begin(fault="answer_early")
        # The kill falls between an answer and its commit.
        for _ in range(4):
            told = with_early.kept.acked
            wait_until(lambda told=told: with_early.kept.acked > told, seconds=20, step_seconds=0.002)
            with_early.end_and_begin(fault="answer_early")
        early = with_early.end(patience_seconds=0)
    finally:
        with_early.close()
    again = Reign(ground, engine, seed=seed)
    try:
        again.begin(fault="send_again")
        # The printer cuts and does not say so: the kill falls between paper and outcome. The order may
        # have been held or amended meanwhile, which keeps even this spool from sending it again.
        again.peer.switches.mute_queued = True
        for _ in range(4):
            again.peer.wait_papers(len(again.peer.papers()) + 1, 60)
            again.end_and_begin(fault="send_again")
            if wait_until(
                lambda: find_twice(again.desk, again.peer, again.kept), seconds=20, step_seconds=0.5
            ):
                break
        again.ending.set()
        twice = again.end(patience_seconds=0)["printed_twice_by_program"]
    finally:
        again.close()
    return {"answer_early": early["lost"] > 0, "send_again": twice > 0}


def broken_promises(found: dict[str, Any]) -> list[str]:
    """Return the figures that do not say what was promised."""
    nought = ("lost", "printed_twice_by_program", "sending_not_unknown", "unexpected")
    some = ("acked", "orders", "amended", "held", "lookups", "prints", "papers")
    wrong = [name for name in nought if found[name]] + [name for name in some if not found[name]]
    return wrong + ([] if found["all_ended"] else ["all_ended"])


def prove_kill(engines: tuple[str, ...], *, kills: int, seed: int) -> dict[str, Any]:
    """Plant each fault, then kill the sound product, the kills shared out among the engines."""
    began, by_engine = time.monotonic(), dict[str, Any]()
    with open_ground() as ground:
        for place, engine in enumerate(engines):
            share = kills // len(engines) + (place < kills % len(engines))
            planted = find_planted(ground, engine, seed=seed)
            print(f"{engine}: planted faults {planted}", flush=True)
            found = run_kills(ground, engine, kills=share, seed=seed)
            print(f"{engine}: {found}", flush=True)
            by_engine[engine] = found | {"broken_promises": broken_promises(found), "planted_faults": planted}
    every = list(by_engine.values())
    summed = (
        "kills", "acked", "lost", "printed_twice_by_program", "sending_not_unknown", "killed_while_sending", "papers",
        "lookups", "repeated",
    )  # fmt: skip
    joined: dict[str, Any] = {name: sum(found[name] for found in every) for name in summed}
    joined |= {name: max(found[name] for found in every) for name in ("start_p50_ms", "rest_mb")}
    joined["planted_fault_found"] = all(all(found["planted_faults"].values()) for found in every)
    joined["holds"] = joined["planted_fault_found"] and not any(found["broken_promises"] for found in every)
    return joined | {"seed": seed, "engines": by_engine, "seconds": round(time.monotonic() - began, 1)}


def main(given: list[str]) -> dict[str, Any]:
    """Read the options and prove."""
    parser = argparse.ArgumentParser(prog="bin/prove kill", description=__doc__)
    parser.add_argument("--kills", type=int, default=50, help="how many, shared out among the engines")
    parser.add_argument("--engine", choices=(*ENGINES, "both"), default="both")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    asked = parser.parse_args(given)
    print(f"seed {asked.seed}", flush=True)
    return prove_kill(
        ENGINES if asked.engine == "both" else (asked.engine,), kills=asked.kills, seed=asked.seed
    )
