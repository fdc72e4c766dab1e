"""Many orders at once over the API: good ones in, bad ones beside them."""

import json
from pathlib import Path

from tests.api.door import Door, order_in
from tocsin.orders.commit import commit_import
from tocsin.orders.importer import ImportOptions, Source
from tocsin.orders.importing import upload_sheet
from tocsin.orders.quarantine import list_quarantine

SHEET = Path(__file__).parent.parent / "data" / "mall_cn_orders" / "orders_joined.csv"


def send(door: Door, content: bytes, kind: str = "application/x-ndjson", **given: object):
    headers = {"content-type": kind, **given.pop("headers", {})}
    return door.ask("POST", "/orders/import", content=content, headers=headers, **given)


def lines(*orders: object) -> bytes:
    return "\n".join(json.dumps(order) for order in orders).encode()


def test_good_rows_go_in_beside_bad_ones(door: Door):
    orders = [order_in(external_id=f"J-{n}") for n in range(45)]
    body = lines(*orders) + b"\n{broken\n" + lines(order_in(shop="NOWHERE"))
    done = send(door, body).json()
    assert done["counts"] == {
        "new": 45, "unchanged": 0, "changed": 0, "moved": 0, "conflict": 0, "older": 0, "bad": 2
    }  # fmt: skip
    assert [(bad["row"], bad["code"]) for bad in done["bad_rows"]] == [
        (46, "order_not_readable"), (47, "shop_missing")
    ]  # fmt: skip
    kept = door.db.read(door.house.merchant_id, list_quarantine)
    assert {row.row for row in kept} == {46, 47}
    again = send(door, lines(*orders)).json()
    assert (again["counts"]["unchanged"], again["counts"]["new"]) == (45, 0)


def test_a_key_makes_an_import_one(door: Door):
    body, headers = lines(order_in(), order_in()), {"idempotency-key": "import-1"}
    first, again = send(door, body, headers=headers), send(door, body, headers=headers)
    assert first.content == again.content
    assert len(door.ask("GET", "/orders").json()["orders"]) == 2


def test_a_list_and_a_sheet_are_read_too(door: Door):
    assert send(door, json.dumps([order_in()]).encode(), "application/json").json()["counts"]["new"] == 1
    sheet = send(door, SHEET.read_bytes(), "text/csv; charset=utf-8").json()
    assert (sheet["counts"]["new"], sheet["counts"]["bad"]) == (65, 0)


def test_a_body_that_is_nothing_is_refused(door: Door):
    assert send(door, b"").json()["code"] == "source_empty"
    assert send(door, b"[1, 2").json()["code"] == "json_unreadable"
    assert send(door, lines(order_in()), params={"shop": "NOWHERE"}).status_code == 404
    assert send(door, lines(order_in()), role="auditor").status_code == 403


def test_a_file_is_asked_for_written_and_fetched(door: Door):
    number = door.order()
    asked = door.ask("POST", "/downloads", json={"filter": {"payment": "paid"}})
    assert asked.status_code == 202
    path = f"/downloads/{asked.json()['id']}"
    assert door.ask("GET", f"{path}/file").status_code == 404
    door.work()
    receipt = door.ask("GET", path).json()
    assert (receipt["status"], receipt["rows"]) == ("complete", 1)
    file = door.ask("GET", f"{path}/file")
    assert number in file.text
    assert "13812345678" not in file.text
    assert file.headers["content-type"] == "text/csv; charset=utf-8"
    assert [one["id"] for one in door.ask("GET", "/downloads").json()] == [asked.json()["id"]]
    assert door.ask("GET", path, role="clerk").status_code == 404
    denied = door.ask("POST", "/downloads", json={"real": True}, role="clerk")
    assert denied.status_code == 403


def test_a_file_is_the_same_orders_by_page_and_by_api(door: Door):
    options = ImportOptions(channel="wechat", zone="Asia/Shanghai")
    source = Source("orders.csv", "text/csv", SHEET.read_bytes())
    asked = upload_sheet(door.db, door.actor(), source=source, options=options)
    by_page = commit_import(door.db, door.actor(), import_id=asked.import_id)
    by_api = send(door, SHEET.read_bytes(), "text/csv", params={"channel": "wechat"}).json()
    assert (by_page.created, by_api["counts"]["unchanged"], by_api["counts"]["new"]) == (65, 65, 0)
    elsewhere = send(door, SHEET.read_bytes(), "text/csv", params={"channel": "market"}).json()
    assert elsewhere["counts"]["new"] == 65


def test_a_row_that_names_its_channel_keeps_it(door: Door):
    body = lines(order_in(channel="", external_id="C-1"), order_in(channel="wechat", external_id="C-2"))
    send(door, body, params={"channel": "market"})
    shown = {
        channel: len(door.ask("GET", "/orders", params={"channel": channel}).json()["orders"])
        for channel in ("market", "wechat", "api")
    }
    assert shown == {"market": 1, "wechat": 1, "api": 0}
    assert send(door, body, params={"channel": "x" * 41}).json()["code"] == "http_400"
