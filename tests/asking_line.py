"""A line of requests at `Turns`, for tests of who is carried when."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

from tocsin import waiting
from tocsin.turns import Turns
from tocsin.waiting import Caller, caller


class Line:
    """One thread that is held until all have asked, and the order in which they were carried."""

    def __init__(self, threads: int = 1, carriers: int = 1) -> None:
        self.turns, self.order = Turns(threads, carriers=carriers), list[str]()
        self._loop = asyncio.new_event_loop()
        self._runs = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._runs.start()
        self._held, self._taken = threading.Event(), threading.Event()
        self._first = self.submit(self._hold)
        assert self._taken.wait(5)

    def _hold(self) -> None:
        self._taken.set()
        assert self._held.wait(10)

    def ask(self, name: str, who: Caller) -> "Future[Any]":
        return self.submit(self.order.append, name, who=who)

    def submit(self, work: Callable[..., Any], *args: Any, who: Caller | None = None) -> "Future[Any]":
        """Have it carried for the loop; whoever asks is in the line, or has been refused, when this returns."""
        begun: Future[Any] = Future()

        async def ask() -> Any:
            caller.set(who)
            try:
                future = self.turns.submit(work, *args)
            finally:
                begun.set_result(None)
            return await future

        asked = asyncio.run_coroutine_threadsafe(ask(), self._loop)
        begun.result(5)
        return asked

    def let_go(self, *asked: "Future[Any]") -> list[str]:
        self._held.set()
        for one in (self._first, *asked):
            one.result(5)
        return self.order

    def end(self) -> None:
        """End the threads and the loop."""
        self._held.set()
        self.turns.shutdown()
        asyncio.run_coroutine_threadsafe(asyncio.sleep(0.01), self._loop).result(
            5
        )  # each hears what became of it
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._runs.join(5)
        self._loop.close()


@contextmanager
def open_line(*, threads: int = 1, carriers: int = 1) -> Iterator[Line]:
    """A line of which nobody is known yet; what it keeps is let go at the end."""
    waiting._known.clear()
    made = Line(threads, carriers)
    try:
        yield made
    finally:
        made.end()
        waiting._known.clear()


@contextmanager
def kept(line: Line, who: Caller) -> Iterator["Future[Any]"]:
    """A call of somebody's that is being carried and does not end within this."""
    held, taken = threading.Event(), threading.Event()

    def stay() -> None:
        taken.set()
        assert held.wait(10)

    call = line.submit(stay, who=who)
    assert taken.wait(5)
    try:
        yield call
    finally:
        held.set()
        call.result(5)


def of(merchant_id: int, credential: str, *, begun: bool = False) -> Caller:
    made = Caller(credential, "10.0.0.1")
    made.is_of(merchant_id)
    made.begun = begun
    return made


def short(merchant_id: int = 1, credential: str = "key") -> Caller:
    made = of(merchant_id, credential)
    made.is_short = lambda: True
    return made
