"""Together: small changes of one merchant that come at once share a transaction and its commit, each answered when it is durable.

Who comes when nobody commits leads, with all who wait by then; meanwhile others gather. Where a shared one fails,
each of its changes is made again alone, so that nobody pays for another's fault.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from tocsin.core.errors import DatabaseAway, Outage, OutcomeUnknown
from tocsin.core.gather import Outcome

GROUP_MOST = 64


class _Waiter:
    """A change, and what became of it; its thread sleeps at the gate until it is answered or has to lead."""

    __slots__ = ("done", "gate", "outcome", "verb")

    def __init__(self, verb: Any) -> None:
        self.verb, self.gate, self.done = verb, threading.Lock(), False
        self.outcome: Outcome | None = None
        self.gate.acquire()


def commit_each(commit: Callable[[Sequence[Any]], Sequence[Any]], verbs: Sequence[Any]) -> list[Outcome]:
    """Make some changes durable together; where that fails, each alone: nobody pays for another's fault.

    After an outage none is made again: it may have been made, or can't be now.
    """
    try:
        return [Outcome(result) for result in commit(verbs)]
    except Outage as fault:
        return [Outcome(fault=fault)] * len(verbs)
    except Exception as fault:  # noqa: BLE001 - it is told to whose it is
        if len(verbs) == 1:
            return [Outcome(fault=fault)]
    return commit_alone(commit, verbs)


def commit_alone(commit: Callable[[Sequence[Any]], Sequence[Any]], verbs: Sequence[Any]) -> list[Outcome]:
    """Make changes durable one by one. After an outage the rest is told so at once: each would wait for as long."""
    told = list[Outcome]()
    for verb in verbs:
        told += commit_each(commit, [verb])
        fault = told[-1].fault
        if isinstance(fault, Outage):
            # Of those that were not tried it is known.
            rest = DatabaseAway() if isinstance(fault, OutcomeUnknown) else fault
            return told + [Outcome(fault=rest)] * (len(verbs) - len(told))
    return told


class Together:
    """Gathers the changes of one scope.

    Args:
        commit: makes all of some changes durable in one transaction and returns their results, or none of them.
    """

    def __init__(self, commit: Callable[[Sequence[Any]], Sequence[Any]]) -> None:
        self._commit, self._waiting = commit, deque[_Waiter]()
        self._mutex, self._leads = threading.Lock(), False

    def run(self, verb: Any) -> Any:
        """Make a change; return its result once it is durable.

        Raises:
            Outage: the database is away, or was lost while all were being made durable.
            Exception: whatever the change raised alone, or its commit did.
        """
        waiter = _Waiter(verb)
        with self._mutex:
            self._waiting.append(waiter)
            leads, self._leads = not self._leads, True
        if not leads:
            waiter.gate.acquire()
        if not waiter.done:
            self._lead()
        # None where who led was interrupted.
        outcome = waiter.outcome or commit_each(self._commit, [verb])[0]
        if outcome.fault is not None:
            raise outcome.fault
        return outcome.result

    def _lead(self) -> None:
        with self._mutex:
            group = [self._waiting.popleft() for _ in range(min(len(self._waiting), GROUP_MOST))]
        try:
            for waiter, outcome in zip(
                group, commit_each(self._commit, [one.verb for one in group]), strict=True
            ):
                waiter.outcome = outcome
        finally:
            self._answer(group)

    def _answer(self, group: list[_Waiter]) -> None:
        for waiter in group:
            waiter.done = True
            waiter.gate.release()
        with self._mutex:
            following = self._waiting[0] if self._waiting else None
            self._leads = following is not None
        if following is not None:
            following.gate.release()


class Groups:
    """The changes of each scope, gathered apart from the others'.

    Args:
        commit: as of `Together`, told the scope before.
    """

    def __init__(self, commit: Callable[[int, Sequence[Any]], Sequence[Any]]) -> None:
        self._commit, self._of = commit, dict[int, Together]()

    def of(self, scope: int) -> Together:
        """Return where a scope's changes gather."""
        return self._of.get(scope) or self._of.setdefault(scope, Together(partial(self._commit, scope)))
