"""Turns: whose request is carried into the core next, so that one merchant's rush keeps nobody else waiting.

Merchants take turns, and within a merchant those who ask (a key, a session, an address): his clerk goes between the orders
that his shop's program sends. Who has begun is carried on before others begin. Where too many of one
wait, the newest of who has the most waiting is refused at once: what waits for long is asked for twice.
"""

import hashlib
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextvars import ContextVar
from typing import Any, NamedTuple

from tocsin.core.errors import Refusal

WAITING_MOST_OF_ONE, WAITING_MOST = 512, 2048
WAIT_SECONDS_MOST = 10.0
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
    """

    __slots__ = ("_credential", "begun", "group", "own")

    def __init__(self, credential: str, address: str) -> None:
        self.begun = False
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


class _Call(NamedTuple):
    future: "Future[Any]"
    work: Callable[[], Any]
    until: float


class _Line:
    """Those of one group, in turn; `begun` goes first."""

    def __init__(self) -> None:
        self.begun: deque[_Call] = deque()
        self.others: OrderedDict[bytes, deque[_Call]] = OrderedDict()
        self.waiting = 0

    def put(self, call: _Call, asker: Caller) -> None:
        self.waiting += 1
        line = self.begun if asker.begun else self.others.setdefault(asker.own, deque())
        line.append(call)

    def take(self) -> _Call:
        self.waiting -= 1
        if self.begun:
            return self.begun.popleft()
        own, line = self.others.popitem(last=False)
        call = line.popleft()
        if line:
            self.others[own] = line  # behind the others of the group
        return call

    def push_out(self, own: bytes) -> _Call | None:
        """Take back the newest of who has the most waiting here; None where that is no other with more than `own` has."""
        if not self.others:
            return None
        most = max(self.others.values(), key=len)
        if len(most) <= len(self.others.get(own, ())):
            return None
        self.waiting -= 1
        return most.pop()  # it has more than one: none is left empty


class Turns(Executor):
    """Threads that carry requests, each group in turn.

    Args:
        threads: how many are carried at the same time.
    """

    def __init__(self, threads: int) -> None:
        self._lines: OrderedDict[int, _Line] = OrderedDict()
        self._waiting, self._ended = 0, False
        self._changed = threading.Condition()
        for number in range(threads):
            threading.Thread(target=self._work, name=f"request_{number}", daemon=True).start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        """Have a call carried when its turn comes.

        Raises:
            TooBusy: too many of its caller's group, or of all, wait already.
        """
        asker = caller.get() or Caller("", "")
        call = _Call(Future(), lambda: fn(*args, **kwargs), time.monotonic() + WAIT_SECONDS_MOST)
        with self._changed:
            line = self._lines.get(asker.group) or _Line()
            if self._ended:
                raise RuntimeError("the threads have ended")
            if not asker.begun:
                self._make_room(line, asker)
            line.put(call, asker)
            asker.begun = True
            self._lines.setdefault(asker.group, line)
            self._waiting += 1
            self._changed.notify()
        return call.future

    def _make_room(self, line: _Line, asker: Caller) -> None:
        """Where it is full, the newest of who has the most waiting is told so: nobody keeps others out by sending many."""
        if line.waiting < WAITING_MOST_OF_ONE:
            if self._waiting < WAITING_MOST:
                return
            line = max(self._lines.values(), key=lambda one: one.waiting)
        late = line.push_out(asker.own)
        if late is None:
            raise TooBusy(retry_after_seconds=1)
        self._waiting -= 1
        if late.future.set_running_or_notify_cancel():
            late.future.set_exception(TooBusy(retry_after_seconds=1))

    def waiting(self) -> int:
        """Return how many wait for their turn."""
        return self._waiting

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End: what waits is cancelled, what is carried is carried to its end."""
        with self._changed:
            self._ended = True
            while self._waiting:
                self._take().future.cancel()
            self._changed.notify_all()

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._waiting:
                    if self._ended:
                        return
                    self._changed.wait()
                call = self._take()
            if call.future.set_running_or_notify_cancel():
                _carry(call)
            del call  # it may hold a body

    def _take(self) -> _Call:
        group, line = self._lines.popitem(last=False)
        call = line.take()
        if line.waiting:
            self._lines[group] = line  # behind the other groups
        self._waiting -= 1
        return call


def _carry(call: _Call) -> None:
    try:
        if time.monotonic() > call.until:
            raise TooBusy(retry_after_seconds=1)
        result = call.work()
    except BaseException as fault:  # noqa: BLE001 - whatever it is, it is its caller's: the thread carries others
        call.future.set_exception(fault)
    else:
        call.future.set_result(result)
