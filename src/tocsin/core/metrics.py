"""Metrics for Prometheus, on an address of their own: whoever reaches the desk's pages does not reach them.

Loaded where `metrics_address` is set.
"""

from collections.abc import Callable
from typing import Any

from prometheus_client import REGISTRY, Counter, Gauge, Histogram, Info, start_http_server

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

    def begin(self, kind: Kind, name: str) -> None:
        """Nothing to keep."""

    def end(self, _: Any, kind: Kind, name: str, *, seconds: float, failed: bool) -> None:
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


def serve_metrics(
    place: tuple[str, int], *, build: dict[str, str], gauges: dict[str, tuple[str, Callable[[], float]]]
) -> Callable[[], None]:
    """Serve metrics at a host and port; return what stops it.

    Args:
        gauges: by name (without `tocsin_`), what it is and what is asked at each reading.

    Raises:
        OSError: the address is taken, or not ours.
    """
    server, thread = start_http_server(place[1], place[0])
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
