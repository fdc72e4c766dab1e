"""What peers that answer POSTs over real HTTP have in common: a server on a free port, and an end."""

import http.server
import threading
from abc import ABC, abstractmethod
from typing import Any


class HttpPeer(ABC):
    """A running peer at `origin`."""

    def __init__(self) -> None:
        peer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                peer.answer(self, self.rfile.read(int(self.headers.get("content-length", 0))))

            def log_message(self, *_: Any) -> None:
                return None

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()

    @abstractmethod
    def answer(self, asked: http.server.BaseHTTPRequestHandler, body: bytes) -> None:
        """Answer a request; each peer's own."""
