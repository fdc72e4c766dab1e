"""Saved screens and API keys over the API."""

from functools import partial

from tests.api.door import Door
from tocsin.tickets.device import add_printer


def test_a_screen_is_saved_shared_and_dropped(door: Door):
    wanted = {"name": "Held", "filter": {"held": "yes"}, "shared": True}
    made = door.ask("POST", "/screens", json=wanted)
    assert made.status_code == 201
    screen_id = made.json()["id"]
    (seen,) = door.ask("GET", "/screens", role="clerk").json()
    assert (seen["id"], seen["own"], seen["filter"]) == (screen_id, False, {"query": "held:yes"})
    assert door.ask("GET", f"/screens/{screen_id}").json()["own"] is True
    assert door.ask("DELETE", f"/screens/{screen_id}", role="clerk").status_code == 404
    assert door.ask("DELETE", f"/screens/{screen_id}").json() == {"id": screen_id}
    assert door.ask("DELETE", f"/screens/{screen_id}").status_code == 404
    assert door.ask("GET", f"/screens/{screen_id}").status_code == 404
    assert door.ask("GET", "/screens/none").json()["code"] == "id_unknown"


def test_a_shared_screen_prints_by_itself_until_it_is_told_not_to(door: Door):
    add = partial(add_printer, actor=door.house.actor(), name="前台", kind="pdf_file", options={})
    made = [
        door.ask("POST", "/screens", json={"name": "x", "filter": {}, "shared": shared}).json()["id"]
        for shared in (True, False)
    ]
    path = f"/screens/{made[0]}/automatic"
    assert door.ask("POST", path, json={"automatic": True}).json()["code"] == "queue_missing"
    door.db.write(door.house.merchant_id, add)
    assert door.ask("POST", path, json={"automatic": True}, role="manager").json() == {"id": made[0]}
    seen = {one["id"]: one["automatic"] for one in door.ask("GET", "/screens").json()}
    assert seen[made[1]] is None and seen[made[0]]["by"] and seen[made[0]]["since"].startswith("20")
    assert door.ask("GET", f"/screens/{made[0]}", role="clerk").json()["automatic"] == seen[made[0]]
    own = door.ask("POST", f"/screens/{made[1]}/automatic", json={"automatic": True})
    assert (own.status_code, own.json()["code"]) == (403, "screen_not_shared")
    for body in ({}, {"automatic": "yes"}, {"automatic": True, "more": 1}):
        assert door.ask("POST", path, json=body).status_code in (400, 422)
    assert door.ask("POST", path, json={"automatic": False}).status_code == 200
    assert door.ask("GET", f"/screens/{made[0]}").json()["automatic"] is None


def test_a_key_is_made_listed_and_revoked(door: Door):
    made = door.ask("POST", "/keys", json={"name": "shop", "scopes": ["query"]})
    bearer = {"authorization": f"Bearer {made.json()['secret']}"}
    me = door.client.get("/api/v1/me", headers=bearer).json()
    assert (me["kind"], me["name"], me["rights"]) == ("api_key", "shop", ["query"])
    (listed,) = door.ask("GET", "/keys").json()
    assert (listed["name"], listed["scopes"], listed["revoked_at"]) == ("shop", ["query"], "")
    assert made.json()["secret"] not in door.ask("GET", "/keys").text
    assert door.ask("DELETE", f"/keys/{listed['id']}").status_code == 200
    assert door.client.get("/api/v1/me", headers=bearer).status_code == 401
    assert door.ask("DELETE", f"/keys/{listed['id']}").status_code == 404


def test_a_key_has_no_more_rights_than_its_maker(door: Door):
    answer = door.ask("POST", "/keys", json={"name": "x", "scopes": ["operators"]})
    assert (answer.status_code, answer.json()["code"]) == (403, "key_scope_refused")
