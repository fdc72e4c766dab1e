"""An LCUS-1 relay at the end of a pseudo serial line: takes frames whose sum is right, and answers nothing."""

import os
import subprocess
import threading
import time
from pathlib import Path

import serial


class SerialPair:
    """Two serial ports that are wired to each other: socat and two pseudo terminals."""

    def __init__(self, folder: Path) -> None:
        near, far = folder / "near", folder / "far"
        self._process = subprocess.Popen(
            ["socat", f"pty,raw,echo=0,link={near}", f"pty,raw,echo=0,link={far}"], stderr=subprocess.DEVNULL
        )
        until = time.monotonic() + 10
        while not (near.exists() and far.exists()):
            assert time.monotonic() < until, "socat makes no pseudo terminals"
            time.sleep(0.02)
        # The desk takes devices of /dev only, whatever leads there.
        self.near, self.far = os.path.realpath(near), os.path.realpath(far)

    def unplug(self) -> None:
        """Take both ends away."""
        self._process.terminate()
        self._process.wait(10)

    close = unplug


class LcusRelay:
    """The relays at the far end."""

    def __init__(self, port: str) -> None:
        self.on: dict[int, bool] = {}
        self.wrong: list[bytes] = []
        self._line = serial.Serial(port, 9600, timeout=0.05)
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def wait_for(self, relay: int, *, on: bool, seconds: float = 3) -> bool:
        """Wait until a relay is in a state; tell whether it came to."""
        until = time.monotonic() + seconds
        while self.on.get(relay, False) != on and time.monotonic() < until:
            time.sleep(0.005)
        return self.on.get(relay, False) == on

    def close(self) -> None:
        """End it."""
        self._ending.set()
        self._thread.join(5)
        self._line.close()

    def _run(self) -> None:
        read = b""
        while not self._ending.is_set():
            try:
                read += self._line.read(64)
            except (OSError, TypeError):  # unplugged
                return
            while len(read) >= 4:
                frame, read = read[:4], read[4:]
                if frame[0] == 0xA0 and sum(frame[:3]) & 0xFF == frame[3] and frame[2] in (0, 1):
                    self.on[frame[1]] = bool(frame[2])
                else:
                    self.wrong.append(frame)
