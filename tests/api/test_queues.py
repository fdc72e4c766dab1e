"""Print queues over the API."""

from tests.api.door import Door


def test_a_queue_is_set_up_filled_moved_and_removed(door: Door):
    first = door.terminal()
    made = door.ask(
        "POST",
        "/queues",
        json={
            "name": "吧台",
            "printer": first,
            "role": "kitchen",
            "takes": "商品:酥梨",
            "copies": ["kitchen"],
        },
    )
    assert made.status_code == 201, made.text
    bar = made.json()["id"]
    wrong = door.ask("POST", "/queues", json={"name": "x", "printer": first, "takes": "held:yes"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "queue_wrong")
    receipt = door.ask("POST", "/terminals/0/prints", json={"orders": [{"number": door.order()}]}).json()
    (job,) = receipt["results"][0]["prints"]
    shown = door.ask("GET", f"/prints/{job}").json()
    assert (shown["queue"], shown["copy"]) == (bar, "kitchen")
    own, listed = door.ask("GET", "/queues").json()
    assert (own["id"], own["pending"], listed["takes"], listed["pending"], bool(listed["oldest_at"])) == (
        first,
        0,
        "商品:酥梨",
        1,
        True,
    )
    assert {one["takes"] for one in door.ask("GET", "/queues", role="clerk").json()} == {""}
    assert door.ask("POST", f"/queues/{bar}/pause", json={"paused": True}).json() == {"id": bar}
    assert [one["paused"] for one in door.ask("GET", "/queues").json()] == [False, True]
    assert door.ask("DELETE", f"/queues/{bar}").json()["code"] == "queue_wrong"
    assert door.ask("POST", f"/queues/{bar}/move", json={"to": first}).json() == {"moved": 1}
    assert door.ask("POST", f"/prints/{job}/move", json={"to": bar}).json() == {"id": job}
    other = door.terminal()
    changed = {"name": "吧台", "printer": other, "copies": ["kitchen"], "backup": first, "backup_minutes": 2}
    assert door.ask("PUT", f"/queues/{bar}", json=changed).json() == {"moved": 1}
    assert door.ask("GET", "/queues").json()[1]["backup"] == first
    assert door.ask("POST", f"/prints/{job}/cancellation").status_code == 200
    late = door.ask("POST", f"/prints/{job}/move", json={"to": first})
    assert (late.status_code, late.json()["code"]) == (409, "job_not_waiting")
    assert door.ask("DELETE", f"/queues/{bar}").json() == {"id": bar}
