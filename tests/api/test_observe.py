"""Watching a process: metrics as Prometheus reads them, traces as a collector takes them, and a log of what was slow."""

import io
import json
import re
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import pytest
from litestar.concurrency import set_asyncio_executor
from msgspec.structs import replace
from prometheus_client.parser import text_string_to_metric_families

from tests.api.door import Door, order_in
from tests.core.test_log import stream as stream
from tests.databases import free_port
from tests.spans import Collector
from tests.spans import collector as collector
from tocsin.core.db import Tx
from tocsin.core.telemetry import _Now, box_of, doing
from tocsin.observe import MetricsTaken, observed
from tocsin.orders.store import _ID_OF_NUMBER
from tocsin.turns import Turns
from tocsin.web.fleet import fleet_pages


@contextmanager
def watched(door: Door, **settings: object) -> Iterator[None]:
    door.desk.settings = replace(door.desk.settings, **settings)
    with observed(door.desk):
        yield
    assert not _Now.watchers and not _Now.slow_seconds


def read(port: int) -> dict[tuple[str, ...], float]:
    """Return what Prometheus reads, by name and labels."""
    text = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5).read().decode()
    return {
        (one.name, *(one.labels.get(label, "") for label in ("kind", "what", "name", "version"))): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
        if not one.name.endswith("_bucket")
    }


def test_each_box_that_an_order_passes_is_counted_and_nothing_personal_is(door: Door) -> None:
    port = free_port()
    with watched(door, metrics_address=f"127.0.0.1:{port}"):
        before = read(port)
        made = door.ask("POST", "/orders", role="owner", json=order_in())
        number = made.json()["number"]
        assert door.ask("GET", f"/orders/{number}", role="owner").status_code == 200
        assert door.ask("GET", "/orders/none", role="owner").status_code == 404
        assert door.client.get("/nowhere/at/all").status_code == 404
        after = read(port)
    grown = {key for key in after if after[key] > before.get(key, 0)}
    for key in [
        ("tocsin_seconds_count", "request", "", "POST /api/v1/orders", ""),
        ("tocsin_seconds_count", "request", "", "GET /api/v1/orders/{number}", ""),
        ("tocsin_seconds_count", "request", "", "-", ""),
        ("tocsin_seconds_count", "statement", "", "orders.store", ""),
        ("tocsin_happened_total", "", "answer", "404", ""),
        ("tocsin_happened_total", "", "event", "order.produced", ""),
        ("tocsin_happened_total", "", "refusal", "order_missing", ""),
        (
            "tocsin_seconds_count",
            "commit",
            "",
            "core.writer" if door.db.dialect == "sqlite" else "core.postgres",
            "",
        ),
    ]:
        assert key in grown, sorted(grown)
    assert any(
        key[0] == "tocsin_seconds_count" and key[1] == "write" and key[3].startswith(("orders.", "api."))
        for key in grown
    )
    assert after["tocsin_waiting", "", "", "", ""] == after["tocsin_streams", "", "", "", ""] == 0
    assert any(key[0] == "tocsin_build_info" and key[4] for key in after)
    assert not any(number in part or "王" in part for key in after for part in key)


def test_metrics_end_with_the_desk_and_a_taken_address_is_told(door: Door) -> None:
    port = free_port()
    for _ in range(2):  # twice: what was registered is taken back
        with watched(door, metrics_address=f"127.0.0.1:{port}"):
            assert read(port)
            with pytest.raises(MetricsTaken, match=str(port)), observed(door.desk):
                pass
            read(port)
    with pytest.raises(OSError, match="refused"):
        read(port)


def test_the_fleet_stands_beside_the_metrics_and_a_name_of_somebody_s_leads_nowhere(door: Door) -> None:
    port = free_port()
    door.desk.settings = replace(door.desk.settings, metrics_address=f"127.0.0.1:{port}", locale="en")
    number = door.ask("POST", "/orders", role="owner", json=order_in()).json()["number"]
    with (
        observed(door.desk, pages=fleet_pages(door.desk)),
        httpx.Client(base_url=f"http://127.0.0.1:{port}") as browser,
    ):
        page = browser.get("/fleet")
        assert (
            page.status_code == 200
            and "One merchant" in page.text
            and "default-src 'none'" in page.headers["content-security-policy"]
        )
        for sheet in re.findall(r'href="(/static/[^"]+)"', page.text):
            assert browser.get(sheet).headers["content-type"].startswith("text/css")
        assert number not in page.text and "王小明" not in page.text
        for path in ("/fleet", "/metrics", "/"):
            assert browser.get(path, headers={"host": f"evil.example:{port}"}).status_code == 421
            assert browser.get(path, headers={"host": f"localhost:{port}"}).status_code == 200


def test_prometheus_reads_by_any_name_and_no_browser_does(door: Door) -> None:
    """What Prometheus and vmagent send, what each browser sends with a page's request, and what it sends where a page asks for a part."""
    port = free_port()
    door.desk.settings = replace(door.desk.settings, metrics_address=f"127.0.0.1:{port}")
    with (
        observed(door.desk, pages=fleet_pages(door.desk)),
        httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"host": f"tocsin.shop:{port}"}) as asked,
    ):
        for takes, status in (("gzip", 200), ("identity", 200), ("gzip, deflate", 421)):
            assert asked.get("/metrics", headers={"accept-encoding": takes}).status_code == status, takes
        part = {"accept-encoding": "identity", "range": "bytes=0-"}
        assert asked.get("/metrics", headers=part).status_code == 421
        for path in ("/fleet", "/", "/metrics/more"):
            assert asked.get(path, headers={"accept-encoding": "gzip"}).status_code == 421, path


def test_a_request_is_a_trace_of_its_boxes_and_statements(door: Door, collector: Collector) -> None:
    with watched(door, traces_url=collector.url):
        made = door.ask("POST", "/orders", role="owner", json=order_in())
        assert door.ask("GET", "/orders/none", role="owner").status_code == 404
    spans = {span.name: span for span in collector.spans}
    root = spans["request POST /api/v1/orders"]
    mine = [span for span in collector.spans if span.trace_id == root.trace_id]
    by_id = {span.span_id: span for span in mine}
    kinds = {span.name.partition(" ")[0] for span in mine}
    assert {"request", "write", "statement"} <= kinds and not root.parent_span_id
    assert [span for span in mine if not span.parent_span_id] == [root]
    added = "statement" if door.db.dialect == "sqlite" else "added"
    statement = next(span for span in mine if span.name == f"{added} core.event")
    assert by_id[statement.parent_span_id].name.startswith("write ")
    assert {event.name for span in mine for event in span.events} >= {"event order.produced", "answer 201"}
    lost = spans["request GET /api/v1/orders/{number}"]
    assert "refusal order_missing" in {event.name for event in lost.events}
    told = b"".join(span.SerializeToString() for span in collector.spans)
    assert made.json()["number"].encode() not in told and "王".encode() not in told


def test_orders_that_are_carried_together_have_each_its_own_trace(door: Door, collector: Collector) -> None:
    """As a server carries them: on the threads of `Turns`, many to a commit."""
    headers, together = door.key(), 6
    ready = threading.Barrier(together, timeout=10)

    def send(n: int) -> None:
        ready.wait()
        sent = door.client.post("/api/v1/orders", headers=headers, json=order_in(external_id=f"o{n}"))
        assert sent.status_code == 201, sent.text

    turns = Turns(2, carriers=door.db.carriers)
    set_asyncio_executor(turns)  # type: ignore[arg-type] # as `serve` does
    try:
        with watched(door, traces_url=collector.url), ThreadPoolExecutor(together) as clients:
            list(clients.map(send, range(together)))
    finally:
        set_asyncio_executor(None)
        turns.shutdown()
    assert collector.roots() == ["request POST /api/v1/orders"] * together
    added = "statement" if door.db.dialect == "sqlite" else "added"
    for root in (span for span in collector.spans if not span.parent_span_id):
        mine = [span for span in collector.spans if span.trace_id == root.trace_id]
        names = Counter(span.name for span in mine)
        assert names["write api.guard"] == 1
        assert names[f"{added} core.event"] and names[f"{added} orders.produce"], names
        told = Counter(event.name for span in mine for event in span.events)
        assert told["event order.produced"] == told["answer 201"] == 1, told


def test_no_trace_is_sent_where_none_is_wanted(door: Door, collector: Collector) -> None:
    with watched(door, traces_url=collector.url, traces_share=0.0):
        assert door.ask("POST", "/orders", role="owner", json=order_in()).status_code == 201
    assert not collector.spans


def test_what_is_slow_is_logged_with_its_box(door: Door, stream: io.StringIO) -> None:
    def slow(tx: Tx) -> None:
        tx.one(_ID_OF_NUMBER, number="secret-number")
        time.sleep(0.03)

    with watched(door, slow_ms=20):
        door.db.read(door.house.merchant_id, slow)
        with doing("statement", "orders.store", sql="SELECT 1\n   FROM  slow"):
            time.sleep(0.03)
        with doing("step", "a loop that works for long"):
            time.sleep(0.03)
        door.db.read(door.house.merchant_id, lambda _: None)
    verb, statement = (json.loads(line) for line in stream.getvalue().splitlines())
    assert (verb["event"], verb["did"], verb["box"]) == ("slow", "read", __name__) and verb["ms"] >= 30
    assert (statement["did"], statement["box"], statement["sql"]) == (
        "statement",
        "orders.store",
        "SELECT 1 FROM slow",
    )
    assert "secret" not in stream.getvalue()


def test_a_verb_s_box_is_its_module_and_a_statement_knows_its_own() -> None:
    from functools import partial

    from tocsin.orders.store import load_order

    assert box_of(load_order) == box_of(partial(load_order, None)) == "orders.store"
    assert _ID_OF_NUMBER.box == "orders.store"
