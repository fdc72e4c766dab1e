"""Ids: 63-bit time-ordered integers (41 bits of milliseconds, 10 of node, 12 of counter).

Newest first means by id. In JSON they are strings, because JavaScript loses digits past 2**53.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tocsin.core import clock

EPOCH_MS = 1_735_689_600_000  # 2025-01-01: 41 bits last until 2094
NODES = 1 << 10
_COUNTERS = 1 << 12


class IdMaker:
    """Makes ids for one leased node; never goes back, even when the wall clock does.

    Args:
        node: 0 to 1023.
        after_ms: milliseconds since the epoch that an earlier maker of this process has used.
    """

    def __init__(self, node: int = 0, *, after_ms: int = 0) -> None:
        if not 0 <= node < NODES:
            raise ValueError(f"node {node} is not in 0..{NODES - 1}")
        self._node, self._last_ms, self._counter = node, after_ms, 0
        self._lock = threading.Lock()

    def next(self) -> int:
        """Return the next id; when a millisecond's counter is used up it borrows the next one."""
        with self._lock:
            present_ms = clock.now_us() // 1000 - EPOCH_MS
            if present_ms > self._last_ms:
                self._last_ms, self._counter = present_ms, 0
            else:
                self._counter += 1
                if self._counter == _COUNTERS:
                    self._last_ms, self._counter = self._last_ms + 1, 0
            return (self._last_ms << 22) | (self._node << 12) | self._counter

    def used_ms(self) -> int:
        """Return the first millisecond that no id was made in."""
        with self._lock:
            return self._last_ms + 1

    def older(self) -> "IdMaker":
        """Return a maker of the same node that has made none: for instants before any that this one has seen."""
        return IdMaker(self._node)


_maker = IdMaker()
_told = threading.local()


def use_node(node: int) -> None:
    """Make this process's ids with a leased node number."""
    global _maker
    _maker = IdMaker(node, after_ms=_maker.used_ms())


def new_id() -> int:
    """Return a new id of this process."""
    maker: IdMaker = getattr(_told, "maker", None) or _maker
    return maker.next()


def older_maker() -> IdMaker:
    """Return a maker for instants before any id of this process; the ids of two of them may be the same."""
    return _maker.older()


@contextmanager
def made_by(maker: IdMaker) -> Iterator[None]:
    """Have the ids of this thread alone made by another maker."""
    before, _told.maker = getattr(_told, "maker", None), maker
    try:
        yield
    finally:
        _told.maker = before


def id_at(instant_us: int) -> int:
    """Return the smallest id that could have been made at an instant: bounds a range by time."""
    return max(0, (instant_us // 1000 - EPOCH_MS) << 22)


def made_at_us(ident: int) -> int:
    """Return when an id was made, to the millisecond."""
    return ((ident >> 22) + EPOCH_MS) * 1000
