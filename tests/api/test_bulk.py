"""Bulk acts over the API and on their page: a result per order, once, ended by hand, gone on with after a death."""

import time
from typing import Any

from tests.api.door import Door, order_in
from tocsin.core.queue import TASKS
from tocsin.tickets import bulk_work
from tocsin.tickets.bulk_job import TASK, sweep_bulk


def finished(door: Door, bulk_id: str) -> dict[str, Any]:
    """Let the queue do it; return it once it has ended."""
    door.desk.queue.open(door.db)
    until = time.monotonic() + 20
    while time.monotonic() < until:
        found: dict[str, Any] = door.ask("GET", f"/bulk/{bulk_id}").json()
        if found["state"] not in ("waiting", "running"):
            break
        time.sleep(0.02)
    door.desk.queue.close()
    return found


def rows_of(door: Door, bulk_id: str) -> dict[str, tuple[str, str]]:
    rows = door.ask("GET", f"/bulk/{bulk_id}/rows").json()
    assert [row["place"] for row in rows] == list(range(len(rows)))
    return {row["number"]: (row["result"], row["code"]) for row in rows}


def test_each_order_of_a_list_or_a_query_has_its_result_once(door: Door):
    good, gone, other = (door.order(external_id=f"B-{n}", campaign="a" if n < 2 else "b") for n in range(3))
    door.ask("POST", f"/orders/{gone}/cancellation", json={"reason": "x"})
    asked = {"act": "amend", "field": "campaign", "value": "c", "reason": "r", "query": "campaign:a"}
    key = {"idempotency-key": "one"}
    first, again = (door.ask("POST", "/bulk", json=asked, headers=key) for _ in range(2))
    assert first.status_code == 202 and first.json() == again.json(), "asked once, however often it is sent"
    done = finished(door, first.json()["id"])
    assert (done["state"], done["total"], done["done"], done["refused"]) == ("complete", 2, 2, 1)
    assert rows_of(door, done["id"]) == {good: ("done", ""), gone: ("refused", "order_cancelled")}
    assert [door.ask("GET", f"/orders/{n}").json()["campaign"] for n in (good, gone, other)] == [
        "c",
        "a",
        "b",
    ]
    listed = {"act": "hold", "reason": "r", "orders": [{"number": good}, {"number": other, "seen": 1}]}
    held = finished(door, door.ask("POST", "/bulk", json=listed).json()["id"])
    assert rows_of(door, held["id"]) == {good: ("done", ""), other: ("done", "")}
    stale = {**asked, "query": "", "orders": [{"number": good, "seen": 1}]}
    late = finished(door, door.ask("POST", "/bulk", json=stale).json()["id"])
    assert rows_of(door, late["id"]) == {good: ("refused", "order_moved")}, "nothing is overwritten"
    assert [one["act"] for one in door.ask("GET", "/bulk").json()] == ["amend", "hold", "amend"]
    file = {"filter": {"query": f"number:{good},{other}"}}
    started = door.ask("POST", "/downloads", json=file).json()["id"]
    door.work()
    assert door.ask("GET", f"/downloads/{started}").json()["total"] == 2, "a file of listed orders is a query"


def test_a_whole_screen_is_printed_each_order_by_itself(door: Door):
    terminal = door.terminal()
    to = order_in()["receiver"]
    numbers = [
        door.order(external_id=f"B-{n}", receiver={**to, "phone": f"138123400{n:02}"}) for n in range(12)
    ]  # the same receiver and goods twice would be held as a duplicate
    door.ask("POST", f"/orders/{numbers[3]}/holds", json={"reason": "r"})
    asked = {"act": "print", "query": "payment:paid", "terminal": terminal}
    done = finished(door, door.ask("POST", "/bulk", json=asked).json()["id"])
    assert (done["state"], done["done"]) == ("complete", 12)
    expected = dict.fromkeys(numbers, ("queued", "")) | {numbers[3]: ("held", "manual")}
    assert rows_of(door, done["id"]) == expected
    assert len(door.ask("GET", "/prints").json()) == 11


def test_it_is_ended_by_hand_and_goes_on_where_it_died(door: Door):
    numbers = [door.order(external_id=f"B-{n}") for n in range(25)]
    asked = {"act": "hold", "reason": "r", "query": "payment:paid"}
    merchant_id, run = door.house.merchant_id, TASKS[TASK]
    ended = door.ask("POST", "/bulk", json=asked).json()["id"]
    assert bulk_work._do_chunk(door.db, merchant_id, int(ended))
    cancelled = door.ask("POST", f"/bulk/{ended}/cancellation", json={})
    assert (cancelled.json()["state"], cancelled.json()["done"]) == ("cancelled", 10)
    assert door.ask("POST", f"/bulk/{ended}/cancellation", json={}).json()["code"] == "bulk_job_over"
    run(door.db, merchant_id, {"job": ended})
    assert len(rows_of(door, ended)) == 10, "what was done stays done, and nothing follows"
    died = door.ask("POST", "/bulk", json=asked).json()["id"]
    assert bulk_work._do_chunk(door.db, merchant_id, int(died))  # and here its worker dies
    assert finished(door, died)["done"] == 25
    assert len(rows_of(door, died)) == 25 and all(one == ("done", "") for one in rows_of(door, died).values())
    open_holds = [len(door.ask("GET", f"/orders/{number}/holds").json()) for number in numbers]
    assert sorted(open_holds) == [1] * 15 + [2] * 10, "each act counted once for each order"


def test_who_may_do_it_no_more_is_stopped_and_nobody_else_sees_it(door: Door):
    door.order()
    headers = door.key("query", "hold")
    asked = {"act": "hold", "reason": "r", "query": "payment:paid"}
    made = door.client.post("/api/v1/bulk", json=asked, headers=headers).json()["id"]
    for method, path in (("GET", ""), ("GET", "/rows"), ("POST", "/cancellation")):
        other = door.ask(method, f"/bulk/{made}{path}", role="clerk")
        assert (other.status_code, other.json()["code"]) == (404, "bulk_job_missing")
    (key,) = [one for one in door.ask("GET", "/keys").json() if not one.get("revoked_at")]
    assert door.ask("DELETE", f"/keys/{key['id']}").status_code == 200
    stopped = finished(door, made)
    assert (stopped["state"], stopped["fault"], stopped["done"]) == ("stopped", "not_allowed", 0)
    assert Door.of_other_merchant(door).ask("GET", f"/bulk/{made}").status_code == 404
    for wrong in (
        {"query": ""}, {"query": "campaign:none"}, {"query": "stat:x"}, {"act": "amend", "field": "payable"},
        {"act": "print", "terminal": "7"}, {"orders": [{"number": "none"}], "query": ""},
    ):  # fmt: skip
        answer = door.ask("POST", "/bulk", json={**asked, **wrong})
        assert answer.status_code in (404, 422), (wrong, answer.text)
    assert door.db.write(door.house.merchant_id, sweep_bulk) == 0


def test_the_order_s_shape_is_what_a_bulk_act_is_given(door: Door):
    number = str(door.ask("POST", "/orders", json=order_in(external_id="B")).json()["number"])
    many = {"act": "hold", "reason": "r", "orders": [{"number": number}] * 501}
    assert door.ask("POST", "/bulk", json=many).json()["code"] == "bulk_wrong"
