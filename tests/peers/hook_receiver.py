"""A receiver of webhooks over real HTTP or HTTPS, that checks each with the library of Standard Webhooks."""

import http.server
import ssl
import threading
import time
from typing import Any

from standardwebhooks import Webhook


class HookReceiver:
    """A running receiver; `status` is what it answers, `refuse` the next answers, `stuck_on` a text that it never takes, `drip_seconds` how slowly."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.status, self.secret, self.drip_seconds = 204, "", 0.0
        self.refuse: list[int] = []
        self.stuck_on = ""
        self.taken: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.asked, self.unsigned, self.elsewhere = 0, 0, 0
        peer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                peer._answer(self)

            def do_GET(self) -> None:
                peer.elsewhere += 1

            def log_message(self, *_: Any) -> None:
                return None

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_port
        self.url = f"{'https' if tls else 'http'}://hooks.example.test:{self.port}/in"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()

    def sequences(self, order_id: int) -> list[int]:
        """Return the numbers of one order's messages in the order they came."""
        return [one["sequence"] for one in self.taken if one["data"].get("order_id") == str(order_id)]

    def _answer(self, asked: http.server.BaseHTTPRequestHandler) -> None:
        self.asked += 1
        body = asked.rfile.read(int(asked.headers["content-length"]))
        status = self.refuse.pop(0) if self.refuse else self.status
        if self.stuck_on and self.stuck_on in body.decode():
            status = 503
        if 200 <= status < 300:
            try:
                self.taken.append(Webhook(self.secret).verify(body, dict(asked.headers)))
                self.headers.append({name.lower(): value for name, value in asked.headers.items()})
            except Exception:  # whatever is wrong with it, it is not taken
                self.unsigned += 1
                status = 401
        asked.send_response(status)
        if 300 <= status < 400:
            asked.send_header("location", f"http://127.0.0.1:{self.port}/elsewhere")
        if self.drip_seconds:
            asked.send_header("content-length", "1000")
            asked.end_headers()
            self._drip(asked)
            return
        asked.send_header("content-length", "0")
        asked.end_headers()

    def _drip(self, asked: http.server.BaseHTTPRequestHandler) -> None:
        try:
            for _ in range(1000):
                asked.wfile.write(b".")
                time.sleep(self.drip_seconds)
        except OSError:
            return  # the desk has cut it off, as it should
