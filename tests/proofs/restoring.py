"""`bin/prove restore`: backed up at work, lost and restored: rows as they were, no number twice, no paper by itself; upgrades killed."""

import argparse
import random
import subprocess
import sys
import time
from typing import Any

import httpx

from tests.house import House, make_draft
from tests.near import uncounted
from tests.proofs.asking import Client
from tests.proofs.kill import Reign
from tests.proofs.killed_upgrades import find_piecemeal, run_upgrades
from tests.proofs.running import ENGINES, ROOT, DeskDied, Ground, RunningDesk, open_ground, wait_until
from tocsin.core.tenant import list_merchants, list_shops
from tocsin.opening import open_database
from tocsin.orders.intake import take_in
from tocsin.orders.store import load_order
from tocsin.settings import Settings

PASSPHRASE = "six green kettles sing at night"
# What is never changed once it is written: the same rows must stand in both.
FROZEN = (
    "order_number",
    "order_revision",
    "order_line",
    "verdict",
    "batch",
    "lookup",
    "journal",
    "hand_over",
    "acknowledgement",
)
_QUIET_SECONDS = 4.0
_NEW = 4
NOUGHT = ("rows_missing", "rows_other", "rows_torn", "numbers_reused", "printed_by_itself", "let_in")


class Trial:
    """A desk with hands at it, which is lost again and again, and what its backups become."""

    def __init__(self, ground: Ground, engine: str, *, seed: int) -> None:
        self.ground, self.engine = ground, engine
        self.reign = Reign(ground, engine, seed=seed)
        self.dice = self.reign.dice
        self.found = dict.fromkeys(NOUGHT, 0) | {
            "restores": 0,
            "rows": 0,
            "pending": 0,
            "backup_s": 0.0,
            "restore_s": 0.0,
        }
        self.said: list[str] = []

    def begin(self) -> None:
        """Serve the desk, with a slow printer, so that papers wait."""
        self.reign.begin()
        self.reign.peer.switches.delay_seconds = 0.4
        wait_until(lambda: len(self.reign.kept.prints) > 5 and len(self.reign.kept.orders) > 20, seconds=60)

    def restore(self, *, fault: str = "") -> None:
        """Back up while hands work, go on, lose the desk, restore it and look."""
        desk, reign = self.reign.desk, self.reign
        time.sleep(self.dice.uniform(0.1, 0.6))
        with reign.kept.lock:
            known = {order.id for order in reign.kept.orders}
        place = desk.folder / f"kept-{self.found['restores']}"
        began = time.monotonic()
        self._tocsin(desk, "backup", str(place), fault=fault)
        self.found["backup_s"] += time.monotonic() - began
        orders = len(reign.kept.orders)
        wait_until(lambda: len(reign.kept.orders) >= orders + 3, seconds=30)
        reign.serving.clear()
        desk.kill()
        other = self._new_desk()
        began = time.monotonic()
        self._tocsin(other, "restore", str(place), fault=fault)
        self.found["restore_s"] += time.monotonic() - began
        self._compare(desk, other, known)
        self._watch(other)
        self._issue(desk, other)
        self.found["restores"] += 1
        desk.start()
        reign.serving.set()

    def close(self) -> None:
        """End what was begun."""
        self.reign.close()

    def _new_desk(self) -> RunningDesk:
        made = self.ground.make_desk(self.engine, empty=True)
        made.owner_link = "none"
        return made

    def _tocsin(self, desk: RunningDesk, *words: str, fault: str = "") -> None:
        secret = desk.folder / "passphrase"
        secret.write_text(PASSPHRASE, "utf-8")
        given = ["--database-url", desk.database_url] if desk.database_url else []
        program = ["tests.proofs.broken_restore", fault] if fault else ["tocsin"]
        done = subprocess.run(
            [sys.executable, "-m", *program, *words, "--passphrase-file", str(secret), "--data-dir", str(desk.folder / "data"), *given],
            cwd=ROOT, env=uncounted(), capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise DeskDied(f"{words[0]}: {done.stderr[-2000:]}")

    def _compare(self, desk: RunningDesk, other: RunningDesk, known: set[int]) -> None:
        """Rows of then are the rows of now; what was acknowledged before is there; heads and revisions are of one moment."""
        for table in FROZEN:
            before, after = (
                set(desk.rows(f"SELECT * FROM {table}")),
                set(other.rows(f"SELECT * FROM {table}")),
            )
            news = [row for row in after - before if not (table == "journal" and _is_own(row))]
            self.found["rows_other"] += len(news)
            self.found["rows"] += len(after)
            self.said += [f"{table} {row}"[:300] for row in news[:2]]
        heads = {int(i): int(r) for i, r in other.rows("SELECT id, revision FROM order_head")}
        revisions = {(int(i), int(r)) for i, r in other.rows("SELECT order_id, revision FROM order_revision")}
        numbered = {int(row[0]) for row in other.rows("SELECT order_id FROM order_number")}
        self.found["rows_missing"] += len(known - heads.keys())
        self.found["rows_torn"] += len(heads.items() - revisions) + len(
            {i for i, _ in revisions} ^ heads.keys()
        )
        self.found["rows_torn"] += len(numbered ^ heads.keys())

    def _watch(self, other: RunningDesk) -> None:
        """Serve the restored desk beside the same printer, and do nothing: nothing comes out, and the old key opens nothing."""
        peer = self.reign.peer
        pending = other.rows("SELECT count(*) FROM print_job WHERE reason = 'restored'")
        self.found["pending"] += int(pending[0][0])
        wait_until(lambda: all(job.closed.is_set() for job in peer.jobs[-3:]), seconds=10)
        papers, jobs = len(peer.papers()), len(peer.jobs)
        other.start()
        # Once the desk has spoken with its printer it had every reason to give it what waits.
        wait_until(lambda: len(peer.jobs) > jobs, seconds=15)
        wait_until(lambda: len(peer.papers()) > papers, seconds=_QUIET_SECONDS)
        self.found["printed_by_itself"] += len(peer.papers()) - papers
        client: Client = self.reign.client
        answer = httpx.get(
            f"{other.base}/api/v1/me", headers=dict(client.http.headers), timeout=20, trust_env=False
        )
        self.found["let_in"] += int(answer.status_code != 401)
        other.stop()

    def _issue(self, desk: RunningDesk, other: RunningDesk) -> None:
        """Issue orders: none has a number that was given before, wherever it was given."""
        given = {row[0] for row in desk.rows("SELECT number FROM order_number")}
        settings = Settings(data_dir=str(other.folder / "data"), database_url=other.database_url)
        db = open_database(settings)
        try:
            (merchant, *_) = db.read(0, list_merchants)
            house = House(db, merchant.id, db.read(merchant.id, list_shops)[0])
            for place in range(_NEW):
                draft = make_draft(external_id=f"after-{place}", quantity=place + 2)
                taken = db.write(merchant.id, lambda tx, draft=draft: take_in(tx, house.actor(), draft))
                order = db.read(merchant.id, lambda tx, taken=taken: load_order(tx, order_id=taken.order_id))
                self.found["numbers_reused"] += int(order.number in given)
        finally:
            db.close()


def _is_own(row: tuple[Any, ...]) -> bool:
    """Tell an entry of the journal that the restore itself wrote."""
    return any(
        str(value).startswith(("desk.restored", "orders.bulk", "alarm.", "tickets.", "orders.hold"))
        for value in row
    )


def run_restores(ground: Ground, engine: str, *, restores: int, seed: int, fault: str = "") -> dict[str, Any]:
    """Lose and restore a desk so often; return what was found."""
    trial = Trial(ground, engine, seed=seed)
    try:
        trial.begin()
        for _ in range(restores):
            trial.restore(fault=fault)
        return trial.found | {"said": trial.said[:5], "unexpected": trial.reign.kept.unexpected[:3]}
    finally:
        trial.close()


FIGURES: dict[str, tuple[str, ...]] = {
    "lose_a_row": ("rows_missing", "rows_torn"),
    "skip_nothing": ("numbers_reused",),
    "let_print": ("printed_by_itself",),
    "let_in": ("let_in",),
}


def find_planted(ground: Ground, engine: str, *, seed: int) -> dict[str, bool]:
    """Tell for each fault whether its own figure gives it away."""
    found = {}
    for fault, figures in FIGURES.items():
        seen = run_restores(ground, engine, restores=1, seed=seed, fault=fault)
        found[fault] = any(seen[figure] for figure in figures)
    return found


def broken_promises(found: dict[str, Any]) -> list[str]:
    """Return the figures that do not say what was promised."""
    return [name for name in NOUGHT if found[name]] + [
        name for name in ("rows", "pending") if not found[name]
    ]


def prove(engines: tuple[str, ...], *, restores: int, upgrades: int, seed: int) -> dict[str, Any]:
    """Plant each fault, then lose, restore and kill, shared out among the engines."""
    began, by_engine = time.monotonic(), dict[str, Any]()
    with open_ground() as ground:
        for place, engine in enumerate(engines):
            share = [n // len(engines) + (place < n % len(engines)) for n in (restores, upgrades)]
            planted = find_planted(ground, engine, seed=seed) | {
                "in_pieces": find_piecemeal(ground, engine, seed=seed)
            }
            print(f"{engine}: planted faults {planted}", flush=True)
            found = run_restores(ground, engine, restores=share[0], seed=seed)
            killed = run_upgrades(ground, engine, kills=share[1], seed=seed)
            print(f"{engine}: {found} {killed}", flush=True)
            wrong = broken_promises(found) + (["unusable"] if killed["unusable"] else [])
            by_engine[engine] = found | killed | {"broken_promises": wrong, "planted_faults": planted}
    every = list(by_engine.values())
    joined: dict[str, Any] = {
        name: sum(found[name] for found in every)
        for name in ("restores", "rows", *NOUGHT, "pending", "killed_upgrades", "killed_half_way", "unusable")
    }
    joined["rows_equal"] = not any(joined[name] for name in ("rows_missing", "rows_other", "rows_torn"))
    joined["planted_fault_found"] = all(all(found["planted_faults"].values()) for found in every)
    joined["holds"] = joined["planted_fault_found"] and not any(found["broken_promises"] for found in every)
    return joined | {"seed": seed, "engines": by_engine, "seconds": round(time.monotonic() - began, 1)}


def main(given: list[str]) -> dict[str, Any]:
    """Read the options and prove."""
    parser = argparse.ArgumentParser(prog="bin/prove restore", description=__doc__)
    parser.add_argument("--restores", type=int, default=20, help="how many, shared out among the engines")
    parser.add_argument(
        "--upgrades", type=int, default=20, help="how many are killed, shared out among the engines"
    )
    parser.add_argument("--engine", choices=(*ENGINES, "both"), default="both")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    asked = parser.parse_args(given)
    print(f"seed {asked.seed}", flush=True)
    engines = ENGINES if asked.engine == "both" else (asked.engine,)
    return prove(engines, restores=asked.restores, upgrades=asked.upgrades, seed=asked.seed)
