"""Who waits: the lines of requests that wait for a thread, one for each merchant, and in it one for each who asks."""

import asyncio
import hashlib
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import suppress
from contextvars import ContextVar
from typing import Any

from tocsin.core.errors import Refusal

WAITING_MOST_OF_ONE, WAITING_MOST = 512, 2048
_KNOWN_MOST = 4096
_NOBODY = 0
_known: OrderedDict[bytes, int] = OrderedDict()
_known_lock = threading.Lock()


class TooBusy(Refusal):
    """The desk has more to do than it can: send it again in a moment"""

    kind, code = "locked", "too_busy"


class Caller:
    """Who asks, as far as turns go: it opens nothing.

    Args:
        credential: what was sent to say who it is, or nothing.
        address: where it came from.
        is_short: tells whether it takes a moment and holds nothing while it waits for a commit: it is gathered with others then.
    """

    __slots__ = ("_credential", "begun", "group", "is_short", "own")

    def __init__(self, credential: str, address: str, *, is_short: Callable[[], bool] = bool) -> None:
        self.begun, self.is_short = False, is_short
        self._credential = (
            hashlib.blake2b(credential.encode(), digest_size=12).digest() if credential else b""
        )
        self.group = _known.get(self._credential, _NOBODY)
        # A new credential can be sent with each request: one that was never right stands for where it comes from.
        self.own = self._credential if self.group else address.encode()

    def is_of(self, merchant_id: int) -> None:
        """Hear whose it is, once that is known."""
        self.group, self.own = merchant_id, self._credential or self.own
        if self._credential and _known.get(self._credential) != merchant_id:
            with _known_lock:
                _known[self._credential] = merchant_id
                while len(_known) > _KNOWN_MOST:
                    _known.popitem(last=False)


caller: ContextVar[Caller | None] = ContextVar("caller", default=None)


def is_of(merchant_id: int) -> None:
    """Hear whose request this one is."""
    if (asker := caller.get()) is not None:
        asker.is_of(merchant_id)


class Call:
    """Work that a loop waits for; it is carried once, by a thread.

    Args:
        until: when nobody waits for it any more, by the monotonic clock.
    """

    __slots__ = ("_fault", "_result", "_work", "ended", "future", "group", "loop", "until")

    def __init__(self, work: Callable[[], Any], until: float) -> None:
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Any] = self.loop.create_future()
        self._work, self.until, self.ended, self.group = work, until, False, _NOBODY
        self._result: Any = None
        self._fault: BaseException | None = None

    def carry(self) -> None:
        """Do it, and keep what became of it; nothing where nobody waits for it."""
        try:
            if self.future.cancelled():
                return
            if time.monotonic() > self.until:
                raise TooBusy(retry_after_seconds=1)
            self._result = self._work()
        except BaseException as fault:  # noqa: BLE001 - whatever it is, it is its caller's: the thread carries others
            # What ends a thread would end the loop that waits for it, and the desk with it; no future takes a StopIteration.
            plain = isinstance(fault, Exception) and not isinstance(fault, StopIteration)
            self._fault = fault if plain else RuntimeError(f"a request's work ended by {fault!r}")
        finally:
            self.ended = True

    def refuse(self) -> None:
        """Keep that it is not carried."""
        self._fault = TooBusy(retry_after_seconds=1)

    def settle(self) -> None:
        """Tell who waits, on the loop's thread."""
        if self.future.done():
            return
        if self._fault is None:
            self.future.set_result(self._result)
        else:
            self.future.set_exception(self._fault)


def tell(calls: Sequence[Call]) -> None:
    """Tell the loops what became of calls, each once for all of its own."""
    for loop in {call.loop for call in calls}:
        with suppress(RuntimeError):  # it has ended: nobody waits
            loop.call_soon_threadsafe(_settle, [call for call in calls if call.loop is loop])


def _settle(calls: list[Call]) -> None:
    for call in calls:
        call.settle()


class _Line:
    """Those of one group, in turn; `begun` goes first."""

    def __init__(self) -> None:
        self.begun: deque[Call] = deque()
        self.others: OrderedDict[bytes, deque[Call]] = OrderedDict()
        self.waiting = 0

    def put(self, call: Call, asker: Caller) -> None:
        self.waiting += 1
        line = self.begun if asker.begun else self.others.setdefault(asker.own, deque())
        line.append(call)

    def take(self) -> Call:
        self.waiting -= 1
        if self.begun:
            return self.begun.popleft()
        own, line = self.others.popitem(last=False)
        call = line.popleft()
        if line:
            self.others[own] = line  # behind the others of the group
        return call

    def push_out(self, own: bytes) -> Call | None:
        """Take back the newest of who has the most waiting here; None where that is no other with more than `own` has."""
        if not self.others:
            return None
        most = max(self.others.values(), key=len)
        if len(most) <= max(1, len(self.others.get(own, ()))):
            return None
        self.waiting -= 1
        return most.pop()  # it has more than one: none is left empty


class Waiting:
    """The lines; whoever uses it sees to it that one thread does at a time."""

    def __init__(self) -> None:
        self._lines: OrderedDict[int, _Line] = OrderedDict()
        self.count = 0

    def put(self, call: Call, asker: Caller) -> None:
        """Have a call wait in its caller's line.

        Raises:
            TooBusy: too many of its caller's group, or of all, wait already.
        """
        line = self._lines.get(asker.group) or _Line()
        if not asker.begun:
            self._make_room(line, asker)
        line.put(call, asker)
        call.group = asker.group
        self._lines.setdefault(asker.group, line)
        self.count += 1

    def take(self, *, spared: Container[int] = ()) -> Call | None:
        """Return whose turn it is, of the groups that are not spared; None where nobody's is."""
        group = next((one for one in self._lines if one not in spared), None)
        if group is None:
            return None
        line = self._lines.pop(group)
        call = line.take()
        if line.waiting:
            self._lines[group] = line  # behind the other groups
        self.count -= 1
        return call

    def take_all(self) -> Iterator[Call]:
        """Yield all, in turn."""
        while (call := self.take()) is not None:
            yield call

    def _make_room(self, line: _Line, asker: Caller) -> None:
        """Where it is full, the newest of who has the most waiting is told so: nobody keeps others out by sending many."""
        if line.waiting < WAITING_MOST_OF_ONE:
            if self.count < WAITING_MOST:
                return
            line = max(self._lines.values(), key=lambda one: one.waiting)
        late = line.push_out(asker.own)
        if late is None:
            raise TooBusy(retry_after_seconds=1)
        self.count -= 1
        late.refuse()
        tell([late])
