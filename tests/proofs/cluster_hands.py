"""Clients of a cluster: they go by the proxy or to one server, and repeat what was broken off or is of unknown outcome."""

import threading
import time
from collections import Counter
from typing import Any, Self

import httpx

from tests.peers.escpos_peer import EscposPeer, Paper
from tests.proofs.asking import Client, Look
from tests.proofs.hands import Hand

# The proxy has nobody who answers; the database is away. What was unkeyed and of unknown outcome names its order.
_AGAIN = frozenset({502, 503, 504})
_UNKNOWN = "outcome_unknown"


class ClusterClient(Client):
    """Takes what a proxy or a lost database answers for a broken line: its caller sends it again, as it was."""

    def __init__(self, base: str, key: str, *, shared: "ClusterClient | None" = None) -> None:
        super().__init__(base, key)
        self.key = key
        if shared is not None:
            self.looked: Counter[Look] = shared.looked
            self._lock: threading.Lock = shared._lock
        self.unknown = 0
        self.http.event_hooks = {"response": [self._look]}

    def by(self, base: str) -> Self:
        """Return a client of another address that counts together with this one."""
        return type(self)(base, self.key, shared=self)

    def _look(self, answer: httpx.Response) -> None:
        if answer.status_code < 500:
            return
        answer.read()
        unknown = answer.status_code == 500 and _UNKNOWN in answer.text
        self.unknown += unknown
        if unknown or answer.status_code in _AGAIN:
            raise httpx.ReadError(f"{answer.status_code} {answer.text[:200]}", request=answer.request)


class Peers:
    """Several printers as one; what a hand asks of a printer."""

    def __init__(self, peers: list[EscposPeer]) -> None:
        self.all = peers

    def papers(self) -> list[Paper]:
        """Return the papers of all."""
        return [paper for peer in self.all for paper in peer.papers()]

    def is_printing(self) -> bool:
        """Tell whether a paper is at one of them."""
        return any(job.received and not job.closed.is_set() for peer in self.all for job in peer.jobs[-4:])

    def close(self) -> None:
        """End them."""
        for peer in self.all:
            peer.close()


class QueueHand(Hand):
    """A hand that has a queue of its own."""

    queue = "0"

    def _post(self, path: str, body: Any, *, keyed: bool = True) -> Any:
        return super()._post(path.replace("/terminals/0/", f"/terminals/{self.queue}/"), body, keyed=keyed)


def wait_served(hand: Hand, *, seconds: float = 120) -> float:
    """Send a new order until one is acknowledged; return how many seconds that took."""
    began = time.monotonic()
    sent = hand._draft()
    while True:
        try:
            taken = hand.client.post("/orders", sent)
        except httpx.TransportError:
            if time.monotonic() - began > seconds:
                raise
            time.sleep(0.02)
        else:
            hand._keep(taken, sent)
            return time.monotonic() - began
