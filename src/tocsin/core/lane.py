"""The lane: threads that mostly want the interpreter go one after another, not against each other.

SQLite lets the interpreter go at each step, a row or less; with eight threads in it every step is a change of threads,
which costs more than the step. Who has waited long goes beside the lane: a slow query keeps nobody out.
"""

import threading

_LONGEST_SECONDS = 0.005


class Lane:
    """Is entered by one thread at a time, or after 5 milliseconds; a thread that is in it enters again at once."""

    __slots__ = ("_holder", "_lock")

    def __init__(self) -> None:
        self._lock, self._holder = threading.Lock(), 0

    def enter(self) -> bool:
        """Wait for one's turn; return whether it must be left again."""
        me = threading.get_ident()
        if self._holder == me or not self._lock.acquire(timeout=_LONGEST_SECONDS):
            return False
        self._holder = me
        return True

    def leave(self) -> None:
        """Let the next one in."""
        self._holder = 0
        self._lock.release()
