"""Terminals, prints and holds over the API."""

from tests.api.door import Door
from tocsin.tickets.claim import claim_job
from tocsin.tickets.device import get_printer
from tocsin.tickets.job import read_content
from tocsin.tickets.late import record_outcome
from tocsin.tickets.lease import lease_station
from tocsin.tickets.printer import PrintOutcome


def print_one(door: Door, number: str) -> str:
    receipt = door.ask("POST", "/terminals/0/prints", json={"orders": [{"number": number, "seen": 1}]})
    assert receipt.status_code == 201, receipt.text
    (result,) = receipt.json()["results"]
    assert result["result"] == "queued", result
    return str(result["prints"][0])


def test_a_terminal_is_set_up_and_listed(door: Door):
    made = door.terminal()
    (listed,) = door.ask("GET", "/terminals").json()
    names = ("id", "kind", "online", "paused", "push_url")
    assert [listed[name] for name in names] == [made, "pdf_file", None, False, ""]
    wrong = door.ask("POST", "/terminals", json={"name": "x", "kind": "teletype"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "printer_kind_unknown")


def test_an_order_is_queued_and_taken_back(door: Door):
    door.terminal()
    number = door.order()
    job = print_one(door, number)
    shown = door.ask("GET", f"/prints/{job}").json()
    assert (shown["number"], shown["state"], shown["copy"]) == (number, "queued", "merchant")
    assert [one["id"] for one in door.ask("GET", "/prints", params={"state": "queued"}).json()] == [job]
    assert door.ask("GET", "/prints", params={"before": job}).json() == []
    assert door.ask("POST", f"/prints/{job}/cancellation").json() == {"id": job}
    again = door.ask("POST", f"/prints/{job}/cancellation")
    assert (again.status_code, again.json()["code"]) == (409, "job_not_waiting")
    assert door.ask("GET", "/prints/1").status_code == 404


def test_a_batch_with_a_key_is_one_paper(door: Door):
    door.terminal()
    number = door.order()
    batch, headers = {"orders": [{"number": number}], "copies": ["customer"]}, {"idempotency-key": "print-1"}
    first = door.ask("POST", "/terminals/0/prints", json=batch, headers=headers)
    again = door.ask("POST", "/terminals/0/prints", json=batch, headers=headers)
    assert first.content == again.content
    assert len(door.ask("GET", "/prints").json()) == 1
    wrong = door.ask(
        "POST", "/terminals/0/prints", json={"orders": []}, headers={"idempotency-key": "print-2"}
    )
    assert wrong.status_code == 422
    right = door.ask("POST", "/terminals/0/prints", json=batch, headers={"idempotency-key": "print-2"})
    assert right.status_code == 201, "a refused batch gives its key back"


def test_a_person_says_what_became_of_an_unknown_paper(door: Door):
    door.terminal()
    number = door.order()
    job = print_one(door, number)

    def lose(tx):
        lease_station(tx, holder="test")
        claim_job(tx, device=get_printer(tx))
        record_outcome(tx, job_id=int(job), outcome=PrintOutcome(result="unknown", bytes_left=True))

    door.db.write(door.house.merchant_id, lose)
    (hold,) = door.ask("GET", f"/orders/{number}/holds").json()
    assert (hold["kind"], hold["job_id"], hold["closed_at"]) == ("unknown", job, "")
    refused = door.ask("POST", f"/holds/{hold['id']}/release", json={"reason": "x"})
    assert (refused.status_code, refused.json()["code"]) == (403, "hold_not_releasable")
    settled = door.ask("POST", f"/prints/{job}/settlement", json={"came_out": True})
    assert settled.json() == {"id": job}
    assert door.ask("GET", f"/orders/{number}").json()["desk_state"] == "printed"
    assert door.ask("POST", f"/prints/{job}/settlement", json={"came_out": True}).status_code == 409


def test_a_hold_by_hand_is_let_go_and_the_order_prints(door: Door):
    door.terminal()
    number = door.order()
    made = door.ask("POST", f"/orders/{number}/holds", json={"reason": "wait for the customer"})
    assert made.status_code == 201
    assert door.ask("GET", "/orders", params={"held": "manual"}).json()["orders"][0]["number"] == number
    asked = door.ask("POST", "/terminals/0/prints", json={"orders": [{"number": number, "seen": 1}]}).json()
    assert asked["results"][0]["holds"] == ["manual"]
    released = door.ask("POST", f"/holds/{made.json()['id']}/release", json={"reason": "he called"}).json()
    assert released["requested"]["result"] == "queued"
    later = door.ask("POST", f"/orders/{number}/holds", json={"reason": "tomorrow", "until_us": 2**52})
    assert door.ask("GET", f"/orders/{number}/holds").json()[0]["until"].startswith("2112-")
    assert later.status_code == 201


def test_a_warning_is_acknowledged_by_its_code(door: Door):
    free = {"title": "赠品", "quantity": "1", "unit_price": "0"}
    number = door.order(lines=[free], totals={"goods": "0", "payable": "0", "paid": "0"})
    path = f"/orders/{number}/acknowledgements"
    wrong = door.ask("POST", path, json={"revision": 1, "codes": ["note"]})
    assert (wrong.status_code, wrong.json()["code"]) == (404, "nothing_to_acknowledge")
    done = door.ask("POST", path, json={"revision": 1, "codes": ["price_zero"]})
    assert done.status_code == 200, done.text
    assert "price_zero" in {finding["code"] for finding in done.json()["findings"]}


def test_a_code_answers_what_its_ticket_is(door: Door):
    door.terminal()
    number = door.order()
    job = print_one(door, number)
    found = door.ask("GET", f"/scans/{job}").json()
    assert (found["word"], found["number"]) == ("CURRENT", number)
    door.ask("POST", f"/orders/{number}/cancellation", json={"reason": "x"})
    assert door.ask("GET", f"/scans/{job}").json()["word"] == "VOID"
    assert door.ask("GET", "/scans/ABCDEF").status_code == 404


def test_a_strangers_scan_answers_the_word_and_nothing_else(door: Door):
    door.terminal()
    number = door.order()
    job = int(print_one(door, number))
    code = door.db.read(door.house.merchant_id, lambda tx: read_content(tx, job_id=job)).scan_url.rsplit(
        "/", 1
    )[1]
    assert door.ask("GET", f"/scans/{code}").json()["number"] == number
    told = Door.of_other_merchant(door).ask("GET", f"/scans/{code}").json()
    assert told.pop("word") == "CURRENT" and not any(told.values()) and len(told) == 5


def test_a_terminal_is_asked_and_prints_a_test_page(door: Door):
    made = door.terminal()
    listed = door.ask("GET", "/terminals").json()[0]
    assert (listed["state"], listed["can_confirm"], listed["reports"]) == ("unknown", True, ["online"])
    assert door.ask("POST", f"/terminals/{made}/probe").json() == {"state": "ready", "reason": ""}
    headers = {"idempotency-key": "test-1"}
    tried = [door.ask("POST", f"/terminals/{made}/test", headers=headers) for _ in range(2)]
    assert [each.json() for each in tried] == [{"result": "printed", "reason": "", "detail": ""}] * 2
    assert door.ask("GET", "/terminals").json()[0]["state"] == "ready"
    assert door.ask("POST", "/terminals/1/probe").status_code == 404
