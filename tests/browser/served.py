"""A desk that really serves, in a process of its own."""

import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from tests.databases import free_port, lay_out
from tests.near import uncounted

_PATIENCE_SECONDS = 90


class Served:
    """`tocsin serve --empty` on a free port with a folder of its own; `owner_link` is what it printed."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.base = f"http://localhost:{self.port}"
        self._log = folder / "serve.log"
        self._environment = uncounted(
            TOCSIN_DATA_DIR=str(folder / "data"), TOCSIN_PORT=str(self.port), PYTHONPATH="src", PYTHONUNBUFFERED="1"
        )  # fmt: skip
        lay_out(folder / "data")
        self.start()
        try:
            self.owner_link = self._wait()
        except BaseException:
            self.kill()
            raise

    def start(self) -> None:
        """Begin, at the same address and with the same data each time."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tocsin", "serve", "--empty"],
                stdout=log,
                stderr=log,
                env=self._environment,
            )

    def wait_ready(self) -> None:
        """Wait until it answers."""
        until = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < until:
            try:
                if httpx.get(f"{self.base}/readyz").status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        raise AssertionError(f"the desk does not serve:\n{self.log()}")

    def kill(self) -> None:
        """End it as a power cut would."""
        self._process.kill()
        self._process.wait(_PATIENCE_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(_PATIENCE_SECONDS)

    def log(self) -> str:
        """Return what the server has said."""
        return self._log.read_text("utf-8", "replace")

    def _wait(self) -> str:
        until = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < until and self._process.poll() is None:
            found = re.search(r"http://\S+/owner/\S+", self.log())
            if found and httpx.get(f"{self.base}/readyz").status_code == 200:
                return found[0]
            time.sleep(0.05)
        raise AssertionError(f"the desk does not serve:\n{self.log()}")
