"""A real MQTT broker: mosquitto as a process of its own on a free port of the loopback."""

import socket
import subprocess
import time
from pathlib import Path

from tests.databases import free_port


class Broker:
    """One mosquitto; it can be stopped and started again on the same port.

    Args:
        user, password: who alone is let in; empty: everybody.
        certificate: files of the certificate and its key; then it speaks TLS only.
    """

    def __init__(
        self, folder: Path, *, user: str = "", password: str = "", certificate: tuple[Path, Path] | None = None
    ) -> None:  # fmt: skip
        self.port, self._folder = free_port(), folder
        folder.mkdir(parents=True, exist_ok=True)
        lines = [
            f"listener {self.port} 127.0.0.1", "set_tcp_nodelay true", "persistence false", "log_dest none",
            f"allow_anonymous {'false' if user else 'true'}", "user root",
        ]  # fmt: skip
        if user:
            names = folder / "names"
            names.touch(mode=0o600)
            subprocess.run(["mosquitto_passwd", "-b", str(names), user, password], check=True)
            lines.append(f"password_file {names}")
        if certificate:
            lines += [f"certfile {certificate[0]}", f"keyfile {certificate[1]}"]
        self._config = folder / "mosquitto.conf"
        self._config.write_text("\n".join(lines) + "\n")
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Begin, and wait until it listens."""
        self.process = subprocess.Popen(
            ["mosquitto", "-c", str(self._config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                assert self.process.poll() is None and time.monotonic() < until, "mosquitto does not run"
                time.sleep(0.02)
            else:
                return

    def stop(self) -> None:
        """End it; clients lose their line."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)
            self.process = None
