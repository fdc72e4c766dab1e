"""A collector of traces at a real socket, and whose a span is."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span


class Collector:
    """Takes spans as they are sent."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        take = self.spans.extend

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = ExportTraceServiceRequest()
                asked.ParseFromString(self.rfile.read(int(self.headers["content-length"])))
                take(span for r in asked.resource_spans for s in r.scope_spans for span in s.spans)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1/traces"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def roots(self) -> list[str]:
        """Return the names of the spans that are within no other."""
        return sorted(span.name for span in self.spans if not span.parent_span_id)

    def within(self, root: str) -> list[Span]:
        """Return the spans of the one trace that begins with a root of this name."""
        (first,) = (span for span in self.spans if span.name == root and not span.parent_span_id)
        return [span for span in self.spans if span.trace_id == first.trace_id]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    yield made
    made.close()
