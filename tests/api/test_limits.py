"""Who asks is asked before a body is read, and a body is as long as its route takes, no longer."""

import pytest

from tests.api.door import Door, order_in

MIB = 1 << 20
LONG = b'{"lines":[' + b'{"title":"x"},' * (MIB // 10) + b"]}"


@pytest.mark.parametrize("path", ["/orders", "/orders/import", "/downloads", "/orders/X-1/amendments"])
def test_nobody_s_body_is_parsed(door: Door, path: str):
    for headers in (
        {},
        {"authorization": "Bearer tk_wrong"},
        {"cookie": "tocsin_session=x", "origin": "http://localhost:8717"},
    ):
        answer = door.client.post(f"/api/v1{path}", content=b"{ no JSON", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in"), (
            "not what is wrong with it"
        )


def test_a_body_is_not_parsed_for_who_may_not_send_it(door: Door):
    headers = {"content-type": "application/json"}
    answer = door.ask("POST", "/orders/import", role="auditor", content=b"{ no JSON", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")


def test_a_long_body_is_a_problem_but_for_an_import(door: Door):
    headers = {"content-type": "application/json"}
    answer = door.ask("POST", "/orders", content=LONG, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "http_413")
    assert answer.headers["content-type"] == "application/problem+json"
    many = [
        order_in(external_id=f"E-{n}", lines=[{"title": "长" * 200, "unit_price": "1"}] * 250)
        for n in range(8)
    ]
    taken = door.ask("POST", "/orders/import", json=many, headers=headers)
    assert len(taken.request.content) > MIB
    assert taken.status_code == 200 and taken.json()["counts"]["new"] == 8


def test_a_sheet_of_nobody_is_not_read(door: Door):
    answer = door.client.post(
        "/imports", content=b"no form", headers={"origin": "http://localhost:8717"}, follow_redirects=False
    )
    assert (answer.status_code, answer.headers["location"][:9]) == (303, "/sign-in?")
    role = door.client.post("/imports", content=b"no form", headers=door.headers("auditor"))
    assert role.status_code == 403
    longer = door.client.post(
        "/sign-in", content=b"x" * (5 * MIB), headers={"origin": "http://localhost:8717"}
    )
    assert longer.status_code == 413


def test_an_answer_of_any_kind_has_the_headers_of_all(door: Door):
    for origin in ("http://[", "null", "http://localhost:8717@evil"):
        answer = door.ask("POST", "/orders", json=order_in(), headers={"origin": origin})
        assert (answer.status_code, answer.json()["code"]) == (403, "origin_foreign")
        assert answer.headers["x-content-type-options"] == "nosniff" and answer.headers["x-request-id"]


def test_days_and_times_beyond_the_calendar_are_refused(door: Door):
    number = door.order()
    for day in ("9999-12-31", "0001-01-01", "1989-12-31", "2201-01-01", "2026-W01-1", "20261122"):
        answer = door.ask("GET", "/orders", params={"date_to": day})
        assert (answer.status_code, answer.json()["code"]) == (422, "date_unreadable"), day
    for until in (2**63 - 1, -(2**63), 0):
        answer = door.ask("POST", f"/orders/{number}/holds", json={"reason": "x", "until_us": until})
        assert (answer.status_code, answer.json()["code"]) == (422, "hold_time_wrong")
    assert door.ask("GET", f"/orders/{number}/holds").json() == []


def test_amounts_are_of_one_currency(door: Door):
    yuan = door.order()
    yen = door.order(
        currency="JPY",
        lines=[{"title": "杯", "unit_price": "500"}],
        totals={"goods": "500", "payable": "500"},
    )

    def found(**asked: str) -> list[str]:
        answer = door.ask("GET", "/orders", params=asked)
        assert answer.status_code == 200, answer.text
        return [one["number"] for one in answer.json()["orders"]]

    assert found(amount_min="1") == [yuan] and found(amount_min="100") == []
    assert found(amount_min="100", currency="JPY") == [yen] and found(currency="JPY") == [yen]
    assert found(amount_max="600", currency="JPY") == [yen]
    wrong = door.ask("GET", "/orders", params={"amount_min": "1", "currency": "R1B"})
    assert wrong.status_code == 422
