"""What no reader agrees about is refused at the edge, and never a fault."""

import json

import pytest

from tests.api.door import Door, order_in

GOOD = json.dumps(order_in())
DEEP = "[" * 3000 + "]" * 3000


@pytest.mark.parametrize(
    "body",
    [
        "", "{", "[]", "null", "1e999", GOOD[:-1], '{"lines": ' + DEEP + "}", GOOD.replace("{", '{"channel":"a",', 1).replace("{", '{"channel":"b",', 1),
        GOOD.replace('"2"', "NaN"), GOOD.replace('"2"', "9223372036854775808"), GOOD.replace('"2"', "1" + "0" * 5000),
        GOOD.replace("LI-5", "\\u0000"), GOOD.replace("LI-5", "\\ud800"), GOOD.replace('"LI-5"', "Infinity"),
        '{"unknown": 1}', GOOD.replace("LI-5", "x" * 9000),
    ],
    ids=range(16),
)  # fmt: skip
def test_a_body_that_can_not_be_taken_is_a_problem(door: Door, body: str):
    answer = door.ask("POST", "/orders", content=body.encode(), headers={"content-type": "application/json"})
    assert answer.status_code in (400, 422), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"]
    assert door.ask("GET", "/orders").json()["orders"] == []


def test_bytes_that_are_no_text_are_a_problem(door: Door):
    for body in (b"\xff\xfe", b'{"channel": "\xff"}', b"\x00"):
        answer = door.ask("POST", "/orders", content=body, headers={"content-type": "application/json"})
        assert answer.status_code in (400, 422)


@pytest.mark.parametrize(
    "path", ["/orders/%00", "/orders/%FF", "/orders?q=%00", "/orders?q=a%ED%A0%80", "/orders/%C3"]
)
def test_an_address_that_is_no_text_is_a_problem(door: Door, path: str):
    answer = door.ask("GET", path)
    assert (answer.status_code, answer.json()["code"]) == (422, "address_unsafe")


@pytest.mark.parametrize("path", ["/screens/99999999999999999999", "/screens/-1", "/prints/x", "/screens/９"])
def test_an_id_that_is_none_is_missing(door: Door, path: str):
    assert (door.ask("GET", path).status_code, door.ask("GET", path).json()["code"]) == (404, "id_unknown")


def test_a_parameter_out_of_bounds_is_a_problem(door: Door):
    for params in ({"limit": 0}, {"limit": 101}, {"limit": "x"}, {"q": "x" * 201}):
        answer = door.ask("GET", "/orders", params=params)
        assert answer.status_code == 400, params
        assert answer.json()["problems"]
    for params in ({"amount_min": "x"}, {"after": "x"}, {"after": "9" * 40}, {"date_to": "2026-02-30"}):
        assert door.ask("GET", "/orders", params=params).status_code in (200, 422), params


def test_a_key_of_odd_characters_is_refused(door: Door):
    for key in ("a b", "x" * 201, ""):
        answer = door.ask("POST", "/orders", json=order_in(), headers={"idempotency-key": key})
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_unreadable")


def test_a_route_that_is_none_and_a_method_that_is_none_are_problems(door: Door):
    assert door.ask("GET", "/nothing").json()["code"] == "http_404"
    answer = door.ask("PUT", "/orders", json={})
    assert (answer.status_code, answer.json()["code"]) == (405, "http_405")


def test_a_fault_is_told_by_its_number_alone(door: Door):
    door.db.write_short = None  # type: ignore[assignment,method-assign]
    answer = door.client.get("/api/v1/me", headers={"authorization": "Bearer x"})
    del door.db.write_short
    assert (answer.status_code, answer.json()["code"]) == (500, "broken")
    assert "NoneType" not in answer.text
