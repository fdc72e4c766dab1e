"""Imports that are killed: a process of its own commits one, SIGKILL ends it, and another takes it up.

As a program: `python -m tests.proofs.imports DATA_DIR DATABASE_URL MERCHANT IMPORT [fault]` commits an import.
"""

import json
import os
import random
import subprocess
import sys
import time
from functools import partial
from typing import Any

from tests.house import House, make_house
from tests.near import uncounted
from tests.proofs.running import ROOT, RunningDesk
from tocsin.core.actor import ROLES, Actor
from tocsin.core.clock import MINUTE_US, pass_time
from tocsin.core.db import Database, Tx
from tocsin.opening import open_database
from tocsin.orders import commit
from tocsin.orders.commit import commit_import, resume_imports
from tocsin.orders.draft import Draft
from tocsin.orders.importer import ImportOptions, Source
from tocsin.orders.importing import get_import, upload_sheet
from tocsin.settings import Settings

ORDERS = 300
_STALE_US = 6 * MINUTE_US


def _settings(folder: str, database_url: str) -> Settings:
    return Settings(data_dir=folder, database_url=database_url)


def _actor(merchant_id: int) -> Actor:
    return Actor(
        kind="operator", id=1, merchant_id=merchant_id, name="owner", role="owner", rights=ROLES["owner"]
    )


def _sheet(place: int) -> Source:
    """Return orders of an import; every third names no number of its own."""
    rows = [
        {"lines": [{"title": "梨", "quantity": 1, "unit_price": "5"}], "channel": f"kill{place}",
         **({"external_id": f"K{place}-{n}"} if n % 3 else {})}
        for n in range(ORDERS)
    ]  # fmt: skip
    return Source("kill.jsonl", "", "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode())


def _count(tx: Tx, *, place: int) -> int:
    tx._cursor.execute(f"SELECT count(*) FROM order_head WHERE channel = 'kill{place}'")
    return int(tx._cursor.fetchone()[0])


class Killing:
    """An installation in which imports are killed."""

    def __init__(self, place: RunningDesk) -> None:
        self.settings = _settings(str(place.folder / "data"), place.database_url)
        db = open_database(self.settings)
        self.house: House = make_house(db)
        self.merchant_id = self.house.merchant_id
        db.close()

    def kill_one(self, place: int, *, delay: float, fault: str = "") -> dict[str, Any]:
        """Upload an import, kill its commit, look, take it up, look again."""
        db = open_database(self.settings)
        try:
            options = ImportOptions(channel=f"kill{place}")
            import_id = upload_sheet(
                db, _actor(self.merchant_id), source=_sheet(place), options=options
            ).import_id
        finally:
            db.close()
        self._commit_and_kill(import_id, delay=delay, fault=fault)
        db = open_database(self.settings)
        try:
            return self._look(db, place, import_id, resume=not fault)
        finally:
            pass_time(0)
            db.close()

    def _commit_and_kill(self, import_id: int, *, delay: float, fault: str) -> None:
        given = [
            self.settings.data_dir,
            self.settings.database_url,
            str(self.merchant_id),
            str(import_id),
            fault,
        ]
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.proofs.imports", *given], cwd=ROOT, stdout=subprocess.PIPE, text=True,
            env=uncounted(),
        )  # fmt: skip
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(delay)
        if not fault:
            process.kill()
        process.wait(60)
        process.stdout.close()

    def _look(self, db: Database, place: int, import_id: int, *, resume: bool) -> dict[str, Any]:
        ask = partial(db.read, self.merchant_id)
        before = ask(partial(_count, place=place))
        done = ask(partial(get_import, import_id=import_id)).status == "committed"
        if resume and not done:
            pass_time(_STALE_US)  # the claim of the dead process ends by itself
            resume_imports(db)
            done = ask(partial(get_import, import_id=import_id)).status == "committed"
        after = ask(partial(_count, place=place))
        return {"part": 0 < before < ORDERS, "half": after != ORDERS if done else after != 0, "done": done}


def prove_imports(place: RunningDesk, *, kills: int, dice: random.Random) -> dict[str, Any]:
    """Kill so many imports; count those that are half in for good."""
    killing = Killing(place)
    found = [killing.kill_one(n, delay=dice.uniform(0, 0.9)) for n in range(kills)]
    return {
        "kills": kills, "half_imports": sum(one["half"] for one in found), "killed_in_parts": sum(one["part"] for one in found),
        "whole_after": sum(one["done"] for one in found),
    }  # fmt: skip


def find_half(place: RunningDesk) -> bool:
    """Tell whether an import that ended half-way and was not taken up is given away."""
    return bool(Killing(place).kill_one(0, delay=0, fault="half")["half"])


_take_in, _taken = commit.take_in, list[int]()


def _die_half_way(tx: Tx, actor: Actor, draft: Draft) -> Any:
    _taken.append(1)
    if len(_taken) > ORDERS // 2:
        os._exit(1)
    return _take_in(tx, actor, draft)


if __name__ == "__main__":
    data_dir, url, merchant, wanted, planted = (*sys.argv[1:5], (sys.argv[5:] or [""])[0])
    if planted:
        commit.take_in = _die_half_way
    opened = open_database(_settings(data_dir, url))
    print("begins", flush=True)
    commit_import(opened, _actor(int(merchant)), import_id=int(wanted))
    opened.close()
