"""Faults that are planted in how requests are served, for proofs that must see them."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tocsin import app, server


class _Fifo(ThreadPoolExecutor):
    def __init__(self, threads: int, *, carriers: int) -> None:
        super().__init__(threads + carriers)

    def waiting(self) -> int:
        return self._work_queue.qsize()


def first_come() -> None:
    """Requests are carried in the order in which they came, whoever sends them."""
    server.Turns = _Fifo  # type: ignore[assignment,misc]


def keep_all() -> None:
    """What was answered is never let go."""
    kept, caller_of = [], app.Front._caller_of

    def keep(scope: Any) -> Any:
        kept.append(bytearray(b"x" * 40_000))
        return caller_of(scope)

    app.Front._caller_of = staticmethod(keep)  # type: ignore[method-assign]


def tire() -> None:
    """Each answer takes a little longer than the one before."""
    count, caller_of = [0], app.Front._caller_of

    def wait(scope: Any) -> Any:
        count[0] += 1
        time.sleep(count[0] * 0.00004)
        return caller_of(scope)

    app.Front._caller_of = staticmethod(wait)  # type: ignore[method-assign]


def fail_some() -> None:
    """One request in three hundred is a fault."""
    count, require = [0], app.Front._require_sound

    def fail(self: app.Front, scope: Any, host: str) -> None:
        count[0] += 1
        if count[0] % 300 == 0:
            raise RuntimeError("planted")
        require(self, scope, host)

    app.Front._require_sound = fail  # type: ignore[method-assign]
