"""Connections that read, lent one at a time."""

import queue
from collections.abc import Callable
from contextlib import suppress
from typing import Any


class ReadPool:
    """Connections that are lent one at a time, at most so many; the one that came back last goes out first: it is warm."""

    def __init__(self, connect: Callable[[], Any], size: int) -> None:
        self._connect, self._free = connect, list[Any]()
        self._places = queue.SimpleQueue[None]()
        for _ in range(size):
            self._places.put(None)

    def take(self) -> Any:
        """Return a connection, which must be given back even after a fault; wait where all are lent."""
        self._places.get()
        with suppress(IndexError):
            return self._free.pop()
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
