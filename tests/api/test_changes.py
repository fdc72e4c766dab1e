"""Undo, conflicts, requests, who edits and the timeline, over the API."""

from functools import partial

from msgspec.structs import replace

from tests.api.door import Door
from tests.house import make_draft
from tocsin.core.journal import read_journal
from tocsin.orders.editing import begin_editing
from tocsin.orders.intake import take_in
from tocsin.orders.second_person import answer_ask
from tocsin.orders.store import find_order_id
from tocsin.orders.watch_list import add_watch

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


def test_a_watched_order_is_neither_read_nor_changed_alone_and_each_try_is_recorded(door: Door) -> None:
    for role in ("owner", "checker"):
        door.headers(role)
    number, owner, merchant = door.order(), door.actor(), door.house.merchant_id
    write = partial(door.db.write, merchant)
    change = {"seen": 1, "reason": "来电", "changes": {"merchant_note": "先打电话"}}
    assert door.ask("POST", f"/orders/{number}/amendments", json=change).status_code == 201
    order_id = door.db.read(merchant, partial(find_order_id, number=number))
    write(partial(add_watch, actor=owner, kind="order", value=number, reason="纠纷"))
    change = {**change, "seen": 2, "changes": {"merchant_note": "x"}}
    doors = (
        *(("GET", name, None) for name in ("", "/revisions", "/holds", "/timeline", "/requests", "/conflict")),
        ("POST", "/amendments/preview", {"seen": 2, "changes": {}}), ("POST", "/amendments", change), ("POST", "/revision", change),
        ("POST", "/undo", {"seen": 2, "reason": "错了"}), ("POST", "/conflict", {"seen": 2, "reason": "x", "picks": {}}),
    )  # fmt: skip
    for tried, (method, name, body) in enumerate(doors, 1):
        answer = (
            door.ask(method, f"/orders/{number}{name}", json=body)
            if body
            else door.ask(method, f"/orders/{number}{name}")
        )
        assert (answer.status_code, answer.json()["code"]) == (403, "second_person_needed"), (method, name)
        told = door.db.read(merchant, partial(read_journal, subject=f"order:{order_id}"))
        assert [one.verb for one in told].count("orders.watched_tried") == tried, (method, name)
    assert door.ask("POST", f"/orders/{number}/holds", json={"reason": "等"}).status_code == 201, (
        "nothing leaves by it"
    )
    asked = door.ask("POST", f"/orders/{number}/second-person", json={"act": "open", "reason": "核对"}).json()
    ask_id = int(asked["id"])
    write(partial(answer_ask, actor=door.house.actor("checker", actor_id=77), ask_id=ask_id, approved=True))
    assert door.ask("POST", f"/orders/{number}/amendments", json=change).status_code == 201
    assert [one["revision"] for one in door.ask("GET", f"/orders/{number}/revisions").json()] == [3, 2, 1]
