"""People of the alarm and drills over the API."""

from collections.abc import Iterator

import pytest

from tests.alarm.scene import watch
from tests.alarm.told import Posting, settled, until
from tests.api.door import Door
from tests.peers.robot_peer import RobotPeer


@pytest.fixture
def peer() -> Iterator[RobotPeer]:
    made = RobotPeer()
    yield made
    made.close()


def add(door: Door, peer: RobotPeer, **more: object) -> str:
    given = {
        "name": "值班电话",
        "service": "webhook",
        "address": f"{peer.origin}/call",
        "secret": "geheim",
        **more,
    }
    answer = door.ask("POST", "/people", json=given)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def test_a_way_is_added_listed_without_its_secret_tried_and_taken_away(door: Door, peer: RobotPeer) -> None:
    one = add(door, peer)
    (shown,) = door.ask("GET", "/people").json()
    assert shown["id"] == one and shown["service"] == "webhook" and shown["shown"] == peer.place
    assert shown["confirmed_at"] == "" and "geheim" not in door.ask("GET", "/people").text
    assert door.ask("POST", f"/people/{one}/tests").status_code == 202
    with Posting(door.db):
        until(lambda: settled(door.house, int(one)))
    assert peer.taken[0]["headers"]["Authorization"] == "Bearer geheim"
    assert door.ask("GET", "/people").json()[0]["sent_at"] != ""
    assert (
        door.ask("DELETE", f"/people/{one}").json() == {"id": one} and door.ask("GET", "/people").json() == []
    )
    assert door.ask("DELETE", f"/people/{one}").status_code == 404


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"service": "carrier pigeon"}, "address_refused"), ({"address": "http://169.254.169.254/"}, "place_forbidden"),
        ({"service": "other", "address": "file:///etc/passwd"}, "address_refused"), ({"name": ""}, "recipient_wrong"),
        ({"wants": ["everything"]}, "recipient_wrong"), ({"step": 9}, "recipient_wrong"), ({"operator_id": "x"}, "id_unknown"),
    ],
)  # fmt: skip
def test_what_can_not_be_is_refused_by_its_code(
    door: Door, peer: RobotPeer, wrong: dict[str, object], code: str
) -> None:
    given = {"name": "n", "service": "webhook", "address": f"{peer.origin}/call", **wrong}
    answer = door.ask("POST", "/people", json=given)
    assert answer.status_code in (404, 422) and answer.json()["code"] == code
    assert door.ask("GET", "/people").json() == []


def test_a_key_sent_twice_adds_one(door: Door, peer: RobotPeer) -> None:
    given = {"name": "n", "service": "webhook", "address": f"{peer.origin}/call"}
    answers = [
        door.ask("POST", "/people", json=given, headers={"idempotency-key": "k1"}).json() for _ in range(2)
    ]
    assert answers[0] == answers[1] and len(door.ask("GET", "/people").json()) == 1


def test_a_drill_is_begun_and_read(door: Door) -> None:
    begun = door.ask("POST", "/drills")
    assert begun.status_code == 202 and begun.json()["state"] == "running"
    assert door.ask("POST", "/drills").json()["code"] == "drill_running"
    watch(door.db)
    (shown,) = door.ask("GET", "/drills").json()
    assert shown["id"] == begun.json()["id"] and shown["links"][0] == {
        "link": "signal", "name": "", "state": "ok", "ms": shown["links"][0]["ms"], "problem": ""
    }  # fmt: skip
