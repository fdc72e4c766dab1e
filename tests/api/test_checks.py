"""Levels of checks over the API."""

from tests.api.door import Door
from tests.counter import check_all


def level(door: Door, number: str) -> str:
    (row,) = door.ask("GET", "/orders", params={"q": number}).json()["orders"]
    return str(row["checked"])


def test_a_level_is_chosen_and_orders_are_judged_by_it(door: Door):
    given = {"name": "王小明", "phone": "13812345678", "address": "黄山路"}
    first = door.order(receiver=given)
    check_all(door.db)
    assert level(door, first) == "W"
    shown = door.ask("GET", "/checks").json()
    rows = {row["code"]: row for row in shown["checks"]}
    assert (rows["address_short"]["level"], rows["required"]["fixed"]) == ("W", True)
    chosen = {"levels": {"address_short": "I"}, "revision": shown["revision"]}
    for refused, status, code in (
        ({**chosen, "levels": {"required": "off"}}, 422, "level_fixed"),
        ({**chosen, "levels": {"addres_short": "I"}}, 422, "check_unknown"),
        ({**chosen, "levels": {"address_short": "loud"}}, 400, "http_400"),
        ({**chosen, "revision": 7}, 409, "preference_moved"),
    ):
        answer = door.ask("POST", "/checks", json=refused)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert door.ask("POST", "/checks", role="clerk", json=chosen).status_code == 403
    now = door.ask("POST", "/checks", json=chosen).json()
    assert {row["code"]: row["level"] for row in now["checks"]}["address_short"] == "I"
    second = door.order(receiver={**given, "phone": "13812345679"})
    check_all(door.db)
    assert level(door, second) == "I"


def test_two_persons_are_asked_for_and_the_answer_says_what_waits(door: Door):
    number = door.order(receiver={"name": "王小明", "phone": "13812345678", "address": "黄山路"})
    check_all(door.db)
    chosen = {"two_persons": ["address_short"], "revision": 0}
    door.headers("owner")
    alone = door.ask("POST", "/checks", json=chosen)
    assert (alone.status_code, alone.json()["code"]) == (409, "two_persons_missing")
    door.headers("checker")
    assert door.ask("POST", "/checks", json=chosen).json()["two_persons"] == ["address_short"]
    levels = {"levels": {"width": "off"}, "revision": 1}
    assert door.ask("POST", "/checks", json=levels).json()["two_persons"] == ["address_short"], (
        "left out, it stays"
    )
    given = {"revision": 1, "codes": ["address_short"]}
    by = lambda **who: door.ask("POST", f"/orders/{number}/acknowledgements", json=given, **who)
    first = by(role="clerk").json()
    assert (first["passed"], first["waiting_for_second"]) == (False, ["address_short"])
    key = door.key("acknowledge", "second_person")
    for refused in (
        by(role="clerk"),
        door.client.post(f"/api/v1/orders/{number}/acknowledgements", json=given, headers=key),
    ):
        assert (refused.status_code, refused.json()["code"]) == (403, "second_signature_needed")
    second = by(role="checker").json()
    assert (second["passed"], second["waiting_for_second"]) == (True, [])
