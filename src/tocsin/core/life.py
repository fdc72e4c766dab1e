"""A process as others on its PostgreSQL see it: it holds a lock for as long as its connection lasts, and no longer than it lives.

A killed process's connection ends with it, so that what it held is known to be free at once. Where a machine falls
silent with its connections open, leases say so once they run out.
Source: PostgreSQL 17, 9.28.10 Advisory Lock Functions.
"""

import secrets
import threading
from typing import Any

import sqlalchemy as sa

from tocsin.core.db import Database, Tx
from tocsin.core.log import get_log
from tocsin.core.statement import Statement, bind

_PREFIX, _BEAT_SECONDS = "life-", 1.0
_GONE = {"postgresql": Statement[tuple[bool]](sa.select(sa.func.pg_try_advisory_xact_lock(bind("life"))))}
_log = get_log("life")


class Life:
    """This process, under the name by which it holds leases; on SQLite it is the only one, and has no connection."""

    def __init__(self, db: Database) -> None:
        self._db, self.name = db, _PREFIX + secrets.token_hex(8)
        self._ended, self._thread = (
            threading.Event(),
            threading.Thread(target=self._keep, name="life", daemon=True),
        )
        self._connection: Any = None

    def begin(self) -> None:
        """Be seen alive from now on, if one is not yet: before anything is leased under this name."""
        if self._thread.ident is None and (connection := self._connect()) is not None:
            self._connection = connection
            self._thread.start()

    def end(self) -> None:
        """Be seen alive no more."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    def _connect(self) -> Any:
        connection = self._db.connect_alone()
        if connection is not None:
            connection.execute("SELECT pg_advisory_lock(%s::bigint)", (_key(self.name),))
        return connection

    def _keep(self) -> None:
        while not self._ended.wait(_BEAT_SECONDS):
            try:
                if self._connection is None:
                    self._connection = self._connect()
                self._connection.execute("SELECT 1")
            except Exception as fault:  # noqa: BLE001 - until it is back others may take over what this one leases
                _log.warning("life_not_shown", problem=type(fault).__name__)
                self._hang_up()
        self._hang_up()

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def is_gone(tx: Tx, name: str) -> bool:
    """Tell whether the process of a name has surely ended; False where only the end of its lease can say so."""
    if tx.dialect != "postgresql" or not name.startswith(_PREFIX):
        return False
    return bool(tx.value(_GONE["postgresql"], life=_key(name)))


def _key(name: str) -> int:
    return int.from_bytes(bytes.fromhex(name.removeprefix(_PREFIX)), "big", signed=True)
