"""Faults that are planted in how requests are served, for proofs that must see them."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

from tocsin import app, desk, server
from tocsin.core.gather import Outcome
from tocsin.core.postgres import PostgresDatabase
from tocsin.core.writer import Writer

# Longer than an answer is on its way where hundreds ask at once.
_RUSH_SECONDS = 0.3

_Change = Callable[[Any], Any]
_Whole = Callable[[Sequence[_Change]], list[Outcome]]


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


def index_nothing() -> None:
    """Whose orders a list showed is recorded, and never indexed by order."""
    desk.index_lookups = lambda *_, **__: 0


def fail_some() -> None:
    """One request in three hundred is a fault."""
    count, require = [0], app.Front._require_sound

    def fail(self: app.Front, scope: Any, host: str) -> None:
        count[0] += 1
        if count[0] % 300 == 0:
            raise RuntimeError("planted")
        require(self, scope, host)

    app.Front._require_sound = fail  # type: ignore[method-assign]


def answer_groups_early(hold_seconds: Callable[[int], float], *, threads: str | tuple[str, ...] = "") -> None:
    """Changes that were gathered are acknowledged before their commit, on SQLite and on PostgreSQL.

    Args:
        hold_seconds: how long so many are held before it.
        threads: what the names of the threads begin with whose changes are meant.
    """
    run_all, write_shared = Writer.run_all, PostgresDatabase._write_shared

    def answer(whole: _Whole, changes: Sequence[_Change]) -> list[Outcome]:
        if not threading.current_thread().name.startswith(threads):
            return whole(changes)
        return _answer_early(whole, changes, hold_seconds=hold_seconds(len(changes)))

    def run_all_early(self: Writer, calls: Sequence[_Change]) -> list[Outcome]:
        return answer(partial(run_all, self), calls)

    def write_early(
        self: PostgresDatabase, merchant_id: int, verbs: Sequence[_Change], *, begin: str
    ) -> list[Outcome]:
        return answer(partial(write_shared, self, merchant_id, begin=begin), verbs)

    Writer.run_all = run_all_early  # type: ignore[method-assign]
    PostgresDatabase._write_shared = write_early  # type: ignore[method-assign]


def answer_rush_early() -> None:
    """Requests are answered before their commit, and nothing else is: the rush goes on meanwhile."""
    # A carrier hands what several merchants wait for to threads that only commit.
    answer_groups_early(lambda _: _RUSH_SECONDS, threads=("carrier", "commit"))


def _answer_early(whole: _Whole, changes: Sequence[_Change], *, hold_seconds: float) -> list[Outcome]:
    answered = [Future[Any]() for _ in changes]

    def answer(place: int, given: Any) -> Any:
        # Where the shared transaction failed each change is made again alone: it has been answered.
        told = answered[place] if not answered[place].done() else Future[Any]()
        try:
            result = changes[place](given)
        except Exception as fault:
            told.set_exception(fault)
            raise
        told.set_result(result)
        if place == len(changes) - 1:  # all have been answered by now
            time.sleep(hold_seconds)
        return result

    late = [partial(answer, place) for place in range(len(changes))]
    threading.Thread(target=whole, args=(late,), daemon=True).start()
    return [_outcome(one.result) for one in answered]


def _outcome(call: Callable[[], Any]) -> Outcome:
    try:
        return Outcome(call())
    except Exception as fault:
        return Outcome(fault=fault)
