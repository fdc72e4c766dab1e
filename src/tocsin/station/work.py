"""Work at a station: a command as it is carried out, and the threads that do so, each one thing at a time."""

import queue
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

from msgspec import Struct

from tocsin.core.log import get_log

_log = get_log("station")
# A board that slept must not think that no time has passed: this clock goes on meanwhile, where there is one.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def elapsed_seconds() -> float:
    """Return the seconds since this machine started, those that it slept among them."""
    return time.clock_gettime(_CLOCK)


class Task(Struct, frozen=True):
    """A command that was taken; `ends_at` is by `elapsed_seconds`, `stop` is set when nobody wants it any more."""

    id: str
    kind: str
    payload: dict[str, Any]
    ends_at: float
    stop: threading.Event

    def left_seconds(self) -> float:
        """Return how long there is left to do it."""
        return max(0.0, self.ends_at - elapsed_seconds())


class Answering(Protocol):
    """Where answers go."""

    def answer(self, task: Task, result: dict[str, Any], *, said: str = "", signature: str = "") -> bool:
        """Give the answer to the desk; tell whether it was taken and what was made is to be kept."""
        ...

    def tell_progress(self, task: Task, progress: dict[str, Any]) -> None:
        """Tell the desk how far it is; returns at once, and may not get there."""
        ...


class Worker:
    """A thread that does one thing after another."""

    def __init__(self, name: str) -> None:
        self._tasks: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def put(self, task: Callable[[], None]) -> None:
        """Have something done after what waits already."""
        self._tasks.put(task)

    def end(self, seconds: float) -> None:
        """End after what waits, or after so many seconds."""
        self._tasks.put(None)
        self._thread.join(seconds)

    def _run(self) -> None:
        while (task := self._tasks.get()) is not None:
            try:
                task()
            except Exception as fault:  # noqa: BLE001 - the next command is another matter
                _log.error("command_failed", exc_info=fault)
