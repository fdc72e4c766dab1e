"""Faults that are planted in how requests are served, for proofs that must see them."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

from tocsin import app, server
from tocsin.core.gather import Outcome
from tocsin.core.writer import Writer

# Longer than an answer is on its way where hundreds ask at once.
_RUSH_SECONDS = 0.3


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


def answer_groups_early(hold_seconds: Callable[[int], float], *, threads: str = "") -> None:
    """Changes that were gathered on SQLite are acknowledged before their commit.

    Args:
        hold_seconds: how long so many are held before it.
        threads: what the names of the threads begin with whose changes are meant.
    """
    whole = Writer.run_all

    def run_all(self: Writer, calls: Sequence[Callable[[Any], Any]]) -> list[Outcome]:
        if not threading.current_thread().name.startswith(threads):
            return whole(self, calls)
        answered = [Future[Any]() for _ in calls]

        def answer(place: int, connection: Any) -> None:
            try:
                answered[place].set_result(calls[place](connection))
            except Exception as fault:
                answered[place].set_exception(fault)
                raise
            if place == len(calls) - 1:  # all have been answered by now
                time.sleep(hold_seconds(len(calls)))

        late = [partial(answer, place) for place in range(len(calls))]
        threading.Thread(target=whole, args=(self, late), daemon=True).start()
        return [_outcome(one.result) for one in answered]

    Writer.run_all = run_all  # type: ignore[method-assign]


def answer_rush_early() -> None:
    """Requests are answered before their commit, and nothing else is: the rush goes on meanwhile."""
    answer_groups_early(lambda _: _RUSH_SECONDS, threads="carrier")


def _outcome(call: Callable[[], Any]) -> Outcome:
    try:
        return Outcome(call())
    except Exception as fault:
        return Outcome(fault=fault)
