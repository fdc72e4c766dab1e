"""Traces for OpenTelemetry: a request, the verbs of boxes that it calls, and their statements, sent by OTLP over HTTP.

Loaded where `traces_url` is set.
"""

from typing import Any

from opentelemetry import context, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Status, StatusCode

from tocsin.core.telemetry import Kind

_QUIET = frozenset({"step"})
"""Loops look for work all day: a span for each look would bury those that somebody waited for."""


class Traces:
    """Makes a span of each thing that is done.

    Args:
        url: address of the collector, such as `http://localhost:4318/v1/traces`.
        share: of traces that begin here, from 0 to 1.
    """

    def __init__(self, url: str, *, version: str, share: float) -> None:
        about = Resource.create({"service.name": "tocsin", "service.version": version})
        self._provider = TracerProvider(resource=about, sampler=ParentBased(TraceIdRatioBased(share)))
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=url)))
        self._tracer = self._provider.get_tracer("tocsin")

    def begin(self, kind: Kind, name: str) -> Any:
        """Begin a span within the one that is open here."""
        if kind in _QUIET:
            return None
        span = self._tracer.start_span(f"{kind} {name}", attributes={"tocsin.kind": kind})
        return span, context.attach(trace.set_span_in_context(span))

    def end(self, begun: Any, kind: Kind, name: str, *, seconds: float, failed: bool) -> None:
        """End it; why it failed is not told: a fault's text may quote a customer."""
        if begun is None:
            return
        span, token = begun
        context.detach(token)
        span.update_name(f"{kind} {name}")
        span.set_attribute("tocsin.box", name)
        if failed:
            span.set_status(Status(StatusCode.ERROR))
        span.end()

    def count(self, what: str, name: str) -> None:
        """Say it of the span that is open."""
        trace.get_current_span().add_event(f"{what} {name}")

    def stop(self) -> None:
        """Send what waits."""
        self._provider.shutdown()
