"""What the vendors' clouds have in common over real HTTP: forms in, JSON out, switches that make them misbehave."""

import http.server
import json
import threading
from abc import abstractmethod
from typing import Any
from urllib.parse import parse_qs

from tests.peers.http_peer import HttpPeer


class CloudVendor(HttpPeer):
    """A running peer.

    Switches: `offline` printers; `cut` answers nothing to what is printed, though it is taken; `down` answers 502;
    `garbled` answers what is no JSON; `free` is cleared to let each call wait, `waiting` counts them. `papers` is what was taken, by its order's name; `done` which came out.
    """

    def __init__(self) -> None:
        self.offline = self.cut = self.down = self.garbled = False
        self.free = threading.Event()
        self.free.set()
        self.waiting = 0
        self.papers: dict[str, str] = {}
        self.done: set[str] = set()
        self.asked: list[str] = []
        super().__init__()
        self.url = f"{self.origin}/"

    @abstractmethod
    def judge(self, path: str, form: dict[str, str]) -> dict[str, Any]:
        """Return what a form is answered; each vendor's own."""

    def take(self, text: str) -> str:
        """Take a paper; return its order's name."""
        name = f"316500011_{len(self.papers) + 1}"
        self.papers[name] = text
        return name

    def answer(self, asked: http.server.BaseHTTPRequestHandler, body: bytes) -> None:
        before = len(self.papers)
        self.waiting += 1
        self.free.wait(9)
        self.waiting -= 1
        form = {name: values[0] for name, values in parse_qs(body.decode(), keep_blank_values=True).items()}
        said = json.dumps(self.judge(asked.path, form)).encode()
        if self.cut and len(self.papers) > before:
            asked.close_connection = True
            asked.connection.close()
            return
        asked.send_response(502 if self.down else 200)
        data = b"<html>" if self.garbled or self.down else said
        asked.send_header("content-length", str(len(data)))
        asked.end_headers()
        asked.wfile.write(data)
