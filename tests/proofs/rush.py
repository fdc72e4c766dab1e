"""`bin/prove rush`: 256 clients send one merchant's orders; nothing is lost, another merchant, the siren and the printer hardly notice."""

import argparse
import asyncio
import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx
import msgspec

from tests.api.door import order_in
from tests.bench.data import make_orders
from tests.bench.load_line import Answer, Line, open_line
from tests.peers.escpos_peer import EscposPeer
from tests.proofs.alarmed import Alarmed
from tests.proofs.asking import Client, Unexpected, add_printer, become_owner_in, read
from tests.proofs.running import ENGINES, Ground, open_ground
from tests.served import resident_mb
from tocsin.access.session import csrf_token
from tocsin.console.ask import ask
from tocsin.console.merchants import MerchantMade, MerchantNew
from tocsin.orders.wire import draft_to_in
from tocsin.settings import Settings

SECONDS, CLIENTS, OTHERS = 60.0, 256, 2
# What each figure may be at most; memory and paper with room: what fails them grows without an end.
MOST = {
    "lost": 0, "doubled": 0, "other_p99_ms": 250, "other_to_rush_p99": 0.3, "siren_p99_ms": 1000, "print_p99_ms": 5000, "rss_growth_mb": 200,
}  # fmt: skip
_WARM_SECONDS, _SIREN_EVERY, _PRINT_EVERY = 3.0, 2.0, 0.7
_WAITED_SECONDS, _TRIES = 40.0, 4
_MARK = "external-id-of-this"
_KINDS = 200
# Each fault, and the figure that must give it away.
FAULTS = {"answer_rush_early": "lost", "first_come": "other_to_rush_p99"}
_NEVER = {"operators", "operators_below", "device"}


class Sender:
    """Clients of one merchant, each with one order on its way at a time; keeps what was acknowledged, and how long it took."""

    def __init__(self, port: int, key: str, name: str, *, clients: int) -> None:
        self._port, self._name, self._clients = port, name, clients
        self._head = f"POST /api/v1/orders HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n"
        drafts = (draft_to_in(draft) for draft in make_orders(_KINDS))
        self._bodies = [
            msgspec.json.encode({**msgspec.to_builtins(one), "external_id": _MARK}) for one in drafts
        ]
        self.acked, self.taken_ms, self.busy, self.wrong = list[str](), list[float](), 0, list[str]()
        self._number = itertools.count()

    async def send(self, going: Callable[[], bool]) -> None:
        """Send as long as it is going, or until the desk is gone."""
        await asyncio.gather(*(self._work(going) for _ in range(self._clients)))

    async def _work(self, going: Callable[[], bool]) -> None:
        line = await open_line("127.0.0.1", self._port)
        while going():
            external_id = f"{self._name}-{next(self._number)}"
            body = self._bodies[len(self.acked) % _KINDS].replace(_MARK.encode(), external_id.encode())
            request = f"{self._head}Content-Length: {len(body)}\r\n\r\n".encode() + body
            try:
                if not await self._until_taken(line, request, external_id):
                    return
            except OSError:
                return
        line.close()

    async def _until_taken(self, line: Line, request: bytes, external_id: str) -> bool:
        while True:
            began = time.perf_counter()
            answer: Answer = await line.ask(request)
            if answer.status == 201:
                self.taken_ms.append((time.perf_counter() - began) * 1000)
                self.acked.append(external_id)
                return True
            if answer.status != 503:
                self.wrong.append(f"{answer.status} {answer.body[:200]!r}")
                return False
            self.busy += 1
            await asyncio.sleep(1.0)  # as Retry-After says


class Watch(threading.Thread):
    """Tries a wrong password and prints an order again and again meanwhile; times how soon siren and paper are there."""

    def __init__(self, alarmed: Alarmed, client: Client, peer: EscposPeer, numbers: list[str]) -> None:
        super().__init__(daemon=True)
        self._alarmed, self._client, self._peer = alarmed, client, peer
        self._numbers = iter(numbers)
        self.siren_ms, self.print_ms, self.ending = list[float](), list[float](), threading.Event()
        self.wrong = list[str]()

    def run(self) -> None:
        """Go on until it is ended; an order is used once."""
        printing = threading.Thread(target=self._print, daemon=True)
        printing.start()
        for name in itertools.cycle(self._alarmed.names):
            if self.ending.wait(_SIREN_EVERY):
                break
            try:
                self._try(name)
            except httpx.HTTPError as wrong:  # its power was cut
                if not self.ending.is_set():
                    self.wrong.append(str(wrong)[:200])
        printing.join(20)

    def _try(self, name: str) -> None:
        left, status = self._alarmed.try_wrong(name)
        heard = self._alarmed.relay.wait_for("ON", since=left, seconds=10) if status == 401 else None
        self.siren_ms.append(10_000.0 if heard is None else (heard - left) * 1000)
        self._alarmed.clear()

    def _print(self) -> None:
        while not self.ending.wait(_PRINT_EVERY):
            before, began = len(self._peer.papers()), time.perf_counter()
            try:
                made = self._client.post("/terminals/0/prints", {"orders": [{"number": next(self._numbers)}]})
                if not made["results"][0]["prints"]:
                    self.wrong.append(str(made)[:300])
                    continue
            except (Unexpected, httpx.HTTPError) as wrong:
                if not self.ending.is_set():
                    self.wrong.append(str(wrong)[:200])
                continue
            while len(self._peer.papers()) == before and time.perf_counter() - began < 20:
                if self.ending.wait(0.002):  # no word of it any more: its power was cut
                    return
            self.print_ms.append((time.perf_counter() - began) * 1000)


class Rush:
    """A desk with two merchants: one has a siren, a printer and 256 clients, the other two clients."""

    def __init__(self, ground: Ground, engine: str, *, fault: str = "") -> None:
        self.alarmed, self.peer = Alarmed(ground, engine, accounts=12), EscposPeer()
        try:
            desk = self.alarmed.desk
            self.first = Client(desk.base, _key_of(self.alarmed.owner, desk.base))
            add_printer(self.first, self.peer.port)
            settings = Settings(
                data_dir=str(desk.folder / "data"), database_url=desk.database_url, port=desk.port
            )
            wanted = MerchantNew(name="茶行", code="CH")
            desk.owner_link = ask(settings, "merchant.create", wanted, result=MerchantMade).address
            with httpx.Client(
                headers={"origin": desk.base}, follow_redirects=True, timeout=60, trust_env=False
            ) as browser:
                self.second = become_owner_in(browser, desk, name="other")
            self.numbers = [self._good_order(n) for n in range(150)]
            if fault:
                desk.stop()
                desk.start(fault=fault)
        except BaseException:
            self.close()
            raise

    def run(self, *, seconds: float, clients: int, cut: bool = True) -> dict[str, Any]:
        """Let all send for so long, cut the power, and reckon."""
        desk = self.alarmed.desk
        assert desk.process is not None
        rush = Sender(desk.port, _secret(self.first), "rush", clients=clients)
        other = Sender(desk.port, _secret(self.second), "other", clients=OTHERS)
        watch = Watch(self.alarmed, self.first, self.peer, self.numbers)

        async def all_of_it() -> tuple[float, float]:
            start, over = time.perf_counter(), threading.Event()

            def lasts() -> bool:  # on a slow machine the first paper may take longer than a short rush
                passed = time.perf_counter() - start
                return passed < (seconds if watch.siren_ms and watch.print_ms else seconds + _WAITED_SECONDS)

            # Until the power is cut, and no sooner: what is answered in the last moment counts most.
            sending = asyncio.gather(*(each.send(lambda: not over.is_set()) for each in (rush, other)))
            await asyncio.sleep(min(_WARM_SECONDS, seconds / 2))
            warm = resident_mb(desk.process.pid)  # type: ignore[union-attr]
            while lasts():
                await asyncio.sleep(0.02)
            grown = resident_mb(desk.process.pid) - warm  # type: ignore[union-attr]
            if cut:
                watch.ending.set()
                desk.process.kill()  # type: ignore[union-attr] # while orders are on their way
            over.set()
            lasted = time.perf_counter() - start
            await sending
            return grown, lasted

        watch.start()
        grown, lasted = asyncio.run(all_of_it())
        watch.ending.set()
        watch.join(30)
        desk.kill()
        stand = Counter(row[0] for row in desk.rows("SELECT external_id FROM order_head"))
        acked = [*rush.acked, *other.acked]
        return {
            "acked": len(acked), "durable_per_s": round(len(acked) / lasted), "lost": sum(stand[one] == 0 for one in acked),
            "doubled": sum(count > 1 for count in stand.values()), "busy": rush.busy + other.busy, "other_acked": len(other.acked),
            "rush_p50_ms": _at(rush.taken_ms, 0.5), "rush_p99_ms": _at(rush.taken_ms, 0.99), "other_p50_ms": _at(other.taken_ms, 0.5),
            "other_p99_ms": _at(other.taken_ms, 0.99), "other_to_rush_p99": round(_at(other.taken_ms, 0.99) / max(_at(rush.taken_ms, 0.99), 0.1), 3),
            "sirens": len(watch.siren_ms), "siren_p99_ms": _at(watch.siren_ms, 0.99), "prints": len(watch.print_ms),
            "print_p50_ms": _at(watch.print_ms, 0.5), "print_p99_ms": _at(watch.print_ms, 0.99), "rss_growth_mb": round(grown, 1),
            "unexpected": [*rush.wrong[:3], *other.wrong[:3], *watch.wrong[:3]],
        }  # fmt: skip

    def close(self) -> None:
        """End everything."""
        self.alarmed.close()
        self.peer.close()

    def _good_order(self, n: int) -> str:
        body = order_in(external_id=f"before-{n}")
        body["receiver"] |= {"name": f"王小{chr(0x4E00 + n)}", "phone": f"138{n:08d}"}  # no two are alike
        return str(self.first.post("/orders", body)["number"])


def broken_promises(found: dict[str, Any]) -> list[str]:
    """Return the figures that do not say what was promised."""
    wrong = [name for name, bound in MOST.items() if found[name] > bound]
    wrong += [name for name in ("acked", "other_acked", "sirens", "prints") if not found[name]]
    return wrong + (["unexpected"] if found["unexpected"] else [])


def find_planted(ground: Ground, engine: str, *, clients: int) -> dict[str, bool]:
    """Tell for each fault whether its own figure gives it away."""
    seen = dict.fromkeys(FAULTS, False)
    for fault, sign in [(fault, sign) for fault, sign in FAULTS.items() for _ in range(_TRIES)]:
        if not seen[fault]:  # between two groups nothing is on its way: a cut may fall there
            found = run_one(ground, engine, seconds=4, clients=clients, fault=fault)
            seen[fault] = sign in broken_promises(found)
            print(f"{engine}: {fault} → {sign} {found[sign]}", flush=True)
    return seen


def run_one(ground: Ground, engine: str, *, seconds: float, clients: int, fault: str = "") -> dict[str, Any]:
    """Make a desk, let the rush come, and end it."""
    rush = Rush(ground, engine, fault=fault)
    try:
        return rush.run(seconds=seconds, clients=clients)
    finally:
        rush.close()


def prove_rush(engines: tuple[str, ...], *, seconds: float, clients: int) -> dict[str, Any]:
    """Plant each fault, then let the rush come to the sound product, on each engine."""
    began, by_engine = time.monotonic(), dict[str, Any]()
    with open_ground() as ground:
        for engine in engines:
            planted = find_planted(ground, engine, clients=clients)
            found = run_one(ground, engine, seconds=seconds, clients=clients)
            by_engine[engine] = found | {"broken_promises": broken_promises(found), "planted_faults": planted}
            print(f"{engine}: {by_engine[engine]}", flush=True)
    every = list(by_engine.values())
    seen = all(all(found["planted_faults"].values()) for found in every)
    return {
        "acked": sum(found["acked"] for found in every),
        "durable_per_s": {engine: found["durable_per_s"] for engine, found in by_engine.items()},
        **{name: max(found[name] for found in every) for name in MOST}, "planted_fault_found": seen,
        "holds": seen and not any(found["broken_promises"] for found in every),
        "engines": by_engine, "seconds": round(time.monotonic() - began, 1),
    }  # fmt: skip


def main(given: list[str]) -> dict[str, Any]:
    """Read the options and prove."""
    parser = argparse.ArgumentParser(prog="bin/prove rush", description=__doc__)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="how long the rush lasts")
    parser.add_argument("--clients", type=int, default=CLIENTS, help="clients of the merchant with the rush")
    parser.add_argument("--engine", choices=(*ENGINES, "both"), default="both")
    asked = parser.parse_args(given)
    engines = ENGINES if asked.engine == "both" else (asked.engine,)
    return prove_rush(engines, seconds=asked.seconds, clients=asked.clients)


def _key_of(browser: httpx.Client, base: str) -> str:
    token = next(value for name, value in browser.cookies.items() if name.endswith("tocsin_session"))
    rights = set(read(browser.get("/api/v1/me"))["rights"])
    made = read(browser.post(
        "/api/v1/keys", json={"name": "rush", "scopes": sorted(rights - _NEVER)}, headers={"x-csrf": csrf_token(token), "origin": base}
    ))  # fmt: skip
    return str(made["secret"])


def _secret(client: Client) -> str:
    return client.http.headers["authorization"].removeprefix("Bearer ")


def _at(taken: list[float], share: float) -> float:
    ordered = sorted(taken) or [0.0]
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 1)
