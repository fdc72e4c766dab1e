"""A reader in a test and the hand at it: fprintd with its virtual device, or the one in memory."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from threading import Event
from typing import TypeVar

from tests.peers.fprintd_peer import FprintdPeer
from tocsin.access.reader import FINGERS, Enrolment, Reader, Scan, Stage
from tocsin.access.readers.memory import hand
from tocsin.core.ident import new_id
from tocsin.core.plugins import load_plugins

R = TypeVar("R")
A, B = "op-1001", "op-1002"
READERS = load_plugins("access.readers")


class Beside(Future[R]):
    """What a call in a thread of its own returns."""

    def wait_a_moment(self) -> None:
        threading.Event().wait(0.01)


def beside(call: Callable[[], R]) -> Beside[R]:
    """Start a call in a thread of its own."""
    done: Beside[R] = Beside()

    def run() -> None:
        try:
            done.set_result(call())
        except BaseException as fault:
            done.set_exception(fault)

    threading.Thread(target=run, daemon=True).start()
    return done


class Bench:
    """One reader and the hand at it, whatever the driver."""

    def __init__(self, driver: str, peer: FprintdPeer | None) -> None:
        name = f"bench-{new_id()}"
        self.peer, self.tray, self.said, self.asked = peer, hand(name), list[str](), list[str]()
        options = {"bus": peer.address} if peer else {"tray": name}
        self.reader: Reader = READERS[driver].open(options, on_presence=self.said.append)

    def lay(self, name: str, seed: int | None = None) -> None:
        if self.peer:
            self.peer.blank() if name == "blank" else self.peer.lay(name, seed=seed)
        else:
            self.tray.put(name)

    def unplug(self) -> None:
        self.peer.unplug() if self.peer else self.tray.put("unplug")

    def verify(self, operator: str = A, seconds: float = 15, stop: Event | None = None) -> Beside[Scan]:
        return beside(lambda: self.reader.verify(
            operator, seconds=seconds, stop=stop or Event(), on_asking=lambda: self.asked.append(operator)
        ))  # fmt: skip

    def scan(self, name: str, operator: str = A) -> Scan:
        done = self.verify(operator)
        self.lay(name)
        scan = done.result(20)
        if self.peer:
            self.peer.lift()
        return scan

    def enrol(self, operator: str, name: str, finger: str = FINGERS[0]) -> Enrolment:
        stages: list[Stage] = []
        done = beside(
            lambda: self.reader.enrol(operator, finger, seconds=30, stop=Event(), on_stage=stages.append)
        )
        while not stages and not done.done():
            done.wait_a_moment()
        for seed in range(12):
            if done.done():
                break
            before = len(stages)
            self.lay(name, seed)
            while len(stages) == before and not done.done():
                done.wait_a_moment()
        self.stages = stages
        if self.peer:
            self.peer.lift()
        return done.result(20)
