"""Gathering: short calls are carried by one thread, each as far as a change that it waits for; their changes share a commit.

Each call is a greenlet. Where it would wait for a commit it steps aside, and its thread carries the next one; then
the thread commits what all have asked for, and each goes on with what became of its own. With a thread for each of them a
commit is a change of threads for everybody, which costs more than what is committed.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import cache
from typing import Any, NamedTuple

from greenlet import getcurrent, greenlet  # type: ignore[import-untyped]

_COMMITS_MOST = 8
_here = threading.local()


class Outcome(NamedTuple):
    """What became of a change."""

    result: Any = None
    fault: BaseException | None = None


Commit = Callable[[Any, Sequence[Any]], Sequence[Outcome]]


class _Aside(NamedTuple):
    who: greenlet
    commit: Commit
    scope: Any
    change: Any


class Gatherer:
    """Carries calls on the thread that made it."""

    def __init__(self) -> None:
        self._aside, self._main = list[_Aside](), getcurrent()
        _here.gatherer = self

    def carry(self, call: Callable[[], None]) -> None:
        """Carry a call to its end, or to where it steps aside; it may not raise."""
        greenlet(call).switch()

    def settle(self) -> Iterator[None]:
        """Commit what those aside wait for, each scope by itself, and carry each to its end; yields as scopes are.

        Who steps aside again waits for no other scope: his next is begun while those of others are under way.
        """
        begun = dict[Future[Sequence[Outcome]], list[_Aside]]()
        while self._aside or begun:
            groups = self._take_groups()
            if len(groups) == 1 and not begun:  # it needs no other thread
                self._go_on(groups[0], _commit(groups[0]))
            else:
                begun |= {_pool().submit(_commit, group): group for group in groups}
                for done in wait(begun, return_when=FIRST_COMPLETED).done:
                    self._go_on(begun.pop(done), done.result())
            yield

    def _take_groups(self) -> list[list[_Aside]]:
        aside, self._aside = self._aside, []
        groups: dict[tuple[Commit, Any], list[_Aside]] = {}
        for one in aside:
            groups.setdefault((one.commit, one.scope), []).append(one)
        return list(groups.values())

    def _go_on(self, group: list[_Aside], outcomes: Sequence[Outcome]) -> None:
        for one, outcome in zip(group, outcomes, strict=True):
            one.who.switch(outcome)

    def wait(self, commit: Commit, scope: Any, change: Any) -> Outcome:
        """Step aside until a change is committed."""
        self._aside.append(_Aside(getcurrent(), commit, scope, change))
        outcome: Outcome = self._main.switch()
        return outcome

    def carries_this(self) -> bool:
        """Tell whether who asks is one of its calls."""
        return getcurrent() is not self._main


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_COMMITS_MOST, thread_name_prefix="commit")


def _commit(group: list[_Aside]) -> Sequence[Outcome]:
    try:
        return group[0].commit(group[0].scope, [one.change for one in group])
    except BaseException as fault:  # noqa: BLE001 - whatever it is, it is theirs: the thread carries others
        return [Outcome(fault=fault)] * len(group)


def is_gathered() -> bool:
    """Tell whether who asks is a call that may step aside."""
    gatherer: Gatherer | None = getattr(_here, "gatherer", None)
    return gatherer is not None and gatherer.carries_this()


def step_aside(commit: Commit, scope: Any, change: Any) -> Any:
    """Have a change committed with those of others that are aside; return its result once it is durable.

    It holds its thread's other calls where it holds a lock meanwhile: nothing may be held.

    Args:
        commit: makes the changes of one scope durable, and tells what became of each.

    Raises:
        Exception: whatever the change raised, or its commit did.
    """
    outcome = _here.gatherer.wait(commit, scope, change)
    if outcome.fault is not None:
        raise outcome.fault
    return outcome.result
