"""The bus on PostgreSQL: LISTEN/NOTIFY on two connections of our own.

NOTIFY goes out after the commit, on a connection in autocommit, from a thread that joins equal
topics: inside the transaction it would take one lock of the whole server at each COMMIT and so
put all commits in a row, and a lost connection would fail a change that is already durable.
"""

import secrets
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from tocsin.core.bus import EVERYTHING, Bus
from tocsin.core.db import Database
from tocsin.core.log import get_log

if TYPE_CHECKING:
    import psycopg

CHANNEL = "tocsin"
LISTENER = "tocsin bus listener"
_QUIET_SECONDS = 0.5
_CHECK_AFTER_QUIET = 20
_RETRY_SECONDS = 0.2
_OPEN_SECONDS = 20
_log = get_log("bus")


class PostgresBus(Bus):
    """Hears and tells the processes that use the same database; reconnects by itself."""

    name, dialect = "postgres", "postgresql"

    def __init__(self) -> None:
        super().__init__()
        self._me = secrets.token_hex(8)
        self._stop, self._listening = threading.Event(), threading.Event()
        self._waiting: set[str] = set()
        self._changed = threading.Condition()
        self._threads: list[threading.Thread] = []
        self._url = ""

    def open(self, db: Database) -> None:
        """Connect; return once this process hears.

        Raises:
            TimeoutError: the server could not be reached.
        """
        from tocsin.core.postgres import PostgresDatabase

        assert isinstance(db, PostgresDatabase)
        self._url, self._stop, self._listening = db.url, threading.Event(), threading.Event()
        self._threads = [
            threading.Thread(target=self._keep, args=(loop,), name=f"bus {loop.__name__}", daemon=True)
            for loop in (self._listen, self._send)
        ]
        for thread in self._threads:
            thread.start()
        if not self._listening.wait(_OPEN_SECONDS):
            self.close()
            raise TimeoutError("the bus can't reach PostgreSQL")

    def close(self) -> None:
        """Send what waits and disconnect."""
        with self._changed:
            self._stop.set()
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()
        self._threads = []

    def publish(self, topic: str) -> None:
        """Wake this process at once, the others by NOTIFY."""
        self.hear(topic)
        with self._changed:
            self._waiting.add(topic)
            self._changed.notify_all()

    def _keep(self, loop: Callable[[], None]) -> None:
        import psycopg

        while not self._stop.is_set():
            try:
                loop()
            except psycopg.Error as fault:
                _log.warning("bus_reconnects", loop=loop.__name__, exc_info=fault)
                self._stop.wait(_RETRY_SECONDS)

    def _connect(self, name: str) -> "psycopg.Connection[tuple[object, ...]]":
        import psycopg

        from tocsin.core.postgres import desk_conninfo

        return psycopg.connect(
            desk_conninfo(self._url),
            autocommit=True,
            application_name=name,
        )

    def _listen(self) -> None:
        with self._connect(LISTENER) as connection:
            connection.execute(f"LISTEN {CHANNEL}")
            if self._listening.is_set():  # a second connection: what was said between them is lost
                self.hear(EVERYTHING)
            self._listening.set()
            quiet = 0
            while not self._stop.is_set():
                heard = False
                for notice in connection.notifies(timeout=_QUIET_SECONDS, stop_after=1):
                    heard = True
                    sender, _, topic = notice.payload.partition(" ")
                    if topic and sender != self._me:
                        self.hear(topic)
                quiet = 0 if heard else quiet + 1
                if quiet == _CHECK_AFTER_QUIET:
                    connection.execute("SELECT 1")  # a dead peer is noticed only by speaking to it
                    quiet = 0

    def _send(self) -> None:
        with self._connect("tocsin bus sender") as connection:
            while True:
                with self._changed:
                    self._changed.wait_for(lambda: self._waiting or self._stop.is_set())
                    topics = sorted(self._waiting)
                    self._waiting.clear()
                if not topics:
                    self._tell(connection, "")  # our own listener ends at once, not when it would look again
                    return
                try:
                    self._tell(connection, *topics)
                except BaseException:
                    with self._changed:
                        self._waiting.update(topics)
                    raise

    def _tell(self, connection: "psycopg.Connection[tuple[object, ...]]", *topics: str) -> None:
        told = [f"{self._me} {topic}" for topic in topics]
        connection.execute("SELECT pg_notify(%s, one) FROM unnest(%s::text[]) AS one", (CHANNEL, told))


PLUGIN = PostgresBus()
