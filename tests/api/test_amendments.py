"""Amending and revising over the API: against the revision that was seen."""

from tests.api.door import Door

ADDRESS = {"receiver": {"address": "黄山路 13 号 5 栋 101 室"}}


def amendment(seen: int = 1, **changes: object) -> dict[str, object]:
    return {"seen": seen, "reason": "the customer called", "changes": changes or ADDRESS}


def test_an_amendment_is_seen_before_it_is_made(door: Door):
    number = door.order()
    line = {"title": "砀山酥梨 5 斤装", "sku": "LI-5", "quantity": "3", "unit_price": "39.9"}
    wanted = {"lines": [line], "recalculate": True}
    seen = door.ask("POST", f"/orders/{number}/amendments/preview", json={"seen": 1, "changes": wanted})
    assert seen.status_code == 200, seen.text
    assert (seen.json()["payable_before"], seen.json()["payable_after"]) == ("79.80", "119.70")
    assert door.ask("GET", f"/orders/{number}").json()["revision"] == 1
    made = door.ask("POST", f"/orders/{number}/amendments", json=amendment(**wanted))
    assert (made.status_code, made.json()["revision"]) == (201, 2)
    assert door.ask("GET", f"/orders/{number}").json()["payable"] == "119.70"
    assert door.ask("GET", f"/orders/{number}", params={"revision": 1}).json()["payable"] == "79.80"


def test_who_comes_second_gets_both_versions(door: Door):
    number = door.order()
    path = f"/orders/{number}/amendments"
    assert door.ask("POST", path, json=amendment()).status_code == 201
    late = door.ask("POST", path, json=amendment(merchant_note="gift"))
    problem = late.json()
    assert (late.status_code, problem["code"]) == (409, "order_moved")
    assert (problem["seen_version"]["revision"], problem["present_version"]["revision"]) == (1, 2)
    assert problem["present_version"]["receiver"]["phone"] == "138****5678"
    assert "13812345678" not in late.text
    ahead = door.ask("POST", path, json=amendment(9, merchant_note="gift")).json()
    assert "seen_version" not in ahead
    preview = door.ask("POST", f"{path}/preview", json={"seen": 1, "changes": ADDRESS})
    assert preview.status_code == 409


def test_an_amendment_with_a_key_is_made_once(door: Door):
    number = door.order()
    path, headers = f"/orders/{number}/amendments", {"idempotency-key": "amend-1"}
    first = door.ask("POST", path, json=amendment(), headers=headers)
    again = door.ask("POST", path, json=amendment(), headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert len(door.ask("GET", f"/orders/{number}/revisions").json()) == 2
    other = door.ask("POST", path, json=amendment(2, merchant_note="x"), headers=headers)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")


def test_a_refused_change_gives_its_key_back(door: Door):
    number = door.order()
    path, headers = f"/orders/{number}/amendments", {"idempotency-key": "amend-2"}
    assert door.ask("POST", path, json={**amendment(), "reason": ""}, headers=headers).status_code == 422
    assert door.ask("POST", path, json=amendment(), headers=headers).status_code == 201


def test_what_can_not_be_is_refused_with_its_place(door: Door):
    number = door.order()
    path = f"/orders/{number}/amendments"
    for changes, code in (
        ({"receiver": {"phone": "138****0000"}}, "masked_value"),
        ({"totals": {"shipping": "abc"}}, "amount_unreadable"),
        ({"lines": [{"title": "x", "quantity": "many"}]}, "number_unreadable"),
        ({"receiver": {}}, "nothing_changed"),
    ):
        answer = door.ask("POST", path, json={"seen": 1, "reason": "r", "changes": changes})
        assert (answer.status_code, answer.json()["code"]) == (422, code), changes
    assert door.ask("POST", path, json=amendment(nonsense=1)).status_code == 400


def test_a_wrong_sum_is_mended_and_goes_back_to_the_terminal(door: Door):
    door.terminal()
    totals = {"goods": "79.80", "payable": "70.00", "paid": "70.00"}
    number = door.order(totals=totals)
    held = door.ask("POST", "/terminals/0/prints", json={"orders": [{"number": number}]}).json()["results"][0]
    assert (held["result"], held["holds"]) == ("held", ["check"])
    assert "sum_order" in {finding["code"] for finding in held["findings"]}
    revision = {"seen": 1, "reason": "sum", "changes": {"totals": {"payable": "79.80"}}, "print_again": False}
    first = door.ask("POST", f"/orders/{number}/revision", json=revision).json()
    assert (first["revision"], first["result"]) == (2, "held"), first
    door.ask("POST", f"/orders/{number}/marks", json={"reason": "paid in full", "payment": "unpaid"})
    marked = door.ask("POST", f"/orders/{number}/marks", json={"reason": "paid in full", "payment": "paid"})
    assert marked.json() == {"payment": "paid", "fulfilment": "unfulfilled"}
    again = {"seen": 2, "reason": "note", "changes": {"merchant_note": "checked"}}
    second = door.ask("POST", f"/orders/{number}/revision", json=again).json()
    assert (second["passed"], second["result"], len(second["prints"])) == (True, "queued", 1), second
