"""A PostgreSQL and its standby, killed as by a power cut, and the standby promoted."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

from tests.databases import as_server_user, find_postgres
from tests.proofs.running import quiet_port

_STANDBY = "tocsin_standby"
_READY_SECONDS = 60.0


class Node:
    """One server and its files."""

    def __init__(self) -> None:
        self.folder, self.port = Path(tempfile.mkdtemp(prefix="tocsin-node-")), quiet_port()
        self.data, self._process = self.folder / "data", None
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")

    def run(self, program: str, *words: str) -> None:
        """Run one of PostgreSQL's programs."""
        command = as_server_user(str(find_postgres() / program), *words)
        done = subprocess.run(command, capture_output=True, text=True, cwd="/")
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr}")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._process: subprocess.Popen[bytes] | None = subprocess.Popen(
            as_server_user(
                str(find_postgres() / "postgres"), "-D", str(self.data), "-p", str(self.port), "-k", str(self.folder),
                "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200", "-c", "shared_buffers=64MB",
            ),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/",
        )  # fmt: skip
        until = time.monotonic() + _READY_SECONDS
        while True:
            try:
                self.sql("SELECT 1")
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > until:
                    raise
                time.sleep(0.02)
            else:
                return

    def kill(self) -> None:
        """End it and every process of it at once, as a power cut would."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGSTOP)  # it begins no new one meanwhile
        children = self._children()
        for child in children:
            _signal(child, signal.SIGKILL)
        self._process.kill()
        self._process.wait(20)
        self._process = None
        while any(map(_lives, children)):  # who starts it before they are gone is refused
            time.sleep(0.005)

    def restart(self) -> None:
        """End it in order, every session with it, and start it."""
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)
        self._process.wait(60)
        self.start()

    def sql(self, statement: str, *, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run a statement as the owner; return its rows."""
        with psycopg.connect(self.url(database), autocommit=True, connect_timeout=5) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def url(self, database: str) -> str:
        """Return the address of a database of this server alone."""
        return f"postgresql://owner@127.0.0.1:{self.port}/{database}"

    def remove(self) -> None:
        """End it and remove its files."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _children(self) -> list[int]:
        if self._process is None or self._process.poll() is not None:
            return []
        task = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        return [int(word) for word in task.read_text().split()]


class Pair:
    """A primary and its standby, which confirms each commit where it is waited for.

    Args:
        database: made and filled before the standby is copied.
        waits: a commit is answered once the standby has it on its disk.
    """

    def __init__(self, database: str, *, waits: bool = True) -> None:
        self.primary, self.standby, self._database = Node(), Node(), database
        self._waits = waits
        try:
            self._make_primary()
            self._make_standby()
        except BaseException:
            self.close()
            raise

    def url(self) -> str:
        """Return the address of the database, on whichever of the two takes changes."""
        ports = f"127.0.0.1:{self.primary.port},127.0.0.1:{self.standby.port}"
        return f"postgresql://owner@{ports}/{self._database}"

    def fail_over(self) -> None:
        """Kill the primary for good, and make its standby the primary, which waits for nobody."""
        self.primary.kill()
        self.standby.sql("SELECT pg_promote(true, 60)")
        self.primary, self.standby = self.standby, self.primary

    def follow_again(self) -> None:
        """Copy the one that was lost from the new primary, which waits for it from now on, where one was waited for."""
        shutil.rmtree(self.standby.data)
        self._make_standby()

    def close(self) -> None:
        """End both and remove their files."""
        self.primary.remove()
        self.standby.remove()

    def _make_primary(self) -> None:
        from tocsin.migrations.upgrade import upgrade_postgres

        node = self.primary
        node.run(
            "initdb",
            "-D",
            str(node.data),
            "-A",
            "trust",
            "-U",
            "owner",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "-N",
        )
        node.start()
        node.sql(f"CREATE DATABASE {self._database}")
        upgrade_postgres(node.url(self._database))

    def _make_standby(self) -> None:
        node, main = self.standby, f"host=127.0.0.1 port={self.primary.port} user=owner"
        node.run("pg_basebackup", "-d", main, "-D", str(node.data), "-X", "stream", "-c", "fast", "-R", "-N")
        with (node.data / "postgresql.auto.conf").open("a") as settings:
            settings.write(f"primary_conninfo = '{main} application_name={_STANDBY}'\n")
        node.start()
        if self._waits:
            self.primary.sql(f"ALTER SYSTEM SET synchronous_standby_names = '{_STANDBY}'")
            self.primary.sql("SELECT pg_reload_conf()")
        wanted = [("sync" if self._waits else "async",)]
        until = time.monotonic() + _READY_SECONDS
        while self.primary.sql("SELECT sync_state FROM pg_stat_replication") != wanted:
            if time.monotonic() > until:
                raise TimeoutError("the standby does not follow")
            time.sleep(0.05)


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
