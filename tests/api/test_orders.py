"""Orders over the API: as nobody, with the wrong role, with the right one, and twice."""

import msgspec
import pytest

from tests.api.door import Door, order_in


def test_an_order_goes_in_once_and_comes_out(door: Door):
    order = order_in(external_id="X-1")
    first = door.ask("POST", "/orders", json=order)
    again = door.ask("POST", "/orders", json=order)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["result"] == "new"
    assert again.json() == {**first.json(), "result": "unchanged"}
    got = door.ask("GET", f"/orders/{first.json()['number']}").json()
    assert got["id"] == first.json()["id"]
    assert got["payable"] == "79.80"
    assert got["lines"][0]["total"] == "79.80"
    assert got["receiver"]["phone"] == "138****5678"
    assert "13812345678" not in msgspec.json.encode(got).decode()


def test_a_key_with_its_scope_serves_as_a_session_does(door: Door):
    key = door.key("query", "import")
    made = door.client.post("/api/v1/orders", json=order_in(), headers=key)
    assert made.status_code == 201
    assert door.client.get(f"/api/v1/orders/{made.json()['number']}", headers=key).status_code == 200
    refused = door.client.post(
        f"/api/v1/orders/{made.json()['number']}/cancellation", json={"reason": "x"}, headers=key
    )
    assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")


@pytest.mark.parametrize("header", ["Bearer tocsin_00000000_wrong", "Bearer ", "Basic eDp5", "x"])
def test_a_wrong_key_is_nobody(door: Door, header: str):
    answer = door.client.get("/api/v1/orders", headers={"authorization": header})
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_wrong_keys_spend_their_address(door: Door):
    statuses = {
        door.client.get("/api/v1/me", headers={"authorization": f"Bearer {n}"}).status_code for n in range(40)
    }
    assert statuses == {401, 429}
    locked = door.client.get("/api/v1/me", headers={"authorization": "Bearer x"})
    assert int(locked.headers["retry-after"]) > 0


def test_orders_are_found_by_what_they_carry_and_each_look_up_is_recorded(door: Door):
    number = door.order(external_id="FIND-1")
    for q in (number, "5678", "王小", "LI-5"):
        found = door.ask("GET", "/orders", params={"q": q}).json()
        assert [row["number"] for row in found["orders"]] == [number], q
    mine = door.ask("GET", "/lookups/mine").json()
    assert [(row["query"], row["count"]) for row in mine][:2] == [("LI-5", 1), ("王小", 1)]
    older = door.ask("GET", "/lookups/mine", params={"before": mine[1]["id"]}).json()
    assert [row["query"] for row in older] == ["5678", number]


def test_screens_are_pages(door: Door):
    numbers = [door.order() for _ in range(5)]
    seen, after = [], ""
    while True:
        page = door.ask("GET", "/orders", params={"payment": "paid", "limit": 2, "after": after}).json()
        seen += [row["number"] for row in page["orders"]]
        after = page["next"]
        if not after:
            break
    assert seen == numbers[::-1]
    assert not door.ask("GET", "/orders", params={"amount_min": "80"}).json()["orders"]
    assert len(door.ask("GET", "/orders", params={"amount_max": "79.80"}).json()["orders"]) == 5
    wrong = door.ask("GET", "/orders", params={"date_from": "some day"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "date_unreadable")


def test_an_order_is_cancelled_once_with_a_reason(door: Door):
    number = door.order()
    path = f"/orders/{number}/cancellation"
    assert door.ask("POST", path, json={"reason": " "}).status_code == 422
    assert door.ask("POST", path, json={"reason": "out of stock"}).json() == {
        "number": number,
        "desk_state": "cancelled",
    }
    again = door.ask("POST", path, json={"reason": "out of stock"})
    assert (again.status_code, again.json()["code"]) == (403, "order_cancelled")
    assert door.ask("GET", f"/orders/{number}").json()["desk_state"] == "cancelled"


def test_a_reveal_has_fields_and_a_purpose_and_its_denial_is_recorded(door: Door):
    number = door.order()
    path = f"/orders/{number}/reveal"
    wanted = {"fields": ["phone"], "purpose": "deliver"}
    shown = door.ask("POST", path, json=wanted).json()
    assert (
        shown["receiver"]["phone"] == "13812345678" and shown["receiver"]["name"] == "王**" and shown["until"]
    )
    for wrong in ({"purpose": "curiosity"}, {"purpose": "other"}, {"fields": []}, {"fields": ["all"]}):
        assert door.ask("POST", path, json={**wanted, **wrong}).status_code == 422, wrong
    denied = door.ask("POST", path, role="clerk", json=wanted)
    assert (denied.status_code, denied.json()["code"]) == (403, "not_allowed")
    kinds = [row["kind"] for row in door.ask("GET", "/lookups/mine", role="clerk").json()]
    assert kinds == ["denied"]


def test_the_history_tells_who_and_why(door: Door):
    number = door.order()
    (entry,) = door.ask("GET", f"/orders/{number}/revisions").json()
    assert (entry["revision"], entry["reason"], entry["actor_name"]) == (1, "intake: api", "owner")
    assert door.ask("GET", f"/orders/{number}", params={"revision": 1}).json()["revision"] == 1
    assert door.ask("GET", f"/orders/{number}", params={"revision": 2}).status_code == 404
    assert door.ask("GET", f"/orders/{number}/holds").json() == []


def test_an_order_that_is_not_there_is_a_problem(door: Door):
    answer = door.ask("GET", "/orders/HF-20200101-0001")
    assert answer.status_code == 404
    problem = answer.json()
    assert problem["code"] == "order_missing"
    assert problem["type"] == "urn:tocsin:problem:order_missing"
    assert problem["order"] == "HF-20200101-0001"
    assert problem["request_id"] == answer.headers["x-request-id"]
