"""Incidents and posture over the API."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.alarm.scene import ANNE, ELSEWHERE, OWN_PC, send_many, watch
from tests.api.door import Door
from tocsin.alarm.signal import Signal
from tocsin.core.clock import MINUTE_US, shift_clock

ACTS = {"silence": "silenced", "acknowledgement": "acknowledged", "clearance": "cleared"}
CLEARS = {"owner", "manager"}
PEOPLE = {"owner", "manager", "clerk", "checker", "auditor"}


def attack(door: Door, *, times: int = 3, **given: Any) -> str:
    """Let wrong credentials be tried; return the incident's id."""
    told = Signal(
        **{
            "kind": "credential_wrong",
            "operator_id": ANNE,
            "address": ELSEWHERE,
            "name_digest": "anne",
            **given,
        }
    )
    door.db.write(door.house.merchant_id, lambda tx: send_many(tx, told=[told] * times))
    watch(door.db)
    return str(door.ask("GET", "/incidents").json()[0]["id"])


def test_the_alarm_tells_how_it_stands(door: Door):
    calm = door.ask("GET", "/alarm", role="clerk").json()
    assert (calm["light"], calm["sound"], calm["newest"], calm["posture"]["state"]) == (
        False,
        False,
        None,
        "calm",
    )
    number = attack(door)
    now = door.ask("GET", "/alarm", role="auditor").json()
    assert (now["light"], now["sound"], now["open_incidents"], now["incident_id"]) == (True, True, 1, number)
    assert (
        now["posture"]["state"] == "alert"
        and now["posture"]["by_desk"]
        and now["posture"]["incident_id"] == number
    )
    assert now["newest"]["reason"] == "3 wrong credentials at one account within 15 minutes"
    assert now["sound_until"] == now["newest"]["sound_until"] != ""


def test_an_incident_is_listed_and_opened(door: Door):
    first = attack(door, times=2, device=OWN_PC)
    second = attack(door)
    assert [one["id"] for one in door.ask("GET", "/incidents").json()] == [second, first]
    assert [one["id"] for one in door.ask("GET", "/incidents", params={"before": second}).json()] == [first]
    shown = door.ask("GET", f"/incidents/{second}", role="checker").json()
    assert [one["kind"] for one in shown["timeline"]][-1] == "raised"
    assert [(one["outcome"], one["address"], one["known_device"]) for one in shown["signals"]] == [
        ("wrong", ELSEWHERE, False)
    ] * 3
    assert shown["sources"] == [
        {"kind": "account", "value": str(ANNE), "signals": 3}, {"kind": "address", "value": ELSEWHERE, "signals": 3}
    ]  # fmt: skip
    assert (shown["incident"]["signals"], shown["incident"]["sounds"]) == (3, True)
    text = door.ask("GET", f"/incidents/{first}").text
    assert OWN_PC not in text and '"anne"' not in text
    assert door.ask("GET", "/incidents/1").status_code == 404
    assert door.ask("GET", "/incidents/x").status_code == 404


@pytest.mark.parametrize("act", ACTS)
def test_an_act_is_done_once_by_those_who_may(door: Door, act: str):
    number = attack(door)
    path, may = f"/incidents/{number}/{act}", CLEARS if act == "clearance" else PEOPLE
    assert door.ask("POST", path, role="", json={}).status_code == 401
    for role in ("station", *sorted(PEOPLE - may)):
        assert door.ask("POST", path, role=role, json={}).status_code == 403
    assert door.ask("GET", f"/incidents/{number}").json()["incident"][f"{ACTS[act]}_at"] == ""
    role = sorted(may)[-1]
    done = door.ask("POST", path, role=role, json={"note": "seen"})
    assert (done.status_code, done.json()) == (200, {"id": number})
    shown = door.ask("GET", f"/incidents/{number}").json()["incident"]
    assert (shown[f"{ACTS[act]}_by"], shown["note"]) == (role, "seen") and shown[f"{ACTS[act]}_at"]
    again = door.ask("POST", path, role="owner", json={})
    assert (again.status_code, again.json()["code"][:8]) == (409, "incident")


def test_an_act_with_a_key_is_answered_the_same_again(door: Door):
    path, key = f"/incidents/{attack(door)}/silence", {"idempotency-key": "s-1"}
    first, again = (door.ask("POST", path, json={}, headers=key) for _ in range(2))
    assert first.status_code == again.status_code == 200 and first.content == again.content


def test_what_is_over_is_not_among_the_open_ones(door: Door):
    number = attack(door)
    assert len(door.ask("GET", "/incidents", params={"only_open": "true"}).json()) == 1
    door.ask("POST", f"/incidents/{number}/clearance", json={})
    assert door.ask("GET", "/incidents", params={"only_open": "true"}).json() == []
    assert door.ask("GET", "/alarm").json()["light"] is False


def test_the_posture_is_set_by_those_who_may_and_told_with_its_history(door: Door):
    given = {"state": "lockdown", "reason": "a stranger"}
    assert door.ask("POST", "/posture", role="", json=given).status_code == 401
    assert door.ask("POST", "/posture", role="clerk", json=given).status_code == 403
    done = door.ask("POST", "/posture", role="manager", json=given)
    assert (done.status_code, done.json()["state"], done.json()["by"]) == (200, "lockdown", "manager")
    again = door.ask("POST", "/posture", json=given)
    assert (again.status_code, again.json()["code"]) == (409, "posture_same")
    wrong = door.ask("POST", "/posture", json={"state": "panic", "reason": "x"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "posture_wrong")
    told = door.ask("GET", "/posture", role="auditor").json()
    assert told["now"] == told["history"][0] and len(told["history"]) == 1
    assert told["now"]["why"] == "a stranger"


@pytest.mark.parametrize("path", ["/incidents/{}", "/incidents/{}/silence", "/incidents/{}/clearance"])
def test_another_merchants_incident_is_not_there(door: Door, path: str):
    number = attack(door)
    other = Door.of_other_merchant(door)
    method = "GET" if path.endswith("{}") else "POST"
    answer = other.ask(method, path.format(number), json=None if method == "GET" else {})
    assert (answer.status_code, answer.json()["code"]) == (404, "incident_missing")
    assert other.ask("GET", "/incidents").json() == []
    assert other.ask("GET", "/alarm").json()["light"] is False


def test_a_key_with_the_right_may_silence(door: Door):
    number, key = attack(door), door.key("incident", "query")
    answer: Callable[..., Any] = door.client.post
    assert answer(f"/api/v1/incidents/{number}/silence", json={}, headers=key).status_code == 200
    assert answer(f"/api/v1/incidents/{number}/clearance", json={}, headers=key).status_code == 403


def test_no_key_lifts_a_lockdown_and_a_session_only_after_a_proof(door: Door):
    lock, lift = ({"state": state, "reason": "x"} for state in ("lockdown", "calm"))
    key = door.key("incident_clear", "query")
    answer: Callable[..., Any] = door.client.post
    assert answer("/api/v1/posture", json=lock, headers=key).status_code == 200
    refused = answer("/api/v1/posture", json=lift, headers=key)
    assert (refused.status_code, refused.json()["code"]) == (403, "lockdown_held")
    door.headers("owner")
    shift_clock(11 * MINUTE_US)
    stale = door.ask("POST", "/posture", json=lift)
    assert (stale.status_code, stale.json()["code"]) == (403, "proof_needed")
    assert door.ask("GET", "/posture").json()["now"]["state"] == "lockdown"
    assert door.ask("POST", "/posture", role="manager", json=lift).status_code == 200
