"""Metrics for Prometheus, on an address of their own: whoever reaches the desk's pages does not reach them.

Loaded where `metrics_address` is set.
"""

import ipaddress
import socket
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import REGISTRY, Counter, Gauge, Histogram, Info, make_wsgi_app

from tocsin.core.telemetry import Kind

_MOMENTS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_SECONDS = Histogram(
    "tocsin_seconds", "Time that a box, route, loop or task took.", ("kind", "name"), buckets=_MOMENTS
)
_FAILED = Counter("tocsin_failures", "What ended with a fault or a refusal.", ("kind", "name"))
_HAPPENED = Counter(
    "tocsin_happened", "Events of a kind, refusals of a code, answers of a status.", ("what", "name")
)
_BUILD = Info("tocsin_build", "Version, schema and database.")


class Metrics:
    """Counts what telemetry tells."""

    def __init__(self) -> None:
        self._seconds: dict[tuple[str, str], Any] = {}

    def begin(self, kind: Kind, name: str, *, beside: Sequence[str]) -> None:
        """Nothing to keep."""

    def end(self, _: Any, kind: Kind, name: str, *, seconds: float, failed: bool, idle: bool) -> None:
        """Count it, and how long it took."""
        # Finding the child by its labels each time costs as much as a small read.
        child = self._seconds.get((kind, name))
        if child is None:
            child = self._seconds[kind, name] = _SECONDS.labels(kind, name)
        child.observe(seconds)
        if failed:
            _FAILED.labels(kind, name).inc()

    def count(self, what: str, name: str) -> None:
        """Count it."""
        _HAPPENED.labels(what, name).inc()


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    address_family = socket.AF_INET


class _Server6(_Server):
    address_family = socket.AF_INET6


class _Silent(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing: who reads metrics reads them all day."""


Page = Callable[[], tuple[str, bytes]]


def serve_metrics(
    place: tuple[str, int], *, build: dict[str, str], gauges: dict[str, tuple[str, Callable[[], float]]], pages: Mapping[str, Page]
) -> Callable[[], None]:  # fmt: skip
    """Serve metrics at a host and port, and pages beside them; return what stops it.

    Args:
        gauges: by name (without `tocsin_`), what it is and what is asked at each reading.
        pages: by path, what makes a page's type and body.

    Raises:
        OSError: the address is taken, or not ours.
    """
    kind = _Server6 if ":" in place[0] else _Server
    server = make_server(place[0], place[1], _answers(pages), server_class=kind, handler_class=_Silent)
    thread = threading.Thread(target=server.serve_forever, name="metrics", daemon=True)
    thread.start()
    made = []
    for name, (said, ask) in gauges.items():
        gauge = Gauge(f"tocsin_{name}", said)
        gauge.set_function(ask)
        made.append(gauge)
    _BUILD.info(build)

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join()
        for gauge in made:
            REGISTRY.unregister(gauge)

    return stop


def _answers(pages: Mapping[str, Page]) -> Callable[[dict[str, Any], Any], Iterable[bytes]]:
    metrics = make_wsgi_app()

    def answer(asked: dict[str, Any], start: Any) -> Iterable[bytes]:
        if not _is_sound(asked):
            start("421 Misdirected Request", [("Content-Type", "text/plain")])
            return [b"ask for it by its number, or as localhost\n"]
        page = pages.get(asked["PATH_INFO"])
        if page is None:
            return metrics(asked, start)  # type: ignore[no-any-return]
        kind, body = page()
        start("200 OK", [
            ("Content-Type", kind), ("Content-Length", str(len(body))), ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"),
            ("Content-Security-Policy", "default-src 'none'; style-src 'self'; frame-ancestors 'none'"),
        ])  # fmt: skip
        return [body]

    return answer


def _is_sound(asked: dict[str, Any]) -> bool:
    """Tell whether it was asked for by a number or as localhost: a name of somebody's may lead a browser here (DNS rebinding).

    Metrics are read by any name, by whatever is no browser: in a network of containers Prometheus knows nothing else.
    """
    host = asked.get("HTTP_HOST", "").rpartition(":")[0] or asked.get("HTTP_HOST", "")
    if host in ("", "localhost"):
        return True
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return asked["PATH_INFO"] == "/metrics" and not _is_browser(asked)
    return True


def _is_browser(asked: dict[str, Any]) -> bool:
    """Tell whether a page may have asked: by plain HTTP a browser says nothing of where from (`Sec-Fetch-Site`), nor always `Origin`.

    It always says that it takes deflate, which no page can change, but where a part is asked for. What reads metrics says gzip, or nothing.
    Source: Fetch, forbidden request-header; HTTP-network-or-cache fetch.
    """
    return "deflate" in asked.get("HTTP_ACCEPT_ENCODING", "") or "HTTP_RANGE" in asked
