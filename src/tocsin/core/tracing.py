"""Traces for OpenTelemetry: a request, the verbs of boxes that it calls, and their statements, sent by OTLP over HTTP.

Loaded where `traces_url` is set.
"""

from collections.abc import Sequence
from typing import Any

from opentelemetry import context, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Status, StatusCode

from tocsin.core.telemetry import Kind

_BEGINS = frozenset({"request", "task", "step"})
"""What somebody or something asked for. A read or a change of nobody's is a look for work, or shared by several: no trace is begun for it."""
_KEPT_MOST = 2000


class Traces:
    """Makes a span of each thing that is done.

    Args:
        url: address of the collector, such as `http://localhost:4318/v1/traces`.
        share: of traces that begin here, from 0 to 1.
    """

    def __init__(self, url: str, *, version: str, share: float) -> None:
        about = Resource.create({"service.name": "tocsin", "service.version": version})
        self._provider = TracerProvider(resource=about, sampler=ParentBased(TraceIdRatioBased(share)))
        self._sender = _Sender(OTLPSpanExporter(endpoint=url))
        self._provider.add_span_processor(self._sender)
        self._tracer = self._provider.get_tracer("tocsin")

    def begin(self, kind: Kind, name: str, *, beside: Sequence[str]) -> Any:
        """Begin a span within the one that is open here."""
        if kind not in _BEGINS and not trace.get_current_span().get_span_context().is_valid:
            return None
        about: dict[str, str | list[str]] = {"tocsin.kind": kind}
        if beside:
            about["tocsin.with"] = list(dict.fromkeys(beside))
        span = self._tracer.start_span(f"{kind} {name}", attributes=about)
        if kind == "step" and span.is_recording():
            self._sender.keep_back(span.get_span_context().trace_id)
        return span, context.attach(trace.set_span_in_context(span))

    def end(self, begun: Any, kind: Kind, name: str, *, seconds: float, failed: bool, idle: bool) -> None:
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
        if kind == "step":
            self._sender.let_go(span.get_span_context().trace_id, sends=not idle)

    def count(self, what: str, name: str) -> None:
        """Say it of the span that is open."""
        trace.get_current_span().add_event(f"{what} {name}")

    def stop(self) -> None:
        """Send what waits."""
        self._provider.shutdown()


class _Sender(BatchSpanProcessor):
    """Sends spans; those of a loop's step are kept back until it is known whether it found anything.

    Loops look for work all day: a trace of each look would bury those that somebody waited for.
    """

    def __init__(self, exporter: OTLPSpanExporter) -> None:
        super().__init__(exporter)
        self._kept: dict[int, list[ReadableSpan]] = {}

    def keep_back(self, trace_id: int) -> None:
        """Keep the spans of a trace."""
        self._kept[trace_id] = []

    def let_go(self, trace_id: int, *, sends: bool) -> None:
        """Send the spans that were kept of a trace, or forget them."""
        kept = self._kept.pop(trace_id, [])
        for span in kept if sends else ():
            super().on_end(span)

    def on_end(self, span: ReadableSpan) -> None:
        """Take a span that has ended."""
        of = span.get_span_context()
        kept = self._kept.get(of.trace_id) if of else None
        if kept is None:
            super().on_end(span)
        elif len(kept) < _KEPT_MOST or span.parent is None:
            kept.append(span)
