"""`bin/prove lookups`: every door that shows an order records it first; with the ledger broken not a byte gets out."""

import argparse
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import sqlalchemy as sa

from tests.house import make_draft
from tests.proofs.running import ENGINES, Ground, open_ground
from tests.web.pages import Pages
from tocsin.core.db import Database
from tocsin.core.sqlite import connect_file
from tocsin.core.statement import Statement
from tocsin.opening import open_database
from tocsin.orders import lookup
from tocsin.orders.draft import Line, Party
from tocsin.orders.reveal import RevealRules, change_reveal_rules
from tocsin.settings import Settings

READS, ORDERS = 10_000, 20
# No other text of a page or an answer holds it: where it stands, an order is shown.
MARK = "鱊鱲鱴茶"
# These never end by themselves, or send a file that a look-up of its own led to.
_ENDLESS = re.compile(r"/events|/live|/news|/static|/push|/hooks")
_KNOWN = {
    "GET /orders",
    "GET /orders/{number}",
    "GET /api/v1/orders",
    "GET /api/v1/orders/{number}",
    "GET /api/v1/orders/export",
    "POST /orders/{number}/reveals",
    "POST /api/v1/orders/{number}/reveal",
}
_COUNT = Statement[tuple[int]](sa.text("SELECT count(*) FROM lookup"))


class House:
    """A desk with orders whose goods carry the mark, and the owner who opens its doors."""

    def __init__(self, db: Database, folder: Path) -> None:
        self.pages = Pages(db, folder)
        lines = (
            Line(title=f"{MARK} 5 斤", sku="TEA-1", quantity_micro=1_000_000, unit_price_micro=39_900_000),
        )
        to = Party(name=f"{MARK}行", phone="13812345678", address="黄山路 12 号")  # shown by reveals alone
        drafts = [
            make_draft(external_id=f"E-{n}", lines=lines, price=39.9, quantity=1, receiver=to) for n in range(ORDERS)
        ]  # fmt: skip
        house, rules = (
            self.pages.house,
            RevealRules(per_hour=0, per_hour_of_key=0),
        )  # as many as the proof asks for
        db.write(house.merchant_id, lambda tx: change_reveal_rules(tx, house.actor(), rules, revision=0))
        self.numbers = [self.pages.take(draft).number for draft in drafts]

    def open(self, door: str, number: str) -> str:
        """Return what a door answers."""
        method, _, path = door.partition(" ")
        address = re.sub(r"\{\w+\}", "1", path.replace("{number}", number))
        ask = "?q=" + quote(MARK[:2]) if address.endswith("/orders") else ""
        who = self.pages.headers("owner")
        if method == "POST" and not path.startswith("/api/"):
            opened = self.pages.post(address, purpose="deliver", field="name")
            led = opened.headers.get("location", "").partition("#")[0]
            return self.pages.client.get(led, headers=who).text if led else opened.text
        if method == "POST":
            return self.pages.client.post(
                address, headers=who, json={"purpose": "deliver", "fields": ["name"]}
            ).text
        return self.pages.client.get(address + ask, headers=who, follow_redirects=False).text

    def recorded(self) -> int:
        """Return how many look-ups the ledger holds."""
        return int(self.pages.db.read(self.pages.house.merchant_id, lambda tx: tx.value(_COUNT)))

    def paths(self) -> list[str]:
        """Return each address that is read, of the whole application."""
        found = {
            "GET " + re.sub(r":\w+\}", "}", route.path)
            for route in self.pages.client.app.routes
            if "GET" in getattr(route, "methods", ()) and not _ENDLESS.search(route.path)
        }
        return sorted(found)

    def doors(self) -> dict[str, int]:
        """Return the doors that show an order, with how many look-ups one opening records."""
        found = {}
        for path in (*self.paths(), *(door for door in sorted(_KNOWN) if door.startswith("POST"))):
            before = self.recorded()
            if MARK in self.open(path, self.numbers[0]):
                found[path] = self.recorded() - before
        return found


def main(given: list[str]) -> dict[str, Any]:
    """Run the proof."""
    parser = argparse.ArgumentParser(prog="bin/prove lookups", description=__doc__)
    parser.add_argument("--reads", type=int, default=READS, help="over all doors, on each engine")
    parser.add_argument("--engine", choices=(*ENGINES, "both"), default="both")
    asked = parser.parse_args(given)
    engines = ENGINES if asked.engine == "both" else (asked.engine,)
    with open_ground() as ground:
        found = {engine: prove(ground, engine, reads=asked.reads) for engine in engines}
    return {
        "reads": sum(each["reads"] for each in found.values()), "doors": min(each["doors"] for each in found.values()),
        "unrecorded": sum(each["unrecorded"] for each in found.values()),
        "leaked_bytes_when_ledger_broken": sum(each["leaked_bytes"] for each in found.values()),
        "planted_fault_found": all(each["planted_fault_found"] for each in found.values()),
        "holds": all(each["holds"] for each in found.values()), "engines": found,
    }  # fmt: skip


def prove(ground: Ground, engine: str, *, reads: int) -> dict[str, Any]:
    """Return the figures of one engine."""
    made = ground.make_desk(engine)
    db = open_database(Settings(data_dir=str(made.folder), database_url=made.database_url))
    house = House(db, made.folder / "pages")
    try:
        with house.pages.client:
            return _measure(house, partial(_broken_ledger, made.folder, made.database_url), reads=reads)
    finally:
        house.pages.desk.close()


def _measure(house: House, broken: Any, *, reads: int) -> dict[str, Any]:
    doors = house.doors()
    silent = sorted(door for door, records in doors.items() if not records)
    before, expected, shown = house.recorded(), 0, 0
    for door, number in islice(zip(cycle(doors), cycle(house.numbers), strict=False), reads):
        shown += MARK in house.open(door, number)
        expected += doors[door]
    unrecorded = len(silent) + max(0, expected - (house.recorded() - before))
    with broken():
        leaked = _leak(house, doors)
    with _recording_nothing():
        before = house.recorded()
        for door in doors:
            house.open(door, house.numbers[0])
        missed = house.recorded() == before
        with broken():
            planted_leak = _leak(house, doors)
    return {
        "reads": shown, "doors": len(doors), "unrecorded": unrecorded, "leaked_bytes": sum(leaked.values()), "silent": silent,
        "leaking": sorted(leaked), "planted_fault_found": missed and bool(planted_leak), "planted_leaked_bytes": sum(planted_leak.values()),
        "holds": not unrecorded and not leaked and missed and bool(planted_leak) and set(doors) >= _KNOWN and shown >= reads * 9 // 10,
    }  # fmt: skip


def _leak(house: House, doors: dict[str, int]) -> dict[str, int]:
    """Return how many bytes of orders each door gave, of those that gave any."""
    found = {
        door: sum(house.open(door, number).count(MARK) * len(MARK.encode()) for number in house.numbers[:2])
        for door in doors
    }
    return {door: size for door, size in found.items() if size}


@contextmanager
def _broken_ledger(folder: Path, database_url: str) -> Iterator[None]:
    """Take the ledger's table away, as a broken disk or a wrong hand would."""
    _run(folder, database_url, "ALTER TABLE lookup RENAME TO lookup_away")
    try:
        yield
    finally:
        _run(folder, database_url, "ALTER TABLE lookup_away RENAME TO lookup")


def _run(folder: Path, database_url: str, sql: str) -> None:
    if database_url:
        with psycopg.connect(database_url, autocommit=True) as owner:
            owner.execute(sql)
        return
    file = connect_file(folder / "desk.sqlite")
    file.execute(sql)
    file.close()


@contextmanager
def _recording_nothing() -> Iterator[None]:
    """The planted fault: look-ups are said to be recorded and are not."""
    sound = lookup._ADD
    lookup._ADD = Statement[Any](sa.text("SELECT 1"))
    try:
        yield
    finally:
        lookup._ADD = sound
