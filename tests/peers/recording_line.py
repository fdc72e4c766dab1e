"""A line between a client and a server that keeps each request as it was sent, byte for byte."""

import contextlib
import re
import socket
import threading

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)


class RecordingLine:
    """Passes on what comes to `port`; `requests` are what clients sent, whole."""

    def __init__(self, to_port: int) -> None:
        self._to, self.requests, self._lock = to_port, list[bytes](), threading.Lock()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Let nobody in any more."""
        self._socket.close()

    def kept(self, part: bytes) -> list[bytes]:
        """Return the requests whose first line holds a text."""
        with self._lock:
            return [one for one in self.requests if part in one.partition(b"\r\n")[0]]

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(("127.0.0.1", self._to), timeout=10)
        except OSError:
            client.close()
            return
        server.settimeout(None)
        threading.Thread(target=_pump, args=(server, client), daemon=True).start()
        pending = b""
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                server.sendall(data)
                pending = self._keep(pending + data)
        _hang_up(server)

    def _keep(self, data: bytes) -> bytes:
        """Keep each whole request; return what is not one yet."""
        while b"\r\n\r\n" in data:
            head, _, rest = data.partition(b"\r\n\r\n")
            length = _LENGTH.search(head + b"\r\n")
            size = int(length[1]) if length else 0
            if len(rest) < size:
                break
            with self._lock:
                self.requests.append(head + b"\r\n\r\n" + rest[:size])
            data = rest[size:]
        return data


def send_raw(port: int, request: bytes) -> int:
    """Send a request as it is over a connection of its own; return the status."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
        line.sendall(request)
        answer = b""
        while b"\r\n" not in answer:
            data = line.recv(65536)
            if not data:
                return 0
            answer += data
    return int(answer.split(b" ", 2)[1])


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    _hang_up(sink)


def _hang_up(line: socket.socket) -> None:
    with contextlib.suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
    line.close()
