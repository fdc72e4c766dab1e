"""A process as others on its PostgreSQL see it: it holds a lock for as long as its connection lasts, and no longer than it lives.

A killed process's connection ends with it, so that what it held is known to be free at once. Where a machine falls
silent with its connections open, leases say so once they run out.
Source: PostgreSQL 17, 9.28.10 Advisory Lock Functions.
"""

import os
import secrets
import select
import threading
import time
from contextlib import suppress
from typing import Any

import sqlalchemy as sa

from tocsin.core.db import Database, Tx
from tocsin.core.log import get_log
from tocsin.core.statement import Statement, bind

_PREFIX = "life-"
_BEAT_SECONDS, _AGAIN_SECONDS, _END_SECONDS = 1.0, 0.2, 5.0
_SURE_SECONDS = 0.7
_CLOSED = (-1, -1)
_TAKE = "SELECT pg_try_advisory_lock(%s::bigint)"
_GONE = {"postgresql": Statement[tuple[bool]](sa.select(sa.func.pg_try_advisory_xact_lock(bind("life"))))}
_log = get_log("life")


class Life:
    """This process, under the name by which it holds leases; on SQLite it is the only one, and has no connection."""

    def __init__(self, db: Database) -> None:
        self._db, self.name, self._is_shared = db, _PREFIX + secrets.token_hex(8), db.dialect == "postgresql"
        self._ended, self._thread = (
            threading.Event(),
            threading.Thread(target=self._keep, name="life", daemon=True),
        )
        self._connection: Any = None
        self._held, self._wake = False, _CLOSED
        self._free_since: dict[str, float] = {}

    def begin(self) -> None:
        """Be seen alive from now on; while the lock is not to be had its leases alone say so."""
        if self._is_shared and self._thread.ident is None:
            self._wake = os.pipe()
            self._beat()
            self._thread.start()

    def end(self) -> None:
        """Be seen alive no more."""
        self._ended.set()
        if self._thread.ident is None or self._wake == _CLOSED:
            return
        os.write(self._wake[1], b".")
        self._thread.join(_END_SECONDS)  # it may be waiting for a server that is silent
        if not self._thread.is_alive():  # only now: a number that is closed too early is soon another file's
            ends, self._wake = self._wake, _CLOSED
            for one in ends:
                os.close(one)

    def sees_gone(self, tx: Tx, name: str) -> bool:
        """Tell whether another process has surely ended.

        One that is not seen itself judges nobody: the server may have been away for both. And a connection may be
        lost alone: it is back within moments.
        """
        if not self._held or not is_gone(tx, name):
            self._free_since.pop(name, None)
            return False
        return time.monotonic() - self._free_since.setdefault(name, time.monotonic()) >= _SURE_SECONDS

    def doubts_any(self) -> bool:
        """Tell whether another process seems to have ended, so that it is worth looking again soon."""
        return bool(self._free_since)

    def _keep(self) -> None:
        while not self._ended.is_set():
            self._wait()
            if not self._ended.is_set():
                self._beat()
        self._hang_up()

    def _wait(self) -> None:
        """Wait a moment, or until the connection ends or says something."""
        if self._connection is None:
            self._ended.wait(_AGAIN_SECONDS)
            return
        pause = _BEAT_SECONDS if self._held else _AGAIN_SECONDS
        with suppress(Exception):  # it is closed: the next beat says so
            said = select.poll()  # select.select takes no number beyond 1023, and a desk has thousands
            for one in (self._connection.fileno(), self._wake[0]):
                said.register(one, select.POLLIN)
            said.poll(pause * 1000)

    def _beat(self) -> None:
        """Take the lock, or find that the connection still lives by which it is held."""
        try:
            if self._connection is None:
                self._connection = self._db.connect_alone()
            if self._held:
                self._connection.execute("SELECT 1")
            else:  # not waiting for it: a session of our own, broken and not yet ended there, may have it still
                (self._held,) = self._connection.execute(_TAKE, (_key(self.name),)).fetchone()
        except Exception as fault:  # noqa: BLE001 - tried again at once: until then its leases say that it lives
            _log.warning("life_not_shown", problem=type(fault).__name__)
            self._hang_up()

    def _hang_up(self) -> None:
        self._held = False
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def is_gone(tx: Tx, name: str) -> bool:
    """Tell whether nobody holds the lock of a name; False where only the end of a lease can say so."""
    if tx.dialect != "postgresql" or not name.startswith(_PREFIX):
        return False
    return bool(tx.value(_GONE["postgresql"], life=_key(name)))


def _key(name: str) -> int:
    return int.from_bytes(bytes.fromhex(name.removeprefix(_PREFIX)), "big", signed=True)
