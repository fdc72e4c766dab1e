"""Bodies that would break a server: a hundred megabytes, compressed, without end; refused early, in bounded memory."""

import gzip
import socket
import time

import pytest

from tests.api.wire import Wire
from tests.orders.test_workbook import BURSTING

MIB = 1 << 20
GROWS_MOST_KIB = 32 << 10
UPLOADS = ("/api/v1/orders/import", "/imports")
DOORS = ("/api/v1/orders", "/hooks/none", "/sign-in/password", "/api/v1/bulk", *UPLOADS)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory):
    """A desk that waits for a slow body one second; no database is asked here, one engine is enough."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TOCSIN_BODY_GRACE_SECONDS", "1")
        made = Wire(tmp_path_factory.mktemp("bodies"))
    yield made
    made.close()


def begin(wire: Wire, path: str, **headers: str) -> socket.socket:
    """Send the head of a request of the owner's."""
    line = socket.create_connection(("127.0.0.1", wire.served.port), timeout=30)
    given = {**dict(wire.client.headers), "host": f"localhost:{wire.served.port}", **headers}
    given.pop("content-length", "") if "transfer-encoding" in headers else None
    head = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    line.sendall(f"POST {path} HTTP/1.1\r\n{head}\r\n".encode())
    return line


def answer_of(line: socket.socket) -> tuple[int, str]:
    """Return the status and the text of an answer; 0 where the line was cut without one."""
    said = b""
    try:
        while read := line.recv(65536):
            said += read
            if b"\r\n\r\n" in said and len(said) > said.index(b"\r\n\r\n") + 4:
                break
    except OSError:
        pass
    return (int(said.split()[1]) if said else 0), said.decode("utf-8", "replace")


def pour(line: socket.socket, size: int, *, chunked: bool) -> int:
    """Send zeros until the server will have no more; return how many bytes it took."""
    sent, piece = 0, b"0" * (64 << 10)
    framed = b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece
    line.settimeout(5)
    try:
        while sent < size:
            line.sendall(framed)
            sent += len(piece)
    except OSError:
        return sent
    return sent


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_a_body_of_100_mb_is_refused_and_memory_stays_bounded(small: Wire, chunked: bool) -> None:
    small.ask("GET", "/orders")
    before, seen = small.peak_kib(), {}
    # Whose length is not told may be an upload of the 32 MiB that one may have: until then it is kept.
    for path in DOORS[: -len(UPLOADS)] if chunked else DOORS:
        kind = {"content-type": "application/json"}
        how = {"transfer-encoding": "chunked"} if chunked else {"content-length": str(100 * MIB)}
        with begin(small, path, **kind, **how) as line:
            taken = pour(line, 100 * MIB, chunked=chunked)
            seen[path] = (*answer_of(line), taken)
    grown = small.peak_kib() - before
    statuses = {path: status for path, (status, _, _) in seen.items()}
    assert set(statuses.values()) <= {413, 0}, statuses  # 0: the line was cut while we were still sending
    assert grown < GROWS_MOST_KIB, f"{grown} KiB"
    for path in UPLOADS if chunked else ():
        with begin(small, path, **{"transfer-encoding": "chunked"}) as line:
            assert pour(line, 100 * MIB, chunked=True) < 64 * MIB and answer_of(line)[0] in (413, 0)
    assert small.peak_kib() - before < 3 * GROWS_MOST_KIB
    assert small.ask("GET", "/orders").status_code == 200
    with begin(
        small, DOORS[0], **{"content-type": "application/json", "content-length": str(100 * MIB)}
    ) as line:
        status, text = answer_of(line)
    assert status == 413 and "http_413" in text, "told before a byte is sent"


def test_a_compressed_body_is_refused_unopened(small: Wire) -> None:
    bomb = gzip.compress(b"0" * (64 * MIB))
    before = small.peak_kib()
    for path in DOORS:
        for encoding in ("gzip", "deflate", "br", "zstd", "gzip, gzip", "x-gzip"):
            answer = small.client.post(
                path, content=bomb[: 100 << 10], headers={"content-encoding": encoding, "connection": "close"}
            )
            assert answer.status_code == 415, (path, encoding, answer.text[:200])
            assert "body_compressed" in answer.text
    assert small.client.post(
        DOORS[0], content=b"{}", headers={"content-encoding": "identity"}
    ).status_code in (201, 400, 422)
    assert small.peak_kib() - before < GROWS_MOST_KIB


def test_a_body_that_comes_too_slowly_is_given_up_and_a_fast_one_is_not(small: Wire) -> None:
    began = time.monotonic()
    with begin(small, DOORS[0], **{"content-type": "application/json", "content-length": "1000"}) as line:
        line.settimeout(10)
        line.sendall(b"{")
        status, text = answer_of(line)
        assert (status, "body_slow" in text) == (408, True), text
    assert 0.8 < time.monotonic() - began < 6
    with begin(
        small, UPLOADS[0], **{"content-type": "application/x-ndjson", "content-length": str(96 << 10)}
    ) as line:
        for _ in range(3):  # longer than the grace, and faster than the slowest
            line.sendall(b"\n" * (32 << 10))
            time.sleep(0.5)
        assert answer_of(line)[0] == 200
    with begin(small, "/api/v1/events") as line:
        assert answer_of(line)[0] in (404, 405)
    stream = socket.create_connection(("127.0.0.1", small.served.port), timeout=5)
    with stream:
        cookie = small.client.headers["cookie"]
        stream.sendall(
            f"GET /api/v1/events HTTP/1.1\r\nhost: localhost:{small.served.port}\r\ncookie: {cookie}\r\n\r\n".encode()
        )
        time.sleep(1.3)
        assert b"still here" in stream.recv(65536), "a stream outlives the grace: its request has no body"
        stream.settimeout(0.3)
        with pytest.raises(TimeoutError):
            stream.recv(1)


BOMBS = ("zip bomb", "many members", "entities", "corners")
_LAUGHS = b'<!DOCTYPE x [<!ENTITY a "ha">' + b"".join(
    b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(12)
)  # fmt: skip


def test_a_file_that_is_made_to_burst_is_refused_with_its_name_and_the_server_does_not_grow(
    small: Wire,
) -> None:
    small.client.post("/imports", files={"sheet": ("a.csv", b"x")}, data={"csrf": small.csrf})
    before = small.peak_kib()
    files = {f"{name}.xlsx": BURSTING[name][0]() for name in BOMBS}
    files["laughs.xml"] = (
        _LAUGHS + b']><Order xmlns="urn:oasis:names:specification:ubl:schema:xsd:Order-2">&l;</Order>'
    )
    files["outside.xml"] = (
        b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><Order xmlns="urn:oasis:names:specification:ubl:schema:xsd:Order-2">&a;</Order>'
    )
    for name, data in files.items():
        began = time.monotonic()
        answer = small.client.post("/imports", files={"sheet": (name, data)}, data={"csrf": small.csrf})
        assert answer.status_code == 422 and name in answer.text and "root:" not in answer.text, (
            name,
            answer.status_code,
        )
        assert time.monotonic() - began < 15
    assert small.peak_kib() - before < 2 * GROWS_MOST_KIB
