"""The bus's contract: wake-ups only, after commit.

What is to be known stands in the database; a message says no more than “look again”. One may be
lost with its connection, so who listens also looks by himself every few seconds.
"""

import threading
from collections.abc import Callable

from tocsin.core.db import Database
from tocsin.core.errors import Refusal
from tocsin.core.log import get_log
from tocsin.core.plugins import load_plugins

EVERYTHING = "*"
"""The topic that is heard after a gap: look at everything."""
_log = get_log("bus")


class BusUnfit(Refusal):
    """No bus fits a {dialect} database: choose SQLite or PostgreSQL as database_url"""

    kind, code = "broken", "bus_unfit"


class Bus:
    """What every bus promises: each listener of each open bus on the database hears each topic."""

    name: str
    dialect: str

    def __init__(self) -> None:
        self._callbacks: list[Callable[[str], None]] = []
        self._changing = threading.Lock()

    def open(self, db: Database) -> None:
        """Join the others that use the database."""

    def close(self) -> None:
        """Leave them; what was published is sent first."""

    def publish(self, topic: str) -> None:
        """Wake this process's listeners at once and the others' soon; never waits, never raises."""
        raise NotImplementedError

    def listen(self, callback: Callable[[str], None]) -> Callable[[], None]:
        """Call back with each topic, on any thread; return what takes the callback off again."""
        with self._changing:
            self._callbacks.append(callback)

        def unlisten() -> None:
            with self._changing:
                if callback in self._callbacks:
                    self._callbacks.remove(callback)

        return unlisten

    def hear(self, topic: str) -> None:
        """Call this process's listeners; one that fails is logged and keeps nobody from hearing."""
        for callback in tuple(self._callbacks):
            try:
                callback(topic)
            except Exception as fault:  # noqa: BLE001 - the change is durable: its author must not be told that it failed
                _log.error("bus_listener_failed", topic=topic, exc_info=fault)


def bus_for(db: Database) -> Bus:
    """Return the bus that fits a database.

    Raises:
        BusUnfit: none does.
    """
    for found in load_plugins("core.buses").values():
        if found.dialect == db.dialect:
            assert isinstance(found, Bus)
            return found
    raise BusUnfit(dialect=db.dialect)
