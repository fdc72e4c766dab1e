"""A desk that really runs: `tocsin serve` as a process of its own, over an empty database of either engine."""

import queue
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from tests.databases import PostgresServer, lay_out
from tests.near import uncounted
from tests.served import resident_mb
from tocsin.core.ident import new_id
from tocsin.core.reaching import reach
from tocsin.core.sqlite import engine as sqlite
from tocsin.server import PortTaken, addresses_of, require_free

ROOT = Path(__file__).parents[2]
ENGINES = ("sqlite", "postgresql")
_START_SECONDS = 60.0


class DeskDied(RuntimeError):
    """The server ended or said nothing; the text is the end of its log."""


class RunningDesk:
    """One installation: its folder, its database, and the process that serves it, if any.

    Args:
        database_url: PostgreSQL's address as a superuser; empty is SQLite in the folder.
    """

    def __init__(self, folder: Path, *, database_url: str = "") -> None:
        self.folder, self.database_url = folder, database_url
        self.port = quiet_port()
        self.base = f"http://localhost:{self.port}"
        self.owner_link, self.options = "", list[str]()
        self.env = dict[str, str]()
        self.process: subprocess.Popen[str] | None = None
        self.starts_ms: list[float] = []
        self.rest_mb: list[float] = []

    def start(self, *, fault: str = "") -> None:
        """Start the server, broken as `fault` says, and wait until it says that it serves."""
        program = ["tests.proofs.broken", fault] if fault else ["tocsin"]
        given = ["--database-url", self.database_url] if self.database_url else []
        began = time.monotonic()
        with (self.folder / "server.log").open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *program, "serve", "--empty", "--port", str(self.port),
                 "--data-dir", str(self.folder / "data"), *given, *self.options],
                cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True,
                env=uncounted(**self.env),
            )  # fmt: skip
        lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=_pass_on, args=(self.process, lines), daemon=True).start()
        while True:
            try:
                line = lines.get(timeout=max(0.01, began + _START_SECONDS - time.monotonic()))
            except queue.Empty:
                line = ""
            if not line:
                self.kill()
                raise DeskDied(self.log_end())
            if "serves on" in line:
                break
        self.starts_ms.append((time.monotonic() - began) * 1000)
        self.rest_mb.append(resident_mb(self.process.pid))
        if not self.owner_link:
            self.owner_link = _find_link(lines)

    def kill(self) -> None:
        """End the server as a power cut would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(20)
            self.process = None

    def stop(self) -> None:
        """Ask the server to end; where it does not, end it."""
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()
            self.process = None

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return rows straight from the database, past the product."""
        if self.database_url:
            with psycopg.connect(reach(self.database_url)) as connection:
                return connection.execute(sql).fetchall()
        connection = sqlite.connect(str(self.folder / "data" / "desk.sqlite"), timeout=20)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def log_end(self) -> str:
        """Return the last lines of what the server said."""
        return (self.folder / "server.log").read_text("utf-8", errors="replace")[-3000:]


class Beside:
    """A process of the product beside a desk, which may be killed: a worker, a station.

    Args:
        name: of its log, in the desk's folder.
    """

    def __init__(self, desk: RunningDesk, name: str) -> None:
        self._log, self.env = desk.folder / f"{name}.log", desk.env
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *words: str, program: tuple[str, ...] = ("tocsin",)) -> None:
        """Start it; it works once it has reached what it needs."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *program, *words], cwd=ROOT, stdout=log, stderr=log,
                env=uncounted(**self.env),
            )  # fmt: skip

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process:
            self._process.kill()
            self._process.wait(20)
            self._process = None


class Ground:
    """Where desks are made: a folder, and a PostgreSQL of its own once one is asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._desks = folder, list[RunningDesk]()
        self._postgres: PostgresServer | None = None

    def make_desk(self, engine: str, *, empty: bool = False, template: str = "template1") -> RunningDesk:
        """Return a new installation over a migrated database without a merchant, or over none, not yet started."""
        name = f"desk_{new_id()}"
        (self._folder / name).mkdir()
        url = ""
        if engine == "postgresql":
            server = self.postgres()
            if empty:
                server.sql(f"CREATE DATABASE {name} TEMPLATE {template}")
            else:
                server.copy(server.migrated(), name)
            url = server.url(name)
        elif not empty:
            lay_out(self._folder / name / "data")
        self._desks.append(RunningDesk(self._folder / name, database_url=url))
        return self._desks[-1]

    def postgres(self) -> PostgresServer:
        """Return the PostgreSQL of the desks here, begun once it is asked for."""
        self._postgres = self._postgres or PostgresServer()
        return self._postgres

    def close(self) -> None:
        """End every process that was begun here."""
        for desk in self._desks:
            desk.kill()
        if self._postgres is not None:
            self._postgres.stop()


@contextmanager
def open_ground() -> Iterator[Ground]:
    """Lend a ground for desks; all of it is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="tocsin-proof-", ignore_cleanup_errors=True) as folder:
        ground = Ground(Path(folder))
        try:
            yield ground
        finally:
            ground.close()


def wait_until(condition: Any, *, seconds: float, step_seconds: float = 0.05) -> bool:
    """Wait until a condition holds; tell whether it came to."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(step_seconds)
    return True


def quiet_port() -> int:
    """Return a free port below those that outgoing connections take: one may take ours while the desk is dead."""
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        try:
            for address in addresses_of("localhost"):
                require_free(address, port)
        except PortTaken:
            continue
        return port


def _pass_on(process: subprocess.Popen[str], lines: "queue.SimpleQueue[str]") -> None:
    assert process.stdout is not None
    for line in process.stdout:
        lines.put(line)
    lines.put("")


def _find_link(lines: "queue.SimpleQueue[str]") -> str:
    try:
        found = re.search(r"http\S+/owner/\S+", lines.get(timeout=5))
    except queue.Empty:
        return ""
    return found[0] if found else ""
