"""Connections over the API: made, called, given new keys, paused, removed; secrets told once."""

from tests.api.door import Door
from tests.orders.senders import GIVEN, call_of, order_of


def made(door: Door, kind: str = "woocommerce", **keys: str) -> dict[str, object]:
    body = {"kind": kind, "name": "网店", "keys": {**GIVEN[kind], **keys}}
    answer = door.ask("POST", "/connections", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json()["connection"]) | {"made": answer.json()["made"]}


def test_a_connection_lives_from_its_making_to_its_removal(door: Door):
    found = made(door)
    at = f"/connections/{found['id']}"
    assert found["made"] == {} and "whist" not in str(found)

    def call(delivery: str, secret: str | None = None) -> int:
        sent = call_of(
            "woocommerce",
            order_of("woocommerce", "7"),
            delivery=delivery,
            **({"secret": secret} if secret else {}),
        )
        token = str(found["address"]).rpartition("/")[2]
        return door.client.post(sent.path(token), content=sent.body, headers=sent.headers).status_code

    assert call("1") == 200 and call("2", "guess") == 401
    told = door.ask("GET", at).json()
    assert (told["refused"], told["last_result"]) == (1, "new")
    rotated = door.ask(
        "POST", f"{at}/keys", json={"keys": {"secret": "another"}}, headers={"idempotency-key": "k"}
    )
    assert rotated.status_code == 200 and rotated.json()["keys_changed_at"] and rotated.json()["refused"] == 0
    assert call("3", "another") == 200 and call("4") == 200, "the one before is good for a week"
    assert "another" not in door.ask("GET", "/connections").text
    assert door.ask("POST", f"{at}/pause", json={"paused": True}).json()["state"] == "paused"
    assert call("5") == 503
    assert door.ask("POST", f"{at}/pause", json={"paused": False}).json()["state"] == "active"
    assert door.ask("DELETE", at).json() == {"id": found["id"]}
    assert door.ask("GET", at).json()["code"] == "connection_missing" and call("6") == 404


def test_what_the_desk_makes_is_told_once_and_what_is_wrong_by_its_field(door: Door):
    fresh = made(door, secret="")
    assert isinstance(fresh["made"], dict) and len(fresh["made"]["secret"]) == 32
    assert fresh["made"]["secret"] not in door.ask("GET", f"/connections/{fresh['id']}").text
    for body, code in (
        ({"kind": "fax", "name": "x"}, "hook_kind_unknown"),
        ({"kind": "wechat", "name": "x", "keys": {**GIVEN["wechat"], "aes_key": "short"}}, "keys_wrong"),
        ({"kind": "woocommerce", "name": "", "keys": GIVEN["woocommerce"]}, "keys_wrong"),
    ):
        answer = door.ask("POST", "/connections", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
    other = Door.of_other_merchant(door)
    assert other.ask("GET", "/connections").json() == []
    assert other.ask("DELETE", f"/connections/{fresh['id']}").status_code == 404


def test_a_repeated_request_makes_one(door: Door):
    body = {"kind": "shopify", "name": "pears", "keys": GIVEN["shopify"]}
    answers = [
        door.ask("POST", "/connections", json=body, headers={"idempotency-key": "k"}) for _ in range(2)
    ]
    assert len({one.text for one in answers}) == 1 and len(door.ask("GET", "/connections").json()) == 1
