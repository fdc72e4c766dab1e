"""`bin/bench print`: from the click to the first byte and the printer's word, tickets a second, memory after many.

bin/bench print [--tickets 10000] [--clicks 200] [--engine sqlite|postgresql|both] [--json]
"""

import argparse
import json
import queue
import subprocess
import sys
import threading
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from tests.api.door import order_in
from tests.proofs.asking import Client, become_owner
from tests.proofs.running import ENGINES, ROOT, Ground, RunningDesk, open_ground

_BATCH = 250
_PRINTERS = 4


class Sinks:
    """Printers in a process of their own, and the papers that they tell of."""

    def __init__(self, count: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.sink", str(count)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )  # fmt: skip
        assert self._process.stdout is not None
        self.ports = [int(port) for port in self._process.stdout.readline().split()]
        self._papers: dict[int, queue.SimpleQueue[tuple[int, int]]] = defaultdict(queue.SimpleQueue)
        threading.Thread(target=self._listen, daemon=True).start()

    def paper(self, port: int) -> tuple[int, int]:
        """Return the next paper of a printer: its first byte and its end, wall clock in µs."""
        return self._papers[port].get(timeout=120)

    def close(self) -> None:
        """End them."""
        self._process.kill()
        self._process.wait(10)

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            port, began, done = map(int, line.split())
            self._papers[port].put((began, done))


class Printing:
    """A running desk with four printers, and orders to print."""

    def __init__(self, desk: RunningDesk, sinks: Sinks, *, orders: int) -> None:
        desk.start()
        self.desk, self.sinks = desk, sinks
        self.client: Client = become_owner(desk)
        self.terminals = [self._add_terminal(port) for port in sinks.ports]
        self.numbers = self._take(orders)

    def click(self, count: int) -> dict[str, Any]:
        """Ask for one ticket at a time, and wait for it."""
        answered, first, confirmed = list[float](), list[float](), list[float]()
        for number in [self.numbers.pop() for _ in range(count)]:
            began = time.time_ns() // 1000
            (job_id,) = self._ask(0, [number])
            answered.append((time.time_ns() // 1000 - began) / 1000)
            first.append((self.sinks.paper(self.sinks.ports[0])[0] - began) / 1000)
            confirmed.append((self._ended_us(job_id) - began) / 1000)
        return {
            "clicks": count, "answered_ms": _spread(answered), "first_byte_ms": _spread(first),
            "confirmed_ms": _spread(confirmed),
        }  # fmt: skip

    def stream(self, count: int, *, printers: int) -> dict[str, Any]:
        """Ask for many tickets at once, shared out among printers; return how fast they came out."""
        wanted = [self.numbers.pop() for _ in range(count)]
        began = time.monotonic()
        for place in range(0, count, _BATCH):
            self._ask(place // _BATCH % printers, wanted[place : place + _BATCH])
        asked = time.monotonic() - began
        shares = [sum(1 for n in range(count) if n // _BATCH % printers == p) for p in range(printers)]
        for port, share in zip(self.sinks.ports, shares, strict=False):
            for _ in range(share):
                self.sinks.paper(port)
        seconds = time.monotonic() - began
        return {
            "tickets": count,
            "printers": printers,
            "asked_s": round(asked, 1),
            "per_second": round(count / seconds, 1),
        }

    def memory_mb(self) -> dict[str, int]:
        """Return what the server takes now, and the most that it took."""
        assert self.desk.process is not None
        lines = Path(f"/proc/{self.desk.process.pid}/status").read_text("ascii").splitlines()
        found = {
            line.split(":")[0]: int(line.split()[1]) // 1024
            for line in lines
            if line.startswith(("VmRSS", "VmHWM"))
        }
        return {"now": found["VmRSS"], "most": found["VmHWM"]}

    def _add_terminal(self, port: int) -> str:
        options = {"host": "127.0.0.1", "port": port}
        return str(
            self.client.post(
                "/terminals", {"name": f"P{port}", "kind": "escpos_network", "options": options}
            )["id"]
        )

    def _take(self, count: int) -> list[str]:
        numbers: list[str] = []
        for start in range(0, count, _BATCH):
            orders = [_order(n) for n in range(start, min(start + _BATCH, count))]
            numbers += [row["number"] for row in self.client.post("/orders/import", orders)["rows"]]
        return numbers

    def _ask(self, terminal: int, numbers: list[str]) -> list[str]:
        body = {"orders": [{"number": number, "seen": 1} for number in numbers]}
        results = self.client.post(f"/terminals/{self.terminals[terminal]}/prints", body)["results"]
        jobs = [job for result in results for job in result["prints"]]
        assert len(jobs) == len(numbers), results[:3]
        return jobs

    def _ended_us(self, job_id: str) -> int:
        while True:
            ((ended, state),) = self.desk.rows(
                f"SELECT ended_at_us, state FROM print_job WHERE id = {int(job_id)}"
            )
            if ended:
                assert state == "printed", state
                return int(ended)
            time.sleep(0.002)


def _order(n: int) -> dict[str, Any]:
    """Return an order of five lines that nothing speaks against."""
    lines = [
        {"title": "砀山酥梨", "sku": f"LI-{n}-{m}", "quantity": "2", "unit_price": "39.90", "total": "79.80"}
        for m in range(5)
    ]  # fmt: skip
    receiver = {
        "name": "王小明", "phone": f"138{n:08d}", "province": "安徽省", "city": "合肥市", "district": "蜀山区",
        "address": f"黄山路 {n} 号",
    }  # fmt: skip
    sums = {"goods": "399.00", "payable": "399.00", "paid": "399.00"}
    return order_in(external_id=f"P-{n}", receiver=receiver, lines=lines, totals=sums)


def _spread(taken: list[float]) -> dict[str, float]:
    taken.sort()
    return {
        "p50": round(taken[len(taken) // 2], 1),
        "p99": round(taken[min(len(taken) - 1, int(len(taken) * 0.99))], 1),
    }


def measure(ground: Ground, engine: str, *, tickets: int, clicks: int) -> dict[str, Any]:
    """Measure one engine."""
    sinks = Sinks(_PRINTERS)
    desk = ground.make_desk(engine)
    try:
        each = max(1, tickets // 10)
        printing = Printing(desk, sinks, orders=clicks + tickets)
        found = {"clicks": printing.click(clicks), "memory_mb_before": printing.memory_mb()}
        found["one_printer"] = printing.stream(each, printers=1)
        found["memory_mb_early"] = printing.memory_mb()
        found["four_printers"] = printing.stream(tickets - each, printers=_PRINTERS)
        return found | {"tickets": clicks + tickets, "memory_mb_after": printing.memory_mb()}
    finally:
        desk.stop()
        sinks.close()


def main(given: list[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="bin/bench print", description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument(
        "--tickets", type=int, default=10_000, help="tickets that are printed at once on each engine"
    )
    parser.add_argument(
        "--clicks", type=int, default=200, help="tickets that are asked for one at a time before"
    )
    parser.add_argument("--engine", choices=(*ENGINES, "both"), default="both", help="database to measure on")
    parser.add_argument("--json", action="store_true", help="print JSON on one line")
    asked = parser.parse_args(given)
    with open_ground() as ground:
        found = {
            engine: measure(ground, engine, tickets=asked.tickets, clicks=asked.clicks)
            for engine in (ENGINES if asked.engine == "both" else (asked.engine,))
        }
    print(json.dumps(found, indent=None if asked.json else 2))
