"""SQLite's write-ahead log emptied into the file, so that what was overwritten or freed is in neither.

That needs a moment in which nobody reads from the log. Who empties it takes the lock of writers first, and waits for
readers with it in hand: a backup or an export that reads for minutes would stop every order. So it is tried without
waiting, and where it can't be it is tried again behind whoever asked, until it is done.

Source: sqlite.org/c3ref/wal_checkpoint_v2 (TRUNCATE; without a busy handler it gives up at once).
"""

import threading
import time
from collections.abc import Callable
from typing import Any

from tocsin.core.log import get_log
from tocsin.core.writer import Writer, WriterStopped

_SHORT_SECONDS, _BREATH_SECONDS = 2.0, 0.05
_AGAIN_SECONDS = 1.0
_log = get_log("freed")


class Freed:
    """Empties the log of one database.

    Args:
        connect: opens a connection of its own.
    """

    def __init__(self, connect: Callable[[], Any], writer: Writer) -> None:
        self._connect, self._writer = connect, writer
        self._closing, self._mutex = threading.Event(), threading.Lock()
        self._thread: threading.Thread | None = None

    def settle(self) -> bool:
        """Empty the log within two seconds: short readers are gone by then; else return False, and go on behind."""
        until = time.monotonic() + _SHORT_SECONDS
        while not self._try():
            if time.monotonic() > until or self._closing.wait(_BREATH_SECONDS):
                self.go_on()
                return False
        return True

    def go_on(self) -> None:
        """Empty it behind the caller, as soon as nobody reads from it."""
        with self._mutex:
            if self._thread is None and not self._closing.is_set():
                self._thread = threading.Thread(target=self._run, name="freed", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Give up: what is left in it waits for the next start."""
        self._closing.set()
        with self._mutex:
            thread = self._thread
        if thread is not None:
            thread.join()

    def _try(self) -> bool:
        connection = self._connect()
        try:
            connection.execute("PRAGMA busy_timeout=0")
            # The most of it, while others write.
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            # In the writer's own turn: beside it, it would hardly ever find the lock free in a rush.
            return bool(self._writer.run(lambda _: _truncate(connection), alone=True))
        finally:
            connection.close()

    def _run(self) -> None:
        while not self._closing.wait(_AGAIN_SECONDS):
            # Within the mutex: who fails after this succeeded begins anew.
            with self._mutex:
                if self._try_quietly():
                    self._thread = None
                    return

    def _try_quietly(self) -> bool:
        try:
            return self._try()
        except WriterStopped:
            return False
        except Exception as fault:  # noqa: BLE001 - a full disk may have room in a second
            _log.error("freed_unsettled", exc_info=fault)
            return False


def _truncate(connection: Any) -> bool:
    (busy, *_), *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return not busy
