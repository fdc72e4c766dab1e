"""The desk over real sockets, as its users run it."""

import json
import socket
import time
from pathlib import Path

import httpx
import pytest

from tests.proofs.running import ENGINES, open_ground
from tests.served import Served
from tocsin.core.clock import now_us
from tocsin.core.event import replay_events
from tocsin.core.tenant import list_merchants
from tocsin.opening import open_database
from tocsin.settings import Settings
from tocsin.streams import STREAMS_MOST

STREAMS = 200


def test_a_new_desk_serves_both_loopbacks_with_the_demo_and_an_owner_link(tmp_path: Path):
    served = Served(tmp_path, "--demo-days", "2", counted=True)
    assert "demo-manager" in served.said
    for host in ("[::1]", "127.0.0.1"):
        answer = httpx.get(served.url("/orders?q=a%20b", host))
        assert (answer.status_code, answer.headers["location"]) == (307, served.url("/orders?q=a%20b")), host
        direct = httpx.get(served.url("/healthz", host), headers={"host": f"localhost:{served.port}"})
        assert (direct.status_code, direct.json()) == (200, {"status": "ok"}), host
    assert httpx.get(served.url("/readyz")).status_code == 200
    (link,) = served.owner_links()
    assert link.startswith(served.url("/owner/"))
    locked = Served.refused(tmp_path)
    assert locked == (
        2,
        f"tocsin: Another Tocsin serves the data in {tmp_path}: stop it, or talk to it over its address\n",
    )
    assert served.stop() < 5
    assert served.process.returncode == 0
    again = Served(tmp_path, port=served.port)
    assert len(again.owner_links()) == 1, "there is no owner yet"
    assert again.ready_seconds < 10  # counted, its lines would take most of that
    again.stop()


@pytest.mark.parametrize("on", ENGINES)
def test_a_desk_at_rest_takes_less_than_200_mb(on: str) -> None:
    with open_ground() as ground:
        desk = ground.make_desk(on)
        desk.start()
        assert 20 < desk.rest_mb[0] < 200


def test_a_stream_takes_up_where_it_broke_off_and_ends_with_the_server(tmp_path: Path):
    served = Served(tmp_path, "--empty", counted=True)
    served.stop()
    secret = _make_key(tmp_path)
    served = Served(tmp_path, port=served.port, counted=True)
    headers = {"authorization": f"Bearer {secret}"}
    order = {"lines": [{"title": "梨", "unit_price": "1"}]}
    with httpx.stream("GET", served.url("/api/v1/events"), headers=headers, timeout=10) as stream:
        lines = stream.iter_lines()
        assert next(lines) == ": still here"
        made = httpx.post(served.url("/api/v1/orders"), json=order, headers=headers)
        assert made.status_code == 201
        began = time.monotonic()
        event_id = next(line for line in lines if line.startswith("id: "))
        assert time.monotonic() - began < 1
        assert next(lines) == "event: order.produced"
        data = json.loads(next(lines).removeprefix("data: "))
        assert (data["subject"], data["data"]["number"]) == (made.json()["id"], made.json()["number"])
    since = {**headers, "last-event-id": event_id.removeprefix("id: ")}
    with httpx.stream("GET", served.url("/api/v1/events"), headers=since, timeout=20) as stream:
        kinds = (line for line in stream.iter_lines() if line.startswith("event: "))
        told = {next(kinds), next(kinds)}
        assert told == {"event: check.found", "event: order.held"}, "the check has looked by itself"
        assert served.stop() < 5, "an open stream must not keep the server"


def test_idle_connections_and_open_streams_keep_nobody_out(tmp_path: Path):
    served = Served(tmp_path, "--empty", counted=True)
    served.stop()
    keys = _make_keys(tmp_path, STREAMS // STREAMS_MOST)
    served = Served(tmp_path, port=served.port, counted=True)
    open_: list[socket.socket] = []
    try:
        idle = [socket.create_connection(("127.0.0.1", served.port), timeout=10) for _ in range(300)]
        streams = [_begin_stream(served.port, key) for key in keys for _ in range(STREAMS_MOST)]
        open_ += [*idle, *streams]
        began = time.monotonic()
        assert (
            httpx.get(
                served.url("/healthz", "127.0.0.1"), headers={"host": f"localhost:{served.port}"}, timeout=2
            ).status_code
            == 200
        )
        assert time.monotonic() - began < 2
        oldest, ninth = streams[0], _begin_stream(served.port, keys[0])
        open_.append(ninth)
        assert _ends(oldest, 5), "who opens a ninth stream loses his oldest"
        assert not _ends(streams[1], 1.5)
        assert _ends(idle[0], 10), "who says nothing gives his place back"
    finally:
        for one in open_:
            one.close()
        served.stop()


def _begin_stream(port: int, key: str) -> socket.socket:
    line = socket.create_connection(("127.0.0.1", port), timeout=10)
    line.sendall(
        f"GET /api/v1/events HTTP/1.1\r\nhost: localhost:{port}\r\nauthorization: Bearer {key}\r\n\r\n".encode()
    )
    said = b""
    while b": still here" not in said:
        read = line.recv(4096)
        assert read, said
        said += read
    return line


def _ends(line: socket.socket, seconds: float) -> bool:
    """Tell whether the server ends a connection by then."""
    line.settimeout(seconds)
    try:
        while line.recv(4096) not in (b"", b"0\r\n\r\n"):
            continue
    except TimeoutError:
        return False
    return True


def _make_key(folder: Path) -> str:
    return _make_keys(folder, 1)[0]


def _make_keys(folder: Path, count: int) -> list[str]:
    from tests.house import ROLES, Actor
    from tocsin.access.api_key import create_api_key
    from tocsin.access.operator import add_operator

    db = open_database(Settings(data_dir=str(folder)))
    (merchant,) = db.read(0, list_merchants)
    maker_id = db.write(merchant.id, lambda tx: add_operator(
        tx, name="maker", display_name="", role="owner", password_hash="-", locale="en", zone="UTC", created_by=0
    ))  # fmt: skip
    owner = Actor(
        kind="operator", id=maker_id, merchant_id=merchant.id, name="owner", rights=ROLES["owner"], proved_at_us=now_us()
    )  # fmt: skip
    secrets = db.write(merchant.id, lambda tx: [
        create_api_key(tx, owner, name="test", scopes=frozenset({"query", "import"})) for _ in range(count)
    ])  # fmt: skip
    assert db.read(merchant.id, lambda tx: replay_events(tx, after_id=0)) == []
    db.close()
    return secrets
