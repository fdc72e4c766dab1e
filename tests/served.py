"""The desk as its users run it: `tocsin serve` in a process of its own, on a free port."""

import os
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.databases import free_port
from tests.near import PRINTER_NETWORKS


class Served:
    """A running `tocsin serve`; `said` is what it printed until it was ready. Counted, its lines count as covered."""

    def __init__(
        self, folder: Path, *options: str, port: int = 0, ready_seconds: float = 60, counted: bool = False
    ) -> None:
        self.port = port or free_port()
        command = [
            sys.executable,
            "-m",
            "tocsin",
            "serve",
            "--data-dir",
            str(folder),
            "--port",
            str(self.port),
            *options,
        ]
        began = time.monotonic()
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={"TOCSIN_DRAIN_SECONDS": "0"}
            | {name: text for name, text in os.environ.items() if counted or not name.startswith("COVERAGE_")}
            | {"TOCSIN_PRINTER_NETWORKS": PRINTER_NETWORKS, "PYTHONFAULTHANDLER": "1"},
        )
        self.said = self._read_until_ready(ready_seconds)
        self.ready_seconds = time.monotonic() - began

    @staticmethod
    def refused(folder: Path, *options: str) -> tuple[int, str]:
        """Run a `tocsin serve` that can't; return its status and what it said on standard error."""
        command = [
            sys.executable,
            "-m",
            "tocsin",
            "serve",
            "--data-dir",
            str(folder),
            "--port",
            str(free_port()),
            *options,
        ]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        return ended.returncode, ended.stderr

    def url(self, path: str = "", host: str = "localhost") -> str:
        """Return an address of the desk."""
        return f"http://{host}:{self.port}{path}"

    def owner_links(self) -> list[str]:
        """Return the one-time links that were printed."""
        return re.findall(r"http://\S+/owner/\S+", self.said)

    def stop(self) -> float:
        """End it by SIGTERM; return how many seconds it took. One that does not end says where each thread stands."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)
            raise RuntimeError(self.process.communicate()[1].decode(errors="replace")) from None
        return time.monotonic() - began

    def _read_until_ready(self, seconds: float) -> str:
        assert self.process.stdout is not None
        said, until = b"", time.monotonic() + seconds
        while time.monotonic() < until and b"Tocsin serves on" not in said:
            if select.select([self.process.stdout], [], [], 0.2)[0]:
                read = os.read(self.process.stdout.fileno(), 65536)
                said += read
                if not read:
                    break
        if b"Tocsin serves on" in said:
            return said.decode()
        self.process.kill()
        raise RuntimeError(f"tocsin serve: {said!r} {self.process.communicate()[1]!r}")


def resident_mb(pid: int) -> float:
    """Return how much of the machine's memory a process has, in MiB."""
    text = Path(f"/proc/{pid}/status").read_text("ascii")
    return int(text.partition("VmRSS:")[2].split()[0]) / 1024
