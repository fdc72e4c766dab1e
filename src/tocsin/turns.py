"""Turns: whose request is carried into the core next, so that one merchant's rush keeps nobody else waiting.

Merchants take turns, and within a merchant those who ask (a key, a session, an address): his clerk goes between the orders
that his shop's program sends. Who has begun is carried on before others begin. Where too many of one
wait, the newest of who has the most waiting is refused at once: what waits for long is asked for twice.

Short requests are gathered by a carrier (core/gather.py). Where there are several, one merchant's are never carried by all of
them: his changes wait for each other. Who waits behind one that turned out long is helped by another thread.
Of the threads, too, one is kept free of each merchant: what his wait for, a lock or a disk, others do not.
"""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from typing import Any

from tocsin.core.gather import Gatherer
from tocsin.waiting import Call, Caller, Waiting, caller, tell

WAIT_SECONDS_MOST = 10.0
_GATHERED_MOST, _GATHER_SECONDS = 32, 0.02
# How long others than those who are carried wait for help, and how often as long these themselves do.
_HELP_SECONDS, _STUCK_TIMES = 0.03, 8


class Turns(Executor):
    """Threads that carry requests, each group in turn.

    Args:
        threads: how many carry one request each.
        carriers: how many gather short ones.
    """

    def __init__(self, threads: int, *, carriers: int = 1) -> None:
        self._long, self._short = Waiting(), Waiting()
        self._ended, self._helped, self._taken, self._watched, self._stuck = False, False, 0, False, 0
        # By how many carriers each group is carried, and by how many threads.
        self._carried, self._carriers = Counter[int](), carriers
        self._held, self._threads = Counter[int](), threads
        lock = threading.Lock()
        self._changed, self._short_changed = threading.Condition(lock), threading.Condition(lock)
        for number in range(threads):
            threading.Thread(target=self._work, name=f"request_{number}", daemon=True).start()
        for number in range(carriers):
            threading.Thread(target=self._gather, name=f"carrier_{number}", daemon=True).start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "asyncio.Future[Any]":  # type: ignore[override] # `run_in_executor` takes it as it is: no second future is chained to it
        """Have a call of the running loop carried when its turn comes.

        Raises:
            TooBusy: too many of its caller's group, or of all, wait already.
        """
        asker = caller.get() or Caller("", "")
        short = asker.is_short()
        call = Call(partial(fn, *args, **kwargs), time.monotonic() + WAIT_SECONDS_MOST)
        with self._changed:
            if self._ended:
                raise RuntimeError("the threads have ended")
            (self._short if short else self._long).put(call, asker)
            (self._short_changed if short else self._changed).notify()
        asker.begun = True
        if short and not self._watched:
            self._watched = True
            call.loop.call_later(_HELP_SECONDS, self._watch, call.loop, self._taken)
        return call.future

    def waiting(self) -> int:
        """Return how many wait for their turn."""
        return self._long.count + self._short.count

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End: what waits is refused, what is carried is carried to its end."""
        with self._changed:
            self._ended = True
            left = [*self._long.take_all(), *self._short.take_all()]
            self._changed.notify_all()
            self._short_changed.notify_all()
        for call in left:
            call.refuse()
        tell(left)

    def _watch(self, loop: asyncio.AbstractEventLoop, taken: int) -> None:
        """Where short ones wait and no carrier has taken any meanwhile, have another thread carry one."""
        self._watched = bool(self._short.count)
        self._stuck = self._stuck + 1 if self._watched and self._taken == taken else 0
        if not self._watched:
            return
        if self._stuck:
            with self._changed:
                self._helped = True
                self._changed.notify()
        loop.call_later(_HELP_SECONDS, self._watch, loop, self._taken)

    def _work(self) -> None:
        group: int | None = None
        while (call := self._take(group)) is not None:
            call.carry()
            tell([call])
            group = call.group
            del call  # it may hold a body

    def _take(self, carried: int | None) -> Call | None:
        """Wait for whose turn it is; `carried` is the group of the one before."""
        with self._changed:
            if carried is not None:
                self._held -= Counter((carried,))
                if self._long.count:  # perhaps of those that it was one too many of
                    self._changed.notify()
            while (call := self._next()) is None:
                if self._ended:
                    return None
                self._changed.wait()
            self._held[call.group] += 1
            return call

    def _next(self) -> Call | None:
        full = {one for one, by in self._held.items() if by >= self._threads - 1 > 0}
        if self._helped:
            self._helped = False
            spared = full | set(self._carried) if self._stuck < _STUCK_TIMES else full
            if (call := self._short.take(spared=spared)) is not None:
                return call
        return self._long.take(spared=full)

    def _gather(self) -> None:
        gatherer, each, groups = Gatherer(), 0.0, set[int]()
        # Others wait for what is gathered only where nobody else carries them meanwhile.
        gather_seconds = _GATHER_SECONDS * self._carriers
        while (call := self._take_short(groups, wait=True)) is not None:
            aside, count, began, spent = list[Call](), 0, time.monotonic(), time.thread_time()
            while call is not None:
                count += 1
                gatherer.carry(call.carry)
                if call.ended:  # it waits for nobody's commit
                    tell([call])
                else:
                    aside.append(call)
                # Who comes next waits for all of these: as many as took so long the last time.
                room = count < _GATHERED_MOST and (count + 1) * each < gather_seconds
                room = room and time.monotonic() - began < gather_seconds
                call = self._take_short(groups, wait=False) if room else None
            for _ in gatherer.settle():
                tell([one for one in aside if one.ended])
                aside = [one for one in aside if not one.ended]
                self._let_go(groups - {one.group for one in aside}, groups)
            self._let_go(set(groups), groups)
            # Not what it waited for: the disk takes as long for one as for all.
            each = max(0.8 * each, (time.thread_time() - spent) / count)

    def _take_short(self, groups: set[int], *, wait: bool) -> Call | None:
        with self._short_changed:
            while (call := self._short.take(spared=self._kept_from(groups))) is None:
                if self._ended or not wait:
                    return None
                self._short_changed.wait()
            self._taken += 1
            if call.group not in groups:
                groups.add(call.group)
                self._carried[call.group] += 1
            return call

    def _kept_from(self, groups: set[int]) -> set[int]:
        """Return the groups that a carrier leaves to the others: one of all is kept free of each."""
        if self._carriers == 1:
            return set()
        return {one for one, by in self._carried.items() if by >= self._carriers - 1 and one not in groups}

    def _let_go(self, ended: set[int], groups: set[int]) -> None:
        """A carrier has none of some groups any more, whatever it still has of others."""
        if not ended:
            return
        with self._short_changed:
            self._carried -= Counter(ended)
            groups -= ended
            if self._short.count and self._carriers > 1:
                self._short_changed.notify_all()
