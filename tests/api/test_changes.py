"""Undo, conflicts, requests, who edits and the timeline, over the API."""

from msgspec.structs import replace

from tests.api.door import Door
from tests.house import make_draft
from tocsin.orders.editing import begin_editing
from tocsin.orders.intake import take_in

DRAFT = make_draft(external_id="E-1", channel="jd")


def test_a_change_is_undone_resolved_answered_and_told(door: Door) -> None:
    owner = door.house.actor()
    db, merchant = door.db, owner.merchant_id
    taken = db.write(merchant, lambda tx: take_in(tx, owner, DRAFT))
    path = f"/orders/{taken.number}"
    changes = {"receiver": {"phone": "13911112222"}, "merchant_note": "先打电话"}
    assert (
        door.ask(
            "POST", f"{path}/amendments", json={"seen": 1, "reason": "来电", "changes": changes}
        ).status_code
        == 201
    )
    (asked,) = door.ask("GET", f"{path}/requests").json()
    assert (asked["part"], asked["state"]) == ("receiver", "asked")
    now = replace(DRAFT, receiver=replace(DRAFT.receiver, phone="13733334444"))
    db.write(merchant, lambda tx: take_in(tx, owner, now))
    ways = {one["field"]: one for one in door.ask("GET", f"{path}/conflict").json()["fields"]}
    assert ways["receiver.phone"] == {
        "field": "receiver.phone", "source_before": "138****5678", "desk": "139****2222", "source_now": "137****4444", "holds": "",
    }  # fmt: skip
    assert ways["merchant_note"]["holds"] == "desk"
    picks = {"seen": 2, "reason": "核实", "picks": {}}
    assert door.ask("POST", f"{path}/conflict", json=picks).json()["code"] == "side_missing"
    made = door.ask("POST", f"{path}/conflict", json={**picks, "picks": {"receiver.phone": "desk"}})
    assert (made.status_code, made.json()["revision"]) == (201, 2)
    assert door.ask("GET", f"{path}/conflict").status_code == 404
    answered = door.ask("POST", f"{path}/requests/{asked['id']}", json={"done": False, "reason": "不许"})
    assert answered.status_code == 200 and door.ask("GET", f"{path}/requests").json()[0]["state"] == "refused"
    undone = door.ask("POST", f"{path}/undo", json={"seen": 2, "reason": "误改"})
    assert (undone.status_code, undone.json()["revision"]) == (201, 3)
    assert door.ask("POST", f"{path}/undo", json={"seen": 2, "reason": "误改"}).status_code == 409
    assert door.ask("GET", f"{path}/editing").json() == {"name": "", "since": ""}
    db.write(merchant, lambda tx: begin_editing(tx, owner, order_id=taken.order_id))
    assert door.ask("GET", f"{path}/editing").json()["name"] == owner.name
    told = door.ask("GET", f"{path}/timeline").json()
    whats = [one["what"] for one in told["entries"]]
    assert whats[-1] == "orders.produce" and {"orders.ask_platform", "orders.hold", "orders.release"} <= set(
        whats
    )
    assert "误改" in [one["data"].get("reason") for one in told["entries"]] and told["next"] == "0"
