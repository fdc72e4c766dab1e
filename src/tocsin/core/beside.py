"""A connection to PostgreSQL beside the pool, for who asks how the server is: it waits in no line, and takes none of those who work."""

import threading
from typing import Any

import psycopg

from tocsin.core.db import State
from tocsin.core.errors import DatabaseAway
from tocsin.core.reaching import reach

# As the owner, whose the schema is to read.
_STATE = "SELECT version_num, current_setting('transaction_read_only') FROM alembic_version"


class Beside:
    """One connection, opened when it is first needed and kept as long as it lives."""

    def __init__(self, url: str) -> None:
        self._url, self._lock = url, threading.Lock()
        self._connection: Any = None

    def state(self) -> State:
        """Return how the server is: the one of several that takes changes, if one does.

        Raises:
            DatabaseAway
        """
        with self._lock:
            kept = self._ask_kept()
            return kept if kept is not None and kept.takes_changes() else self._ask_anew()

    def close(self) -> None:
        """Close it; it is opened again where somebody asks."""
        with self._lock:
            self._hang_up()

    def _ask_kept(self) -> State | None:
        """Return nothing where there is no connection, or it is dead: the server may have been started anew."""
        if self._connection is None:
            return None
        try:
            return self._ask()
        except psycopg.OperationalError:
            return None

    def _ask_anew(self) -> State:
        """Ask over a new connection: where a server has become a standby, it finds who took its place."""
        self._hang_up()
        try:
            self._connection = psycopg.connect(
                reach(self._url), autocommit=True, application_name="tocsin health"
            )
            return self._ask()
        except psycopg.OperationalError as fault:
            self._hang_up()
            raise DatabaseAway from fault

    def _ask(self) -> State:
        row = self._connection.execute(_STATE).fetchone()
        return State(*row) if row else State("", "on")

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
