"""Connections that read, lent one at a time."""

import queue
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any


class ReadPool:
    """Connections that are lent one at a time, at most so many; the one that came back first goes out first.

    All are soon as warm as they get. Where the last goes out first those behind it are taken once in a while only, and a
    process takes memory for what they have not met yet for hours; what a connection has not in its cache costs nothing
    that could be measured, for the system has it.
    """

    def __init__(self, connect: Callable[[], Any], size: int) -> None:
        self._connect, self._free = connect, deque[Any]()
        self._places = queue.SimpleQueue[None]()
        for _ in range(size):
            self._places.put(None)

    def take(self) -> Any:
        """Return a connection, which must be given back even after a fault; wait where all are lent."""
        self._places.get()
        with suppress(IndexError):
            return self._free.popleft()
        try:
            return self._connect()
        except BaseException:
            self._places.put(None)
            raise

    def give(self, connection: Any) -> None:
        """Take a connection back."""
        self._free.append(connection)
        self._places.put(None)

    def close(self) -> None:
        """Close the connections that are not lent."""
        while self._free:
            self._free.pop().close()
