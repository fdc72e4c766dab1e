"""Servers restarted one after the other behind a proxy while orders come in over kept connections, and events go out."""

import threading
from collections import Counter
from collections.abc import Sequence
from typing import Self

import httpx

from tests.api.door import order_in
from tests.proofs.running import RunningDesk, wait_until
from tocsin.core.ident import new_id

HANDS = 3
_BETWEEN = 20


class Load:
    """Hands that send orders through nginx over kept connections, and one reader of events that comes back."""

    def __init__(self, base: str, key: str) -> None:
        self._base, self._headers = base, {"authorization": f"Bearer {key}"}
        self._run = new_id()
        self.over, self.failed = threading.Event(), list[str]()
        self.acked, self.farewells = Counter[str](), 0
        self._threads = [threading.Thread(target=self._send, args=(n,)) for n in range(HANDS)]
        self._threads.append(threading.Thread(target=self._listen))

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        for thread in self._threads:
            thread.join(30)

    def _send(self, hand: int) -> None:
        client, n = httpx.Client(headers=self._headers, timeout=20, trust_env=False), 0
        while not self.over.is_set():
            n += 1
            name = f"roll-{self._run}-{hand}-{n}"
            try:
                answer = client.post(f"{self._base}/api/v1/orders", json=order_in(external_id=name))
                if answer.status_code == 201:
                    self.acked[answer.json()["number"]] += 1
                else:
                    self.failed.append(f"{name}: {answer.status_code} {answer.text[:200]}")
                found = client.get(f"{self._base}/api/v1/me")
                if found.status_code != 200:
                    self.failed.append(f"{name}: {found.status_code} {found.text[:200]}")
            except httpx.TransportError as wrong:
                self.failed.append(f"{name}: {wrong!r}")
            self.over.wait(0.02)

    def _listen(self) -> None:
        while not self.over.is_set():
            try:
                with httpx.stream(
                    "GET", f"{self._base}/api/v1/events", headers=self._headers, timeout=20, trust_env=False
                ) as answer:
                    assert answer.status_code == 200, answer.status_code
                    for line in answer.iter_lines():
                        self.farewells += line.startswith("retry: ")
                        if self.over.is_set():
                            return
            except httpx.TransportError as wrong:
                self.failed.append(f"events: {wrong!r}")
            self.over.wait(0.2)


def roll(base: str, key: str, servers: Sequence[RunningDesk]) -> dict[str, int]:
    """End each server in order and begin it again; return how many orders were sent meanwhile and what failed."""
    with Load(base, key) as load:
        for server in servers:
            told = len(load.acked)
            wait_until(lambda told=told: len(load.acked) > told + _BETWEEN, seconds=30)
            server.stop()
            server.start()
    doubled = sum(count - 1 for count in load.acked.values())
    return {"sent": len(load.acked), "failed": len(load.failed) + doubled, "farewells": load.farewells}
