"""Each route as nobody, and with each role: what the rights table says."""

import re

import pytest

from tests.api.door import Door, order_in
from tocsin.api.guard import require_known
from tocsin.api.routes import API
from tocsin.api.stations import STATIONS
from tocsin.core.actor import ROLES
from tocsin.register import GroupRouter

CHANGE = {"seen": 1, "reason": "r", "changes": {"merchant_note": "n"}}
# The right of each route, and a body that is well formed.
RIGHTS: dict[tuple[str, str], tuple[str, object]] = {
    ("GET", "/me"): ("", None),
    ("GET", "/keys"): ("operators", None),
    ("POST", "/keys"): ("operators", {"name": "k", "scopes": ["query"]}),
    ("DELETE", "/keys/{key_id:str}"): ("operators", None),
    ("POST", "/orders"): ("import", order_in()),
    ("GET", "/orders"): ("query", None),
    ("GET", "/orders/{number:str}"): ("query", None),
    ("GET", "/orders/{number:str}/revisions"): ("query", None),
    ("GET", "/orders/{number:str}/holds"): ("query", None),
    ("POST", "/orders/{number:str}/holds"): ("hold", {"reason": "r"}),
    ("POST", "/orders/{number:str}/cancellation"): ("cancel", {"reason": "r"}),
    ("POST", "/orders/{number:str}/retrieval"): ("mark", None),
    ("POST", "/orders/{number:str}/reveal"): ("reveal", {"purpose": "deliver", "fields": ["phone"]}),
    ("POST", "/orders/{number:str}/marks"): ("mark", {"reason": "r", "payment": "refunded"}),
    ("POST", "/orders/{number:str}/amendments"): ("amend", CHANGE),
    ("POST", "/orders/{number:str}/amendments/preview"): ("amend", {"seen": 1, "changes": {}}),
    ("POST", "/orders/{number:str}/revision"): ("amend", {**CHANGE, "print_again": False}),
    ("POST", "/orders/{number:str}/acknowledgements"): ("acknowledge", {"revision": 1, "codes": ["note"]}),
    ("POST", "/orders/{number:str}/undo"): ("amend", {"seen": 1, "reason": "r"}),
    ("GET", "/orders/export"): ("download", None),
    ("POST", "/downloads/{download_id:str}/cancel"): ("download", None),
    ("GET", "/orders/{number:str}/conflict"): ("query", None),
    ("POST", "/orders/{number:str}/conflict"): ("amend", {"seen": 1, "picks": {}, "reason": "r"}),
    ("GET", "/orders/{number:str}/requests"): ("query", None),
    ("POST", "/orders/{number:str}/requests/{request_id:str}"): ("amend", {"done": True, "reason": "r"}),
    ("GET", "/orders/{number:str}/editing"): ("query", None),
    ("GET", "/orders/{number:str}/timeline"): ("query", None),
    ("POST", "/orders/import"): ("import", order_in()),
    ("POST", "/downloads"): ("download", {}),
    ("GET", "/downloads"): ("", None),
    ("GET", "/downloads/{download_id:str}"): ("", None),
    ("GET", "/downloads/{download_id:str}/file"): ("download", None),
    ("GET", "/campaigns"): ("query", None),
    ("POST", "/campaigns"): ("shop_settings", {"kind": "vote", "title": "t", "code": "c"}),
    ("PUT", "/campaigns/{campaign_id:str}"): ("shop_settings", {"kind": "vote", "title": "t", "code": "c"}),
    ("GET", "/campaigns/{campaign_id:str}"): ("query", None),
    ("GET", "/campaigns/{campaign_id:str}/packing"): ("query", None),
    ("GET", "/webhooks"): ("shop_settings", None),
    ("POST", "/webhooks"): ("shop_settings", {"name": "w", "url": "https://example.com/in"}),
    ("POST", "/webhooks/{webhook_id:str}/state"): ("shop_settings", {"active": True}),
    ("POST", "/webhooks/{webhook_id:str}/test"): ("shop_settings", {}),
    ("POST", "/webhooks/{webhook_id:str}/replay"): (
        "shop_settings",
        {"since": "2026-11-01T00:00:00Z", "until": "2026-11-02T00:00:00Z"},
    ),
    ("DELETE", "/webhooks/{webhook_id:str}"): ("shop_settings", None),
    ("GET", "/webhooks/{webhook_id:str}/messages"): ("shop_settings", None),
    ("POST", "/webhook-messages/{message_id:str}/repeat"): ("shop_settings", {}),
    ("GET", "/connections"): ("shop_settings", None),
    ("POST", "/connections"): ("shop_settings", {"kind": "shopify", "name": "n", "keys": {}}),
    ("GET", "/connections/{connection_id:str}"): ("shop_settings", None),
    ("POST", "/connections/{connection_id:str}/keys"): ("shop_settings", {"keys": {}}),
    ("POST", "/connections/{connection_id:str}/pause"): ("shop_settings", {"paused": True}),
    ("DELETE", "/connections/{connection_id:str}"): ("shop_settings", None),
    ("GET", "/bulk"): ("query", None),
    ("POST", "/bulk"): ("hold", {"act": "hold", "reason": "r", "orders": []}),
    ("GET", "/bulk/{bulk_id:str}"): ("query", None),
    ("GET", "/bulk/{bulk_id:str}/rows"): ("query", None),
    ("POST", "/bulk/{bulk_id:str}/cancellation"): ("query", {}),
    ("POST", "/orders/{number:str}/second-person"): ("query", {"act": "open", "reason": "r"}),
    ("GET", "/second-person"): ("query", None),
    ("POST", "/terminals/{terminal_id:str}/probe"): ("print", {}),
    ("POST", "/terminals/{terminal_id:str}/test"): ("shop_settings", {}),
    ("POST", "/terminals/{terminal_id:str}/address"): ("shop_settings", {}),
    ("GET", "/terminals/{terminal_id:str}/identity"): ("query", None),
    ("POST", "/terminals/{terminal_id:str}/identity/acceptance"): ("shop_settings", {"serial": "S"}),
    ("POST", "/terminals/{terminal_id:str}/identity/rest"): ("shop_settings", {"rests": True}),
    ("POST", "/terminals/{terminal_id:str}/search"): ("shop_settings", {}),
    ("PUT", "/terminals/{terminal_id:str}"): (
        "shop_settings",
        {"name": "Bar", "paper_mm": 58, "locale": "en"},
    ),
    ("PUT", "/terminals/{terminal_id:str}/place"): ("shop_settings", {"host": "192.168.1.51"}),
    ("GET", "/terminals/{terminal_id:str}/replacement"): ("query", None),
    ("POST", "/terminals/{terminal_id:str}/replacement"): (
        "shop_settings",
        {"by": "7", "came_out_right": True},
    ),
    ("DELETE", "/terminals/{terminal_id:str}/replacement"): ("shop_settings", None),
    ("GET", "/problems"): ("query", None),
    ("GET", "/problems/{kind:str}"): ("query", None),
    ("GET", "/checks"): ("query", None),
    ("GET", "/templates"): ("query", None),
    ("POST", "/templates"): ("shop_settings", {"hidden": {}, "revision": 0}),
    ("POST", "/checks"): ("shop_settings", {"levels": {}, "revision": 0}),
    ("GET", "/screens"): ("query", None),
    ("POST", "/screens"): ("query", {"name": "s", "filter": {}}),
    ("GET", "/screens/{screen_id:str}"): ("query", None),
    ("DELETE", "/screens/{screen_id:str}"): ("query", None),
    ("POST", "/screens/{screen_id:str}/automatic"): ("shop_settings", {"automatic": False}),
    ("GET", "/lookups/mine"): ("query", None),
    ("GET", "/terminals"): ("query", None),
    ("POST", "/terminals"): ("shop_settings", {"name": "x", "kind": "memory"}),
    ("POST", "/terminals/{terminal_id:str}/prints"): ("print", {"orders": []}),
    ("GET", "/prints"): ("query", None),
    ("GET", "/prints/{print_id:str}"): ("query", None),
    ("POST", "/prints/{print_id:str}/settlement"): ("settle", {"came_out": True}),
    ("POST", "/prints/{print_id:str}/hand-over"): ("print", {}),
    ("POST", "/prints/{print_id:str}/cancellation"): ("print", None),
    ("POST", "/prints/{print_id:str}/spoilage"): ("print", None),
    ("POST", "/prints/{print_id:str}/move"): ("print", {"to": "1"}),
    ("GET", "/queues"): ("query", None),
    ("POST", "/queues"): ("shop_settings", {"name": "x", "printer": "1"}),
    ("PUT", "/queues/{queue_id:str}"): ("shop_settings", {"name": "x", "printer": "1"}),
    ("DELETE", "/queues/{queue_id:str}"): ("shop_settings", None),
    ("POST", "/queues/{queue_id:str}/pause"): ("print", {"paused": True}),
    ("POST", "/queues/{queue_id:str}/move"): ("print", {"to": "1"}),
    # A hold that is not there is missing for everybody: the right depends on its kind.
    ("POST", "/holds/{hold_id:str}/release"): ("", {"reason": "r"}),
    ("GET", "/scans/{code:str}"): ("query", None),
    ("GET", "/events"): ("query", None),
    ("GET", "/alarm"): ("query", None),
    ("GET", "/incidents"): ("incident", None),
    ("GET", "/incidents/{incident_id:str}"): ("incident", None),
    ("POST", "/incidents/{incident_id:str}/silence"): ("incident", {}),
    ("POST", "/incidents/{incident_id:str}/acknowledgement"): ("incident", {}),
    ("POST", "/incidents/{incident_id:str}/clearance"): ("incident_clear", {"note": "n"}),
    ("GET", "/posture"): ("query", None),
    ("POST", "/posture"): ("incident_clear", {"state": "calm", "reason": "r"}),
    ("GET", "/people"): ("incident", None),
    ("POST", "/people"): (
        "shop_settings",
        {"name": "n", "service": "webhook", "address": "http://127.0.0.1/x"},
    ),
    # One that is not there is missing for everybody: one's own may be anybody's.
    ("POST", "/people/{person_id:str}/tests"): ("", None),
    ("DELETE", "/people/{person_id:str}"): ("", None),
    ("GET", "/drills"): ("incident", None),
    ("POST", "/drills"): ("shop_settings", None),
    ("GET", "/shifts"): ("query", None),
    ("GET", "/shifts/{handover_id:str}"): ("query", None),
}


def routes() -> set[tuple[str, str]]:
    return {
        (method, route.path.removeprefix("/api/v1"))
        for group in API
        if require_known in group.guards or any(require_known in (one.guards or ()) for one in group.handlers)
        for route in GroupRouter(group).routes
        for method in route.methods - {"OPTIONS", "HEAD"}
    }


def test_each_change_asks_who_sends_it_before_its_body():
    mine = [group for group in API if group.path == "/api/v1" and group.handlers is not STATIONS]
    changes = [
        (group, one) for group in mine for one in group.handlers if not one.http_methods <= {"GET", "HEAD"}
    ]
    assert len(changes) > 60
    assert [
        one.paths for group, one in changes if require_known not in (*group.guards, *(one.guards or ()))
    ] == []


def test_each_route_has_its_right_here():
    assert routes() == set(RIGHTS)


@pytest.mark.parametrize(("method", "path"), RIGHTS, ids=lambda part: part)
def test_nobody_is_told_nothing(door: Door, method: str, path: str):
    answer = door.ask(method, path.replace(":str", ""), role="", json=RIGHTS[method, path][1])
    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("role", ["owner", "manager", "clerk", "checker", "auditor", "station"])
def test_each_role_does_what_it_may(door: Door, role: str):
    wrong = []
    for (method, path), (right, body) in RIGHTS.items():
        if path == "/events" and right in ROLES[role]:
            continue  # it does not end by itself: see test_events
        number = door.order() if "number" in path else ""
        address = re.sub(r"\{\w+:str\}", "1", path.replace("{number:str}", number))
        answer = door.ask(method, address, role=role, json=body)
        allowed = not right or right in ROLES[role]
        if (answer.status_code == 403) == allowed or answer.status_code >= 500:
            wrong.append((method, path, answer.status_code, answer.text[:200]))
    assert wrong == []


def test_a_change_in_a_session_needs_its_form_token(door: Door):
    headers = {**door.headers("owner"), "x-csrf": "other"}
    answer = door.client.post("/api/v1/orders", json=order_in(), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "form_foreign")


def test_another_merchants_orders_are_not_there(door: Door, tmp_path):
    number = door.order()
    other = Door.of_other_merchant(door)
    assert other.ask("GET", f"/orders/{number}").status_code == 404
    assert other.ask("GET", "/orders").json()["orders"] == []
    assert other.ask("POST", f"/orders/{number}/cancellation", json={"reason": "x"}).status_code == 404


def test_anybody_may_ask_which_methods_a_path_has(door: Door):
    asked = door.client.options("/api/v1/orders/import")
    assert (asked.status_code, asked.headers["allow"]) == (204, "OPTIONS, POST")
    assert door.client.post("/api/v1/orders/import").status_code == 401
