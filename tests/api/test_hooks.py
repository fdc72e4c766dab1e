"""A platform's calls at the door: taken in once, forged ones counted and slowed, all of it to be seen."""

import time
from functools import partial

import pytest

from tests.api.door import Door
from tests.orders.senders import GIVEN, Call, call_of, order_of
from tests.peers.wechat_api import WechatApi
from tocsin.core.clock import DAY_US, pass_time
from tocsin.core.journal import read_journal
from tocsin.core.postgres_end import NotCommitted
from tocsin.orders.connection import (
    add_connection,
    change_keys,
    get_connection,
    read_token,
    remove_connection,
    set_paused,
)
from tocsin.orders.delivery import list_deliveries
from tocsin.orders.fetching import sweep_news, tend_news
from tocsin.orders.hook import BASES
from tocsin.orders.quarantine import list_quarantine, read_raw
from tocsin.orders.receive import FREE_WRONG


class Way:
    """A connection of the door's merchant."""

    def __init__(self, door: Door, kind: str) -> None:
        self.door, self.kind, self.merchant_id = door, kind, door.house.merchant_id
        self.id = door.db.write(self.merchant_id, lambda tx: add_connection(
            tx, door.actor(), kind=kind, name=f"{kind} 店", shop="HF", given=GIVEN[kind]
        ))  # fmt: skip
        self.token = self.ask(read_token, connection_id=self.id)

    def ask(self, verb, **given):
        return self.door.db.read(self.merchant_id, partial(verb, **given))

    def do(self, verb, **given) -> None:
        self.door.db.write(
            self.merchant_id, partial(verb, actor=self.door.actor(), connection_id=self.id, **given)
        )

    def send(self, call: Call, *, token: str = ""):
        return self.door.client.request(
            call.method, call.path(token or self.token), content=call.body, headers=call.headers
        )

    def bring(self, document, **given):
        return self.send(call_of(self.kind, document, **given))

    def results(self) -> list[str]:
        return [one.result for one in reversed(self.ask(list_deliveries, connection_id=self.id))]

    def found(self):
        return self.ask(get_connection, connection_id=self.id)

    def orders(self) -> list[dict]:
        return self.door.ask("GET", "/orders").json()["orders"]


@pytest.mark.parametrize("kind", ["shopify", "woocommerce", "youzan"])
def test_an_order_comes_in_once_and_moves(door: Door, kind: str) -> None:
    way = Way(door, kind)
    first = call_of(kind, order_of(kind, "1001", paid=False), delivery="1")
    for _ in range(3):
        assert way.send(first).status_code == 200
    assert way.results() == ["new"]
    assert way.bring(order_of(kind, "1001", at=1_790_000_100), delivery="2").status_code == 200
    assert way.bring(order_of(kind, "1001", at=1_789_999_000, price=1), delivery="3").status_code == 200
    (order,) = way.orders()
    assert way.results() == ["new", "moved", "older"] and order["payment"] == "paid"
    assert way.found().last_result == "older" or way.found().last_at_us
    (entry, *_) = door.db.read(way.merchant_id, partial(read_journal, actor_id=way.id))
    assert (entry.actor_kind, entry.actor_name) == ("connection", f"{kind} 店")


def test_a_forged_call_is_401_counted_slowed_and_its_body_kept_nowhere(door: Door) -> None:
    way = Way(door, "shopify")
    wrong = call_of("shopify", order_of("shopify", "1001"), delivery="1", secret="guess")
    answers = [way.send(wrong).status_code for _ in range(FREE_WRONG + 5)]
    assert answers == [401] * FREE_WRONG + [429] * 5
    assert way.bring(order_of("shopify", "1001"), delivery="1").status_code == 200  # the right one is let in
    assert way.results() == ["new"] and way.found().refused == FREE_WRONG
    entries = door.db.read(way.merchant_id, partial(read_journal, subject=f"connection:{way.id}"))
    refused = [entry for entry in entries if entry.verb == "connections.refuse"]
    assert len(refused) == FREE_WRONG and all(entry.data == "{}" for entry in refused)
    assert way.send(wrong, token="x" * 43).status_code == 404
    assert door.client.get(f"/hooks/{'y' * 300}").status_code == 404
    assert way.send(Call(body=b"x" * ((1 << 20) + 1))).status_code == 413


def test_keys_change_and_the_ones_before_are_good_for_a_week(door: Door) -> None:
    way = Way(door, "woocommerce")
    way.do(change_keys, given={"secret": "new"})
    assert way.bring(order_of("woocommerce", "1"), delivery="1", secret="new").status_code == 200
    assert way.bring(order_of("woocommerce", "2"), delivery="2").status_code == 200
    pass_time(8 * DAY_US)
    try:
        assert way.bring(order_of("woocommerce", "3"), delivery="3").status_code == 401
        assert way.bring(order_of("woocommerce", "3"), delivery="3", secret="new").status_code == 200
        assert way.results() == ["new"] * 3
        pass_time(40 * DAY_US)
        assert door.db.write(way.merchant_id, sweep_news) == 3 and way.results() == []
    finally:
        pass_time(0)
    way.do(set_paused, paused=True)
    assert way.bring(order_of("woocommerce", "4"), delivery="4", secret="new").status_code == 503
    way.do(set_paused, paused=False)
    assert way.bring(order_of("woocommerce", "4"), delivery="4", secret="new").status_code == 200
    assert way.send(Call(body=b"webhook_id=3")).status_code == 200
    way.do(remove_connection)
    assert way.bring(order_of("woocommerce", "4"), delivery="5", secret="new").status_code == 404


def test_what_can_not_be_read_waits_in_quarantine_and_the_platform_stops_repeating(door: Door) -> None:
    way = Way(door, "shopify")
    broken = order_of("shopify", "1001")
    broken["total_price"] = "a lot"
    huge = order_of("shopify", "#" + "1" * 120)
    for n, document in enumerate((broken, huge, broken)):
        assert way.bring(document, delivery=str(min(n, 1))).status_code == 200
    rows = door.db.read(way.merchant_id, list_quarantine)
    assert sorted(row.field for row in rows) == ["external_id", "total_price"] and way.orders() == []
    raw = [way.ask(read_raw, actor=door.actor(), row=row) for row in rows]
    assert "a lot" in "".join(raw)
    assert way.results() == ["quarantined"] * 2 and way.found().fault == "unreadable"
    way.bring(order_of("shopify", "1003"), delivery="9")
    assert way.found().fault == ""


def test_wechat_names_an_order_that_is_fetched_and_its_payment_came_before(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, pay, api = Way(door, "wechat"), Way(door, "wechat_pay"), WechatApi()
    monkeypatch.setitem(BASES, "wechat", api.origin)
    api.orders["3705115058471208928"] = unpaid = order_of("wechat", "3705115058471208928", paid=False)
    try:
        paid = call_of("wechat_pay", order_of("wechat_pay", "3705115058471208928"), delivery="EV-1")
        assert [pay.send(paid).text for _ in range(2)] == ['{"code":"SUCCESS"}'] * 2
        assert pay.results() == ["waiting"]
        assert shop.bring(unpaid, topic="channels_ec_order_new", delivery="1790000000").text == "success"
        assert shop.results() == ["fetching"]
        door.desk.queue.open(door.db)
        until = time.monotonic() + 10
        while not shop.orders() and time.monotonic() < until:
            time.sleep(0.05)
        (order,) = shop.orders()
        assert order["payment"] == "paid" and api.asked == ["3705115058471208928"]
        assert tend_news(door.db, shop.merchant_id) == 0
    finally:
        door.desk.queue.close()
        api.close()
    greeting = Call(
        method="GET", body=b"", query={"signature": "0", "timestamp": "1", "nonce": "2", "echostr": "5"}
    )
    assert shop.send(greeting).status_code == 401


def test_what_the_desk_itself_could_not_store_is_left_to_the_platform_to_repeat(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The call was good: in quarantine it would wait for a person."""
    way = Way(door, "shopify")
    with monkeypatch.context() as failing:
        failing.setattr("tocsin.orders.receive.take_in", _not_committed)
        assert way.bring(order_of("shopify", "1"), delivery="a").status_code >= 500
    assert way.results() == [] and way.ask(list_quarantine) == []
    assert way.bring(order_of("shopify", "1"), delivery="a").status_code == 200 and way.results() == ["new"]


def _not_committed(*_: object) -> None:
    raise NotCommitted
