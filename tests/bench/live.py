"""`bin/bench live`: fifty desks that listen and one clerk who works: latency, memory, processor, and what fetching anew costs.

bin/bench live [--desks 50] [--rounds 3] [--orders 12] [--engine sqlite|postgresql|both] [--json]
"""

import argparse
import json
import secrets
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx

from tests.api.door import order_in
from tests.bench.listening import Listening
from tests.bench.printing import Sinks
from tests.proofs.asking import Client, add_printer, become_owner_in
from tests.proofs.running import ENGINES, Ground, RunningDesk, open_ground

_PER_SESSION = 5
_THINKS_SECONDS = 0.1  # a clerk is no loop
_WARM = 6
_SETTLE_SECONDS = 1.5
PAGES = ("/orders", "/problems")
WAYS = {"alone": (False, False), "listening": (True, False), "fetching": (True, True)}
Acts = list[tuple[str, str, float, float]]
"""What was asked, of which order (its id), from when to when."""


class Clerk:
    """Works through orders by the API: looks one up, amends it, holds it, releases it, prints it."""

    def __init__(self, client: Client, printer: str, orders: int) -> None:
        self._client, self._printer, self._turn = client, printer, 0
        rows = client.post("/orders/import", [_order(n) for n in range(orders)])["rows"]
        self._numbers = [str(row["number"]) for row in rows]

    def work(self, count: int) -> Acts:
        """Do the next so many orders."""
        acts: Acts = []
        for _ in range(count):
            number = self._numbers[self._turn % len(self._numbers)]
            self._turn += 1
            acts += self._do(number)
        return acts

    def hold_one(self) -> None:
        """Hold the order whose turn it is."""
        self._client.post(
            f"/orders/{self._numbers[self._turn % len(self._numbers)]}/holds",
            {"reason": "the customer calls"},
        )

    def _do(self, number: str) -> Iterator[tuple[str, str, float, float]]:
        kept: dict[str, Any] = {}
        steps: dict[str, Callable[[], Any]] = {
            "look up": lambda: self._client.get(f"/orders/{number}"),
            "amend": lambda: self._client.post(f"/orders/{number}/amendments", {
                "seen": kept["look up"]["revision"], "reason": "asked", "changes": {"merchant_note": f"turn {self._turn}"},
            }),
            "hold": lambda: self._client.post(f"/orders/{number}/holds", {"reason": "the customer calls"}),
            "release": lambda: self._client.post(f"/holds/{kept['hold']['id']}/release", {"reason": "called"}),
            "print": lambda: self._client.post(f"/terminals/{self._printer}/prints", {
                "orders": [{"number": number, "seen": kept["look up"]["revision"] + 1}],
            }),
        }  # fmt: skip
        for name, ask in steps.items():
            began = time.monotonic()
            kept[name] = ask()
            yield name, str(kept["look up"]["id"]), began, time.monotonic()
            time.sleep(_THINKS_SECONDS)


def _order(n: int) -> dict[str, Any]:
    receiver = {
        "name": "王小明", "phone": f"138{n:08d}", "province": "安徽省", "city": "合肥市", "district": "蜀山区",
        "address": f"黄山路 {n + 1} 号",
    }  # fmt: skip
    return order_in(external_id=f"L-{n}", receiver=receiver)


class Shop:
    """A running desk, its clerk, and as many sessions as its pages need: a session holds few lines."""

    def __init__(self, desk: RunningDesk, sinks: Sinks, *, desks: int, orders: int) -> None:
        desk.start()
        self.desk = desk
        self._password = secrets.token_urlsafe(18)
        with httpx.Client(
            headers={"origin": desk.base}, follow_redirects=True, timeout=60, trust_env=False
        ) as first:
            self.client = become_owner_in(first, desk, password=self._password)
        self.clerk = Clerk(self.client, add_printer(self.client, sinks.ports[0]), orders)
        sessions = [self._sign_in() for _ in range(-(-desks // _PER_SESSION))]
        self.cookies = [one for one in sessions for _ in range(_PER_SESSION)][:desks]

    def listen(self, *, desks: bool = True, fetch: bool = False) -> Listening:
        """Open the pages."""
        return Listening(self.desk.base, self.cookies if desks else [], paths=PAGES, fetch=fetch)

    def spent_seconds(self) -> float:
        """Return the processor's seconds of the server."""
        fields = self._read("stat").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / 100

    def memory_kb(self) -> int:
        """Return the server's resident memory."""
        return int(self._read("statm").split()[1]) * 4

    def _read(self, name: str) -> str:
        assert self.desk.process is not None
        return Path(f"/proc/{self.desk.process.pid}/{name}").read_text("ascii")

    def _sign_in(self) -> str:
        browser = _browser(self.desk.base)
        answer = browser.post("/sign-in/password", data={"username": "owner", "password": self._password})
        assert answer.status_code == 303, answer.text[:300]
        return "; ".join(f"{name}={value}" for name, value in browser.cookies.items())


def _browser(base: str) -> httpx.Client:
    return httpx.Client(base_url=base, headers={"origin": base}, timeout=60, trust_env=False)


def measure(ground: Ground, engine: str, *, desks: int, rounds: int, orders: int) -> dict[str, Any]:
    """Measure one engine: what a line takes in memory, then nobody listens, all listen, all listen and fetch, in turn."""
    sinks, desk = Sinks(1), ground.make_desk(engine)
    try:
        shop = Shop(desk, sinks, desks=desks, orders=_WARM + rounds * (len(WAYS) * orders + 1))
        shop.clerk.work(_WARM)
        memory = measure_memory(shop, desks)
        kept: dict[str, dict[str, list[float]]] = {name: defaultdict(list) for name in WAYS}
        for _ in range(rounds):
            for name, way in WAYS.items():
                _one_round(shop, kept[name], way=way, orders=orders)
        herd = [_one_herd(shop) for _ in range(rounds)]
        told = {
            name: {figure: spread(values) for figure, values in one.items()} for name, one in kept.items()
        }
        return {
            "memory": memory,
            **told,
            "herd": {name: spread([one[name] for one in herd]) for name in herd[0]},
        }
    finally:
        desk.stop()
        sinks.close()


def measure_memory(shop: Shop, desks: int) -> dict[str, float]:
    """Return the server's memory with no line and with all, the second time that they are opened."""
    shop.listen().close()
    time.sleep(_SETTLE_SECONDS)
    before = shop.memory_kb()
    listening = shop.listen()
    time.sleep(_SETTLE_SECONDS)
    after = shop.memory_kb()
    listening.close()
    return {
        "before_mb": before // 1024,
        "after_mb": after // 1024,
        "kb_each": round((after - before) / desks, 1),
    }


def _one_round(shop: Shop, kept: dict[str, list[float]], *, way: tuple[bool, bool], orders: int) -> None:
    listening = shop.listen(desks=way[0], fetch=way[1])
    began, cpu = time.monotonic(), shop.spent_seconds()
    acts = shop.clerk.work(orders)
    kept["processor_percent"].append(100 * (shop.spent_seconds() - cpu) / (time.monotonic() - began))
    time.sleep(_SETTLE_SECONDS)
    listening.close()
    for name, order, start, end in acts:
        kept["request_ms"].append((end - start) * 1000)
        first: dict[int, float] = {}
        for page, at in listening.heard[order]:
            if at >= start:
                first.setdefault(page, at)
        if name != "look up" and listening.pages:
            kept["receipt_ms"] += [max(0.0, at - end) * 1000 for at in first.values()]
            kept["unheard"].append(len(listening.pages) - len(first))
    kept["page_ms"] += [(end - start) * 1000 for start, end in listening.fetched]


def _one_herd(shop: Shop) -> dict[str, float]:
    """Let all pages fetch anew for one thing that happened; return how long each and all of them took."""
    listening = shop.listen(fetch=True)
    time.sleep(_SETTLE_SECONDS)
    began, cpu = time.monotonic(), shop.spent_seconds()
    shop.clerk.hold_one()
    while len(listening.fetched) < len(listening.pages) and time.monotonic() < began + 30:
        time.sleep(0.02)
    used = shop.spent_seconds() - cpu
    listening.close()
    page = spread([(end - start) * 1000 for start, end in listening.fetched])
    last = max(end for _, end in listening.fetched) - began
    return {
        "pages": len(listening.fetched),
        "page_p50_ms": page["p50"],
        "page_p99_ms": page["p99"],
        "all_ms": last * 1000,
        "processor_seconds": used,
    }


def spread(values: list[float]) -> dict[str, float]:
    """Return the median, the 99th percentile and how many."""
    values = sorted(values) or [0.0]
    at = [values[min(len(values) - 1, int(len(values) * part))] for part in (0.5, 0.99)]
    return {"p50": round(at[0], 2), "p99": round(at[1], 2), "count": len(values)}


def main(given: list[str]) -> None:
    """Measure, and print a table or JSON."""
    parser = argparse.ArgumentParser(
        prog="bin/bench live", description="Measure what pages that listen cost a desk.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--desks", type=int, default=50, help="pages that listen")
    parser.add_argument("--rounds", type=int, default=5, help="times that the ways are taken in turn")
    parser.add_argument("--orders", type=int, default=12, help="orders that the clerk does in each")
    parser.add_argument("--engine", choices=(*ENGINES, "both"), default="both", help="database to measure on")
    parser.add_argument("--json", action="store_true", help="print JSON on one line")
    asked = parser.parse_args(given)
    with open_ground() as ground:
        found = {
            engine: measure(ground, engine, desks=asked.desks, rounds=asked.rounds, orders=asked.orders)
            for engine in (ENGINES if asked.engine == "both" else (asked.engine,))
        }
    print(json.dumps(found) if asked.json else table(found))


def table(found: dict[str, Any]) -> str:
    """Return the report for people."""
    lines = list[str]()
    for engine, report in found.items():
        memory = report["memory"]
        lines += [
            f"{engine}: memory {memory['before_mb']} MB, {memory['after_mb']} MB with all lines: {memory['kb_each']} KB each",
            f"{'':<34}{'p50':>10}{'p99':>10}{'count':>8}",
        ]
        lines += [
            f"{way + ': ' + name:<34}{one['p50']:>10}{one['p99']:>10}{one['count']:>8}"
            for way in (*WAYS, "herd") for name, one in report[way].items()
        ]  # fmt: skip
    return "\n".join(lines)
