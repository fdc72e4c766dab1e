"""CUPS's own IPP Everywhere printer, `ippeveprinter`, on a bus of its own: out of paper, jammed, slow, gone.

It finds out from its command what became of a page: a script that reads how it is to behave.
"""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Literal, Self

from tests.databases import free_port
from tests.near import HOST
from tests.peers.fprintd_peer import BUS_CONF

PROGRAM = "/usr/sbin/ippeveprinter"
_COMMAND = """#!/bin/sh
case "$(cat {folder}/mode)" in
 jam) echo "STATE: +media-jam" >&2; echo "ERROR: Jam" >&2; exit 1;;
 cover) echo "STATE: +cover-open" >&2; exit 1;;
 slow) while [ "$(cat {folder}/mode)" = slow ]; do sleep 0.02; done;;
 low) echo "STATE: +media-low" >&2;;
 *) echo "STATE: -media-jam,media-low,cover-open" >&2;;
esac
cp "$1" {folder}/out/$$.pdf && mv {folder}/out/$$.pdf "{folder}/out/$IPP_JOB_ID-$IPP_JOB_NAME.pdf"
"""


class IppPrinterPeer:
    """The printer: a context manager that serves on `host`:`port`."""

    host = HOST

    def __init__(self) -> None:
        self.folder, self.port = Path(tempfile.mkdtemp(prefix="tocsin-ipp-")), free_port()
        self._processes = list[subprocess.Popen[bytes]]()

    def __enter__(self) -> Self:
        for name in ("out", "spool"):
            (self.folder / name).mkdir()
        self.behave("ok")
        command, bus = self.folder / "command.sh", self.folder / "bus.sock"
        command.write_text(_COMMAND.format(folder=self.folder))
        command.chmod(0o755)
        (self.folder / "bus.conf").write_text(BUS_CONF.format(socket=bus))
        self._start("dbus-daemon", "--nofork", f"--config-file={self.folder / 'bus.conf'}")
        _wait_until(bus.exists)
        self._start(
            PROGRAM, "-p", str(self.port), "-n", "localhost", "-r", "off", "-k", "-d", str(self.folder / "spool"),
            "-f", "application/pdf", "-c", str(command), "-v", "Ticket Desk",
        )  # fmt: skip
        _wait_until(self._answers)
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the printer and its bus."""
        for process in reversed(self._processes):
            process.kill()
            process.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)

    def behave(self, how: Literal["ok", "low", "jam", "cover", "slow"]) -> None:
        """Tell how the next page goes; a slow one is being printed until this is changed."""
        (self.folder / "mode.new").write_text(how)
        (self.folder / "mode.new").replace(self.folder / "mode")

    def load_paper(self, sheets: int) -> None:
        """Take the paper out of every tray, or put some in: by the printer's own page."""
        page = urllib.request.urlopen(f"http://{self.host}:{self.port}/media").read().decode()
        chosen: dict[str, str] = {}
        for name, body in re.findall(r'<select name="(\w+?\d)">(.*?)</select>', page, re.DOTALL):
            options = re.findall(r'<option(?: value="([^"]*)")?( selected)?>([^<]*)', body)
            value, _, text = next((each for each in options if each[1]), options[0])
            chosen[name] = str(sheets) if name.startswith("level") else value or text
        asked = urllib.parse.urlencode(chosen)
        urllib.request.urlopen(f"http://{self.host}:{self.port}/media?{asked}").close()

    def stop(self) -> None:
        """Switch the printer off in the middle of whatever it does."""
        self._processes[-1].send_signal(signal.SIGKILL)
        self._processes[-1].wait(10)

    def papers(self) -> list[Path]:
        """Return the pages that came out, named by the job's id and name."""
        return sorted((self.folder / "out").glob("*-*.pdf"))

    def _start(self, *command: str) -> None:
        environment = os.environ | {"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={self.folder / 'bus.sock'}"}
        log = (self.folder / "log").open("ab")
        self._processes.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log))
        log.close()

    def _answers(self) -> bool:
        assert self._processes[-1].poll() is None, (self.folder / "log").read_text()
        try:
            urllib.request.urlopen(f"http://{self.host}:{self.port}/").close()
        except OSError:
            return False
        return True


def _wait_until(ready: Callable[[], bool], seconds: float = 10) -> None:
    until = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < until, "it does not start"
        time.sleep(0.02)
