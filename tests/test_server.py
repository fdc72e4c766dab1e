"""The desk over real sockets, as its users run it."""

import json
import time
from pathlib import Path

import httpx

from tests.served import Served
from tocsin.core.event import replay_events
from tocsin.core.tenant import list_merchants
from tocsin.desk import open_database
from tocsin.settings import Settings


def test_a_new_desk_serves_both_loopbacks_with_the_demo_and_an_owner_link(tmp_path: Path):
    served = Served(tmp_path)
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
    assert again.ready_seconds < 10  # under 3 on a machine that is not shared: bin/prove says so
    again.stop()


def test_a_stream_takes_up_where_it_broke_off_and_ends_with_the_server(tmp_path: Path):
    served = Served(tmp_path, "--empty")
    served.stop()
    secret = _make_key(tmp_path)
    served = Served(tmp_path, port=served.port)
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
        assert next(kinds) == "event: order.held", "the check has looked at the new revision by itself"
        assert served.stop() < 5, "an open stream must not keep the server"


def _make_key(folder: Path) -> str:
    from tests.house import ROLES, Actor
    from tocsin.access.api_key import create_api_key
    from tocsin.access.operator import add_operator

    db = open_database(Settings(data_dir=str(folder)))
    (merchant,) = db.read(0, list_merchants)
    maker_id = db.write(merchant.id, lambda tx: add_operator(
        tx, name="maker", display_name="", role="owner", password_hash="-", locale="en", zone="UTC", created_by=0
    ))  # fmt: skip
    owner = Actor(kind="operator", id=maker_id, merchant_id=merchant.id, name="owner", rights=ROLES["owner"])
    secret = db.write(
        merchant.id, lambda tx: create_api_key(tx, owner, name="test", scopes=frozenset({"query", "import"}))
    )
    assert db.read(merchant.id, lambda tx: replay_events(tx, after_id=0)) == []
    db.close()
    return secret
