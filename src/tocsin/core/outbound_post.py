"""An outbound request: to a checked address of its place, within one time for all of it.

Its library is loaded with the first one: who sends imports this box then.
"""

import socket
import ssl
import time
from collections.abc import Iterable
from typing import Any

import httpcore

from tocsin.core.outbound import (
    ANSWER_MOST_BYTES,
    SECONDS_MOST,
    Answer,
    Network,
    Place,
    PlaceRefused,
    Resolve,
    look_up,
    require_allowed,
)  # fmt: skip


def post_body(
    place: Place, body: bytes, *, headers: dict[str, str], networks: tuple[Network, ...] = (),
    resolve: Resolve = look_up, trust: ssl.SSLContext | None = None, seconds: float = SECONDS_MOST, keep: bool = False,
) -> Answer:  # fmt: skip
    """Send a body, JSON unless a header says otherwise, and return what was answered; a redirect is an answer like any other.

    Args:
        headers: their names in lower case.
        keep: return what was answered, 64 KiB of it at most.
    """
    begun = time.monotonic()
    way = _Way(place, networks=networks, resolve=resolve, until=begun + seconds)
    status, problem, told = way.ask(body, headers=headers, trust=trust)
    if status and not 200 <= status < 300:
        problem = f"status {status}"
    took = round((time.monotonic() - begun) * 1000)
    return Answer(status, problem, took, way.sent, told if keep else b"")


class _Way(httpcore.NetworkBackend):
    """Connects to a checked address of the place's host, and to nothing else."""

    def __init__(
        self, place: Place, *, networks: tuple[Network, ...], resolve: Resolve, until: float
    ) -> None:
        self._place, self._networks, self._resolve, self._until = place, networks, resolve, until
        self.sent = False

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, *_: Any, **__: Any
    ) -> httpcore.NetworkStream:
        """Connect to an allowed address of the place."""
        found = self._resolve(self._place.host, self._place.port)
        allowed = require_allowed(self._place.host, found, networks=self._networks, plain=self._place.plain)
        backend, last = httpcore.SyncBackend(), None
        for address in allowed[:4]:
            try:
                stream = backend.connect_tcp(address, self._place.port, timeout=_left(self._until))
                return _Bounded(stream, self._until, self)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as fault:
                last = fault
        assert last is not None
        raise last

    def ask(
        self, body: bytes, *, headers: dict[str, str], trust: ssl.SSLContext | None
    ) -> tuple[int, str, bytes]:
        """Post a body; return the status or 0, the code of a problem or nothing, and the answer's beginning."""
        try:
            return self._exchange(body, headers=headers, trust=trust)
        except PlaceRefused:
            return 0, "forbidden", b""
        except (httpcore.TimeoutException, TimeoutError):
            return 0, "timeout", b""
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError, UnicodeError) as fault:
            named = not isinstance(fault, (socket.gaierror, UnicodeError))
            return 0, "unreachable" if named else "no_host", b""

    def _exchange(
        self, body: bytes, *, headers: dict[str, str], trust: ssl.SSLContext | None
    ) -> tuple[int, str, bytes]:
        pool = httpcore.ConnectionPool(
            ssl_context=trust or ssl.create_default_context(), network_backend=self, max_connections=1,
            max_keepalive_connections=0,
        )  # fmt: skip
        given = _headers(self._place, headers)
        with pool, pool.stream("POST", self._place.url, headers=given, content=body) as answer:
            return answer.status, "", _read_some(answer.iter_stream())

    def sleep(self, seconds: float) -> None:
        """Wait, and no longer than there is time."""
        time.sleep(min(seconds, _left(self._until)))


class _Bounded(httpcore.NetworkStream):
    """A stream whose every step ends with the time of the whole: who drips a byte a second is cut off."""

    def __init__(self, inner: httpcore.NetworkStream, until: float, way: _Way) -> None:
        self._inner, self._until, self._way = inner, until, way

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, timeout=_left(self._until))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        left = _left(self._until)
        self._way.sent = True  # TLS shakes hands beneath this: what passes here is the request
        self._inner.write(buffer, timeout=left)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Bounded(
            self._inner.start_tls(ssl_context, server_hostname, timeout=_left(self._until)),
            self._until,
            self._way,
        )

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the time of the whole is over")
    return left


def _headers(place: Place, headers: dict[str, str]) -> list[tuple[str, str]]:
    own = {"host": _host_header(place), "content-type": "application/json", "user-agent": "tocsin-webhooks"}
    return list({**own, **headers}.items())


def _host_header(place: Place) -> str:
    host = f"[{place.host}]" if ":" in place.host else place.host
    return host if place.port == (80 if place.plain else 443) else f"{host}:{place.port}"


def _read_some(parts: Iterable[bytes]) -> bytes:
    """Return an answer's beginning, and leave the rest."""
    kept = b""
    for part in parts:
        kept += part
        if len(kept) > ANSWER_MOST_BYTES:
            break
    return kept[:ANSWER_MOST_BYTES]
