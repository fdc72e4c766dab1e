"""A real reader in a test: fprintd with its virtual device, and what is asked of it in a thread beside the hand."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from threading import Event
from typing import TypeVar

from tests.peers.fprintd_peer import FprintdPeer
from tocsin.access.reader import Enrolment, Presence, Scan, Stage
from tocsin.access.readers.fprintd import PLUGIN, FprintdReader

R = TypeVar("R")
A, B = "op-1001", "op-1002"


class Counter:
    """A reader of fprintd's, and the hand at it."""

    def __init__(self, peer: FprintdPeer) -> None:
        self.peer, self.said = peer, list[Presence]()
        self.reader: FprintdReader = PLUGIN.open({"bus": peer.address}, on_presence=self.said.append)
        self.stop = Event()

    def verify(self, operator: str = A, *, seconds: float = 15) -> "Future[Scan]":
        self.stop.clear()
        return beside(lambda: self.reader.verify(operator, seconds=seconds, stop=self.stop))

    def enrol(
        self, operator: str = A, name: str = "whorl", *, finger: str = "right-index-finger"
    ) -> Enrolment:
        stages: list[Stage] = []
        self.stop.clear()
        done = beside(
            lambda: self.reader.enrol(operator, finger, seconds=30, stop=self.stop, on_stage=stages.append)
        )
        seed = 0
        while not done.done() and seed < 20:
            before = len(stages)
            self.lay_unless(done, name, seed=seed)
            seed += 1
            while len(stages) == before and not done.done():
                done.wait_a_moment()
        self.stages = stages
        return done.result(20)

    def lay_unless(self, done: "Beside[Enrolment]", name: str, *, seed: int) -> None:
        """Lay a finger, unless the reader asks for none any more."""
        try:
            self.peer.lay(name, seed=seed)
        except (RuntimeError, TimeoutError):
            if not done.done():
                raise

    def close(self) -> None:
        self.stop.set()
        self.reader.close()
        self.peer.lift()


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
