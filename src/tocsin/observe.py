"""Watching a process run: the slow log, metrics and traces, as its settings have them."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from tocsin.core.errors import Refusal
from tocsin.core.telemetry import Watcher, count, doing, watch
from tocsin.desk import Desk


class MetricsTaken(Refusal):
    """The address {address} for metrics can't be listened on ({problem}): choose another metrics_address, or leave it empty"""

    kind, code = "locked", "metrics_taken"


class Timed:
    """Stands before the application: how long each route takes to its first byte, and how it answers."""

    def __init__(self, inner: ASGIApp) -> None:
        self.inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and time what is passed."""
        if scope["type"] != ScopeType.HTTP:
            await self.inner(scope, receive, send)
            return
        with doing("request", "-") as watched:

            async def told(message: Message) -> None:
                if message["type"] == "http.response.start":
                    # As it is declared: what stands in an address may be a secret, and there is no end of them.
                    route = scope.get("path_template")
                    watched.answered(f"{scope['method']} {route}" if route else "-")
                    count("answer", str(message["status"]))
                await send(message)

            await self.inner(scope, receive, told)


@contextmanager
def observed(
    desk: Desk, *, pages: Mapping[str, Callable[[], tuple[str, bytes]]] | None = None
) -> Iterator[None]:
    """Watch the process while it works.

    Args:
        pages: what is served beside the metrics, by path.

    Raises:
        MetricsTaken: the address for metrics is taken, or is none of this machine.
    """
    settings, watchers, stops = desk.settings, list[Watcher](), list[Callable[[], None]]()
    try:
        if place := settings.metrics_place():
            from tocsin.core.metrics import Metrics

            stops.append(_serve_metrics(desk, place, pages or {}))
            watchers.append(Metrics())
        if settings.traces_url:
            from tocsin.core.tracing import Traces

            traces = Traces(settings.traces_url, version=version("tocsin"), share=settings.traces_share)
            watchers.append(traces)
            stops.append(traces.stop)
        watch(*watchers, slow_ms=settings.slow_ms)
        yield
    finally:
        watch(slow_ms=0)
        for stop in reversed(stops):
            stop()


def _serve_metrics(
    desk: Desk, place: tuple[str, int], pages: Mapping[str, Callable[[], tuple[str, bytes]]]
) -> Callable[[], None]:
    from tocsin.core.metrics import serve_metrics

    gauges: dict[str, tuple[str, Callable[[], float]]] = {
        "waiting": ("Who waits for a connection to the database, or for the writer.", desk.db.waiting),
        "requests_waiting": ("Requests that wait for their turn.", lambda: desk.requests_waiting()),  # noqa: PLW0108 - its server comes later
        "streams": ("Open lines on which pages and programs hear news.", desk.streams.open_count),
    }
    build = {"version": version("tocsin"), "database": desk.db.dialect}
    try:
        return serve_metrics(place, build=build, gauges=gauges, pages=pages)
    except OSError as fault:
        problem = fault.strerror or str(fault)
        raise MetricsTaken(address=desk.settings.metrics_address, problem=problem) from None
