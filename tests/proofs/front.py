"""nginx before several servers, set up by the very file that docs/cluster.md shows."""

import re
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import httpx

from tests.proofs.running import ROOT, quiet_port

_MAIN = """daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
worker_processes 1;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {site}
}}
"""


class Nginx:
    """A running nginx before servers of the loopback.

    Args:
        folder: for its files.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, quiet_port()
        self.base = f"http://localhost:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, ports: Sequence[int]) -> Self:
        """Start it before the servers of these ports."""
        self.folder.mkdir(parents=True, exist_ok=True)
        config = self.folder / "nginx.conf"
        config.write_text(_MAIN.format(folder=self.folder, site=self._site(ports)), "utf-8")
        with (self.folder / "said.log").open("ab") as said:
            self._process = subprocess.Popen(
                ["nginx", "-c", str(config), "-p", str(self.folder), "-e", str(self.folder / "error.log")],
                stdout=said, stderr=said,
            )  # fmt: skip
        until = time.monotonic() + 20
        while True:
            try:
                httpx.get(f"{self.base}/healthz", trust_env=False)
            except httpx.TransportError:
                if self._process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError((self.folder / "said.log").read_text()) from None
                time.sleep(0.02)
            else:
                return self

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)
            self._process = None

    def _site(self, ports: Sequence[int]) -> str:
        page = (ROOT / "docs" / "cluster.md").read_text("utf-8")
        found = re.search(r"```nginx\n(.*?)```", page, re.DOTALL)
        assert found, "docs/cluster.md shows no nginx file"
        site = re.sub(r"\n +ssl_.*", "", found[1]).replace(
            "listen 443 ssl;", f"listen 127.0.0.1:{self.port};"
        )
        rest = "max_fails=1 fail_timeout=2s;"
        servers = "\n".join(f"server 127.0.0.1:{port} {rest}" for port in ports)
        return re.sub(r"( +server 10\.\S+ max_fails=1 fail_timeout=2s;\n)+", f"{servers}\n", site)
