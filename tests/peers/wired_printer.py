"""A receipt printer at the end of a pseudo terminal: socat leads each byte to the ESC/POS peer and back."""

import os
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from tests.peers.escpos_peer import EscposPeer


class WiredPrinter:
    """The peer, and `port`, the device by which it is reached; `unplug` takes the device away."""

    def __init__(self, folder: Path, peer: EscposPeer | None = None) -> None:
        self.peer = peer or EscposPeer()
        near = folder / "near"
        self._wire = subprocess.Popen(
            ["socat", f"pty,raw,echo=0,link={near}", f"tcp:{self.peer.host}:{self.peer.port},nodelay"],
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + 10
        while not near.exists():
            assert time.monotonic() < until, "socat makes no pseudo terminal"
            time.sleep(0.02)
        self.port, self._held = os.path.realpath(near), list[int]()

    def unplug(self) -> None:
        """Take the device away; its name stays ours, or the next terminal of any process would have it at once."""
        with suppress(OSError):
            self._held.append(os.open(self.port, os.O_RDWR | os.O_NOCTTY))
        self._wire.terminate()
        self._wire.wait(10)

    def close(self) -> None:
        """End both."""
        self.unplug()
        self.peer.close()
        while self._held:
            os.close(self._held.pop())
