"""Levels of checks over the API."""

from tests.api.door import Door
from tocsin.tickets.check import check_new_revisions


def level(door: Door, number: str) -> str:
    (row,) = door.ask("GET", "/orders", params={"q": number}).json()["orders"]
    return str(row["checked"])


def test_a_level_is_chosen_and_orders_are_judged_by_it(door: Door):
    given = {"name": "王小明", "phone": "13812345678", "address": "黄山路"}
    first = door.order(receiver=given)
    while check_new_revisions(door.db):
        pass
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
    while check_new_revisions(door.db):
        pass
    assert level(door, second) == "I"
