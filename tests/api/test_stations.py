"""The door of stations: what is not signed, badly shaped, replayed or another's is refused and never a fault."""

import json
from typing import Any

import httpx
import pytest

from tests.access.stations import make_code, signals
from tests.api.door import Door
from tocsin.access.finger import ask_enrolment, list_fingers
from tocsin.access.operator import add_operator
from tocsin.access.reader import FINGERS
from tocsin.access.station import find_station, revoke_station
from tocsin.api import stations
from tocsin.core import clock
from tocsin.core.command import ask_station
from tocsin.core.journal import read_journal
from tocsin.core.signature import (
    enrolment_text,
    make_key,
    public_key,
    sealed_header,
    sign,
    station_ids,
    station_name,
)

# What a station signs; a body that is well formed.
SIGNED: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/station/enrolments"): {"code": "", "name": "n", "public_key": "", "proof": ""},
    ("POST", "/station/commands"): {"wait_seconds": 0},
    ("POST", "/station/answers"): {"command": "1"},
    ("POST", "/station/progress"): {"command": "1", "progress": {}},
    ("POST", "/station/papers"): {"paper": "1", "job": "1"},
    ("POST", "/station/state"): {"reader": "none"},
}
PATHS = [path for _, path in SIGNED if path != "/station/enrolments"]
BAD = (
    b"", b"null", b"[]", b"{}", b"{", b'{"wait_seconds": "x"}', b'{"command": 1}', b'{"command": "x", "result": []}', b'{"a": "\\ud800"}',
    b'{"wait_seconds": 1e999}', b'{"wait_seconds": NaN}', b"\xff", b'{"reader": "gone"}', b'{"command": "1", "command": "2"}',
    b'{"command": "99999999999999999999"}', b'{"command": "-1"}', b"[" * 2000, b'{"progress": ' + b"[" * 200 + b"]" * 200 + b"}",
)  # fmt: skip


class Station:
    """A machine at the door."""

    def __init__(self, door: Door) -> None:
        self.door, self.key, self.name = door, make_key(), ""

    def enrol(self, code: str = "", **changed: Any) -> httpx.Response:
        code, public = code or make_code(self.door.house), public_key(self.key)
        proof = sign(self.key, enrolment_text(code=code, name="Counter", public=public))
        body = {
            "code": code,
            "name": "Counter",
            "public_key": public,
            "proof": proof,
            "version": "1",
            **changed,
        }
        answer = self.door.client.post("/api/v1/station/enrolments", json=body)
        if answer.is_success:
            self.name = answer.json()["station"]
        return answer

    def header(self, path: str, data: bytes, *, late_us: int = 0) -> str:
        return sealed_header(
            self.key, self.name, method="POST", target=f"/api/v1{path}", time_us=clock.now_us() - late_us, body=data
        )  # fmt: skip

    def send(
        self, path: str, body: Any = None, *, data: bytes | None = None, header: str = "", **more: Any
    ) -> httpx.Response:
        data = json.dumps(body or {}).encode() if data is None else data
        headers = {
            "authorization": header or self.header(path, data, **more),
            "content-type": "application/json",
        }
        return self.door.client.post(f"/api/v1{path}", content=data, headers=headers)

    def ask(self, kind: str, payload: dict[str, Any], *, seconds: float = 20) -> str:
        asked = self.door.db.write(self.door.house.merchant_id, lambda tx: ask_station(
            tx, station_id=station_ids(self.name)[1], kind=kind, payload=payload, seconds=seconds
        ))  # fmt: skip
        return str(asked)

    def take(self) -> list[dict[str, Any]]:
        return list(self.send("/station/commands", {"wait_seconds": 0}).json()["commands"])


@pytest.fixture
def station(door: Door, monkeypatch: pytest.MonkeyPatch) -> Station:
    monkeypatch.setattr(stations, "WAIT_SECONDS", 0.05)
    made = Station(door)
    assert made.enrol().status_code == 201
    return made


def test_a_station_enrols_and_works(station: Station) -> None:
    asked = station.ask("reader.list", {"operator": "7", "finger": ""})
    (command,) = station.take()
    assert (command["id"], command["kind"], command["payload"]) == (
        asked,
        "reader.list",
        {"operator": "7", "finger": ""},
    )
    assert 15 < command["seconds"] <= 20
    assert station.take() == []
    assert station.send("/station/progress", {"command": asked, "progress": {"done": 1}}).json() == {
        "keep": True
    }
    assert station.send("/station/answers", {"command": asked, "result": {"fingers": []}}).json() == {
        "keep": True
    }
    again = station.send("/station/answers", {"command": asked, "result": {}})
    assert (again.status_code, again.json()["code"], again.json()["why"]) == (
        409,
        "answer_not_taken",
        "answered",
    )
    late = station.send("/station/progress", {"command": asked, "progress": {}})
    assert (late.status_code, late.json()["why"]) == (409, "answered")


def test_a_wrong_code_and_a_foreign_key_are_refused(door: Door) -> None:
    made = Station(door)
    wrong = made.enrol("AAAAA-AAAAA")
    assert (wrong.status_code, wrong.json()["code"]) == (403, "station_code_wrong")
    for changed in ({"proof": "A" * 86}, {"public_key": "A" * 43}, {"name": "Elsewhere"}):
        assert made.enrol(**changed).json()["code"] == "station_key_wrong"
    for _ in range(22):
        last = made.enrol("AAAAA-AAAAA")
    assert last.status_code == 429 and int(last.headers["retry-after"]) > 0


@pytest.mark.parametrize("path", PATHS)
def test_what_is_not_signed_by_a_station_is_refused(station: Station, path: str) -> None:
    door, body = station.door, SIGNED["POST", path]
    data = json.dumps(body).encode()
    assert door.client.post(f"/api/v1{path}", json=body).status_code == 401
    for headers in (door.headers("owner"), door.key("query")):
        assert door.client.post(f"/api/v1{path}", json=body, headers=headers).status_code == 401
    thief = Station(door)
    thief.name = station.name
    refused = thief.send(path, body)
    assert (refused.status_code, refused.json()["code"]) == (403, "station_refused")
    header = station.header(path, data)
    assert station.send(path, data=data + b" ", header=header).status_code == 403, "altered"
    station.send(path, data=data, header=header)
    assert station.send(path, data=data, header=header).status_code == 403, "sent before"
    stale = station.send(path, body, late_us=600 * clock.SECOND_US)
    assert (stale.status_code, stale.json()["code"]) == (403, "station_clock_wrong")
    door.db.write(door.house.merchant_id, lambda tx: revoke_station(
        tx, door.house.actor(), station_id=station_ids(station.name)[1]
    ))  # fmt: skip
    assert station.send(path, body).status_code == 403
    kinds = [kind for kind, _, _ in signals(door.house)]
    assert kinds == ["station_foreign"] * 3 + ["revoked_used"]
    reasons = [
        one.fields()["reason"]
        for one in door.db.read(door.house.merchant_id, lambda tx: read_journal(tx))
        if one.verb == "access.sign_in_failed"
    ]
    assert reasons == ["revoked", "replayed", "signature", "signature"]


def test_a_thief_is_locked_out_and_the_station_at_the_same_address_is_not(station: Station) -> None:
    thief = Station(station.door)
    thief.name = station_name(*station_ids(station.name))
    codes = [thief.send("/station/commands", {"wait_seconds": 0}).status_code for _ in range(25)]
    assert codes == [403] * 20 + [429] * 5
    assert station.send("/station/commands", {"wait_seconds": 0}).status_code == 200


@pytest.mark.parametrize("path", [*PATHS, "/station/enrolments"])
def test_no_body_is_a_fault(station: Station, path: str) -> None:
    for data in BAD:
        answer = station.send(path, data=data)
        assert answer.status_code < 500, (data, answer.text)
        assert answer.status_code == 200 or answer.json()["code"], data


@pytest.mark.parametrize("header", [
    "Tocsin-Station", "Tocsin-Station x", "Tocsin-Station 1.1 1 a b", "Tocsin-Station " + "9" * 5000, "Bearer ", "Basic eA==",
    "Tocsin-Station 7fffffffffffffff.7fffffffffffffff 1790000000000000 " + "A" * 24 + " " + "A" * 86,
    "Tocsin-Station ffffffffffffffff.ffffffffffffffff 1790000000000000 " + "A" * 24 + " " + "A" * 86,
])  # fmt: skip
def test_no_header_is_a_fault(station: Station, header: str) -> None:
    for path in PATHS:
        answer = station.send(path, SIGNED["POST", path], header=header)
        assert answer.status_code in (401, 403), answer.text


def test_a_body_that_is_too_long_is_refused(station: Station) -> None:
    assert (
        station.send("/station/answers", {"command": "1", "result": {"a": "x" * 70_000}}).status_code == 413
    )


def test_the_desk_says_whether_a_finger_is_to_be_kept(station: Station) -> None:
    door, owner = station.door, station.door.house.actor()
    merchant_id, station_id = door.house.merchant_id, station_ids(station.name)[1]
    station.send("/station/state", {"reader": "ready", "driver": "memory"})
    assert [one["kind"] for one in station.take()] == ["reader.keep"]
    clerk = door.db.write(merchant_id, lambda tx: add_operator(
        tx, name="w", display_name="w", role="clerk", password_hash="-", locale="en", zone="UTC", created_by=0
    ))  # fmt: skip
    first, second = (
        str(door.db.write(merchant_id, lambda tx: ask_enrolment(
            tx, owner, operator_id=clerk, station_id=station_id, name=FINGERS[0]
        ))) for _ in range(2)
    )  # fmt: skip
    station.take()
    kept = [
        station.send("/station/answers", {"command": one, "result": {"outcome": "enrolled"}}).json()
        for one in (first, second)
    ]
    assert kept == [{"keep": False}, {"keep": True}]
    (known,) = door.db.read(merchant_id, lambda tx: list_fingers(tx, operator_ids=[clerk]))
    assert known.state == "enrolled"
    asked = station.ask("reader.keep", {"known": {}})
    station.take()
    station.send("/station/answers", {"command": asked, "result": {"lost": {str(clerk): [FINGERS[0]]}}})
    assert door.db.read(merchant_id, lambda tx: list_fingers(tx, operator_ids=[clerk])) == []


def test_a_station_says_how_its_reader_is_and_goodbye(station: Station) -> None:
    def found() -> Any:
        return station.door.db.read(
            station.door.house.merchant_id,
            lambda tx: find_station(tx, station_id=station_ids(station.name)[1]),
        )

    station.send("/station/state", {"reader": "ready", "driver": "fprintd"})
    assert (found().reader, found().reader_driver) == ("ready", "fprintd")
    station.send("/station/state", {"leaving": True})
    assert found().left_at_us and found().reader == "ready"
    station.send("/station/commands", {"wait_seconds": 0, "version": "2.0"})
    assert not found().left_at_us and found().version == "2.0"
