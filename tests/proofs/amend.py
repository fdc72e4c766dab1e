"""`bin/prove amend`: parallel amendments of one order lose nothing, and parallel orders of two shops are numbered without gap or double."""

import argparse
import re
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from tests.proofs.asking import Client, become_owner
from tests.proofs.running import ENGINES, Ground, RunningDesk, open_ground
from tocsin.core.db import DIRECTORY_SCOPE
from tocsin.core.tenant import create_shop, list_merchants
from tocsin.opening import open_database
from tocsin.settings import Settings

ATTEMPTS, NUMBERS, HANDS = 200, 2_000, 20
# On PostgreSQL two processes of one installation take what the hands send.
PROCESSES = {"sqlite": 1, "postgresql": 2}
FAULT = "change_blindly"
# Those of the sound product, and those of the broken one.
SHOPS = {False: ["P1", "P2"], True: ["P3", "P4"]}
_NUMBER = re.compile(r"(.+-\d{8})-(\d{4,})")
_ORDER = {
    "payment": "paid", "receiver": {"name": "王小明", "phone": "13812345678", "address": "黄山路 12 号"},
    "lines": [{"title": "砀山酥梨", "quantity": "2", "unit_price": "39.9"}],
}  # fmt: skip


def amend_in_parallel(clients: list[Client], *, attempts: int) -> dict[str, int]:
    """Amend one order from many hands; each adds its own word to the note that it read.

    Every fourth goes against the first revision, as a page does that was left open; a word that was
    acknowledged and is not in the note at the end is a lost update.
    """
    first = clients[0].post("/orders", _ORDER)

    def amend(place: int) -> tuple[str, int, bool]:
        client, word = clients[place % len(clients)], f"k{place:04d}"
        seen = client.get(f"/orders/{first['number']}", revision=1 if place % 4 == 3 else 0)
        answer = client.http.post(
            f"/orders/{first['number']}/amendments",
            json={"seen": seen["revision"], "reason": word, "changes": {"merchant_note": f"{seen['merchant_note']} {word}"}},
        )  # fmt: skip
        both = answer.json()
        old, present = (both.get(name, {}).get("revision", 0) for name in ("seen_version", "present_version"))
        return word, answer.status_code, old == seen["revision"] < present

    with ThreadPoolExecutor(HANDS) as hands:
        told = list(hands.map(amend, range(attempts)))
    kept = {word for word, status, _ in told if status == 201}
    conflicts = [shown for _, status, shown in told if status == 409]
    head = clients[0].get(f"/orders/{first['number']}")
    made = clients[0].get(f"/orders/{first['number']}/revisions")
    lost = kept - set(head["merchant_note"].split()) | kept - {one["reason"] for one in made}
    return {
        "attempts": attempts, "amended": len(kept), "conflicts": len(conflicts), "conflicts_shown": sum(conflicts),
        "unexpected": attempts - len(kept) - len(conflicts), "lost_updates": len(lost) + abs(len(made) - 1 - len(kept)),
    }  # fmt: skip


def produce_in_parallel(clients: list[Client], shops: list[str], *, numbers: int) -> dict[str, int]:
    """Issue so many orders in two shops from many hands, and some that are refused; return what their numbers are."""
    refused = {**_ORDER, "lines": [{"title": "梨", "quantity": "2", "unit_price": "1e400"}]}

    def produce(place: int) -> str:
        client, shop = clients[place % len(clients)], {"shop": shops[place // len(clients) % len(shops)]}
        if place % 10 == 0:  # one that rolls back takes no number with it
            assert not client.http.post("/orders", json=refused | shop).is_success
        return str(client.post("/orders", _ORDER | shop)["number"])

    with ThreadPoolExecutor(HANDS) as hands:
        given = list(hands.map(produce, range(numbers)))
    return {"numbers": len(given), "shops": len(shops), **count_numbers(given)}


def count_numbers(given: list[str]) -> dict[str, int]:
    """Return how many numbers stand twice, and how many are missing between the first and the last of a shop's day."""
    days: dict[str, list[int]] = defaultdict(list)
    for number in given:
        found = _NUMBER.fullmatch(number)
        assert found, number
        days[found[1]].append(int(found[2]))
    doubled = sum(len(places) - len(set(places)) for places in days.values())
    missing = sum(max(places) - len(set(places)) for places in days.values())
    return {"numbers_doubled": doubled, "numbers_missing": missing}


class House:
    """One installation with shops that no order has been taken in for, served by as many processes as its engine takes."""

    def __init__(self, ground: Ground, engine: str) -> None:
        first = ground.make_desk(engine)
        first.start()
        client = become_owner(first)
        self._key = client.http.headers["authorization"].removeprefix("Bearer ")
        first.stop()
        _add_shops(first)
        more = [
            RunningDesk(first.folder, database_url=first.database_url) for _ in range(PROCESSES[engine] - 1)
        ]
        self._desks = [first, *more]

    def run(self, *, attempts: int, numbers: int, fault: str = "") -> dict[str, Any]:
        """Amend and produce, at a sound product or at one broken as `fault` says."""
        try:
            for desk in self._desks:
                desk.start(fault=fault)
            clients = [Client(desk.base, self._key) for desk in self._desks]
            return {
                "processes": len(clients), **amend_in_parallel(clients, attempts=attempts),
                **produce_in_parallel(clients, SHOPS[bool(fault)], numbers=numbers),
            }  # fmt: skip
        finally:
            for desk in self._desks:
                desk.stop()


def _add_shops(desk: RunningDesk) -> None:
    db = open_database(Settings(data_dir=str(desk.folder / "data"), database_url=desk.database_url))
    try:
        merchant = db.read(DIRECTORY_SCOPE, list_merchants)[0].id
        for code in (*SHOPS[False], *SHOPS[True]):
            db.write(merchant, partial(create_shop, code=code, name=code, zone="Asia/Shanghai"))
    finally:
        db.close()


def run(ground: Ground, engine: str, *, attempts: int, numbers: int, planted: bool = True) -> dict[str, Any]:
    """Find the planted faults, then amend and produce, on one engine."""
    house = House(ground, engine)
    few = house.run(attempts=40, numbers=40, fault=FAULT) if planted else {}
    return {
        **house.run(attempts=attempts, numbers=numbers),
        "planted": {name: few.get(name, 0) for name in ("lost_updates", "numbers_missing", "numbers_doubled")},
    }  # fmt: skip


def broken_promises(found: dict[str, Any]) -> list[str]:
    """Return the figures that do not say what was promised."""
    nought = ("lost_updates", "numbers_missing", "numbers_doubled", "unexpected")
    wrong = [name for name in nought if found[name]] + [
        name for name in ("amended", "conflicts") if not found[name]
    ]
    return wrong + ([] if found["conflicts_shown"] == found["conflicts"] else ["conflicts_shown"])


def main(given: list[str]) -> dict[str, Any]:
    """Read the options, plant the faults, and prove."""
    asked = argparse.ArgumentParser(prog="bin/prove amend")
    asked.add_argument("--engine", choices=ENGINES, action="append")
    asked.add_argument("--attempts", type=int, default=ATTEMPTS)
    asked.add_argument("--numbers", type=int, default=NUMBERS)
    wanted, began = asked.parse_args(given), time.monotonic()
    engines = wanted.engine or list(ENGINES)
    with open_ground() as ground:
        found = {e: run(ground, e, attempts=wanted.attempts, numbers=wanted.numbers) for e in engines}
    every = list(found.values())
    summed = (
        "lost_updates", "conflicts", "conflicts_shown", "amended", "unexpected", "numbers_missing", "numbers_doubled"
    )  # fmt: skip
    joined: dict[str, Any] = {name: sum(one[name] for one in every) for name in summed}
    joined["planted_fault_found"] = all(all(one["planted"].values()) for one in every)
    joined["holds"] = joined["planted_fault_found"] and not any(broken_promises(one) for one in every)
    return {
        "engines": len(engines), "attempts": wanted.attempts, "numbers": wanted.numbers, **joined,
        "by_engine": found, "seconds": round(time.monotonic() - began, 1),
    }  # fmt: skip
