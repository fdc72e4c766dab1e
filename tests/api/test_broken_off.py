"""Files that are broken off over a real socket: what ended is whole, what was cut is seen to be, and goes on where it was."""

import contextlib
import hashlib
import json
import time
from typing import Any

import httpx
import pytest

from tests.api.wire import Wire

ORDERS, LINES, LONG = 8, 300, "梨" * 2_000
NDJSON = {"content-type": "application/x-ndjson"}
EXPORT = {"format": "csv", "query": "channel:long"}


@pytest.fixture
def long(wire: Wire) -> Wire:
    """A desk whose file of orders is some 20 MB: longer than what waits in the sockets."""
    if wire.ask("GET", "/orders", params={"q": "channel:long"}).json()["orders"]:
        return wire
    line = {
        "title": "a",
        "spec": LONG,
        "unit_price": "1",
    }  # a specification is not looked up: no tokens of it
    for begun in range(0, ORDERS, 4):
        many = "\n".join(
            json.dumps({"external_id": f"L{n}", "lines": [line] * LINES}, ensure_ascii=False)
            for n in range(begun, begun + 4)
        )
        answer = wire.ask("POST", "/orders/import?channel=long", content=many.encode(), headers=NDJSON)
        assert answer.json()["counts"]["new"] == 4, answer.text
    return wire


def state_of(wire: Wire, made: str, *, until: tuple[str, ...], seconds: float = 60) -> dict[str, Any]:
    """Return a download once it is so far."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found: dict[str, Any] = wire.ask("GET", f"/downloads/{made}").json()
        if found["status"] in until:
            return found
        time.sleep(0.02)
    raise AssertionError(found)


def test_a_reader_who_goes_away_keeps_no_place_and_one_who_stays_has_the_whole(long: Wire) -> None:
    for _ in range(4):  # twice as many as may run
        with httpx.Client(base_url=long.base, headers=long.client.headers) as leaving, leaving.stream(
            "GET", "/api/v1/orders/export", params=EXPORT
        ) as answer:  # fmt: skip
            assert answer.status_code == 200, answer.read()
            assert len(next(answer.iter_raw(1 << 16))) == 1 << 16
        until = time.monotonic() + 20
        while (
            whole := long.ask("GET", "/orders/export", params={**EXPORT, "columns": "number"})
        ).status_code != 200:
            assert whole.status_code == 423 and time.monotonic() < until, "its place is given back soon"
            time.sleep(0.1)
    assert whole.text.count("\r\n") == ORDERS * LINES + 1


def test_a_server_that_dies_leaves_no_file_that_looks_whole_and_each_is_taken_up_again(long: Wire) -> None:
    made = asked(long, "csv")
    receipt = state_of(long, made, until=("complete",))
    assert receipt["orders"] == receipt["total"] == ORDERS
    with contextlib.ExitStack() as stack:
        export = stack.enter_context(long.client.stream("GET", "/api/v1/orders/export", params=EXPORT))
        file = stack.enter_context(long.client.stream("GET", f"/api/v1/downloads/{made}/file"))
        streamed, fetched = export.iter_raw(1 << 16), file.iter_raw(1 << 16)
        got = next(fetched) + next(fetched) + next(streamed)[:0]
        written = asked(long, "xlsx")
        state_of(long, written, until=("running", "complete"))
        early = long.ask("GET", f"/downloads/{written}/file")
        assert early.status_code == 200 or early.json()["code"] == "download_missing", (
            "nothing before it is whole"
        )
        long.kill()
        for broken in (streamed, fetched):
            with pytest.raises(httpx.TransportError):
                for piece in broken:
                    got += piece if broken is fetched else b""
        etag = file.headers["etag"]
    assert 0 < len(got) < receipt["size_bytes"]
    long.serve_again()
    rest = {"range": f"bytes={len(got)}-", "if-range": etag}
    taken = long.ask("GET", f"/downloads/{made}/file", headers=rest)
    assert (taken.status_code, taken.headers["content-range"].split("/")[1]) == (
        206,
        str(receipt["size_bytes"]),
    )
    whole = got + taken.content
    assert hashlib.sha256(whole).hexdigest() == receipt["sha256"] == taken.headers["x-content-sha256"]
    assert whole.count(b"\r\n") - 1 == receipt["rows"] == ORDERS * LINES
    other = long.ask("GET", f"/downloads/{made}/file", headers={**rest, "if-range": '"another"'})
    assert other.status_code == 200 and other.content == whole, "a part of another file is never joined to it"
    written_again(long, written)


def written_again(long: Wire, made: str) -> None:
    """The file whose writer died is written anew, whole; no part of the first is left."""
    if (
        long.database_url
    ):  # its queue believes a worker dead after half a minute: tests/core shows that it does
        assert long.ask("GET", f"/downloads/{made}").json()["status"] in ("waiting", "running", "complete")
        return
    found = state_of(long, made, until=("complete", "failed"))
    sent = long.ask("GET", f"/downloads/{made}/file")
    assert (found["status"], hashlib.sha256(sent.content).hexdigest()) == ("complete", found["sha256"])
    assert [path.name for path in (long.folder / "downloads").iterdir() if path.name.endswith(".part")] == []


def asked(long: Wire, kind: str) -> str:
    made = long.ask("POST", "/downloads", json={"filter": {"query": "channel:long"}, "format": kind})
    return str(made.json()["id"])
