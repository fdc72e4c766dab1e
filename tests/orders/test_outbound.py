"""Webhooks out, to a real receiver that checks them with the library of Standard Webhooks."""

import ipaddress
import json
from collections.abc import Iterator
from functools import partial

import pytest

from tests.house import House, make_draft, make_house
from tests.peers.hook_receiver import HookReceiver
from tocsin.alarm.record import open_incidents
from tocsin.core import clock, loop
from tocsin.core.actor import NotAllowed
from tocsin.core.clock import DAY_US, SECOND_US
from tocsin.core.db import Database
from tocsin.core.journal import read_journal
from tocsin.orders import outbound_message
from tocsin.orders.intake import take_in
from tocsin.orders.outbound import (
    EndpointWrong,
    add_endpoint,
    drop_endpoint,
    get_endpoint,
    list_endpoints,
    renew_secret,
    set_endpoint_state,
)
from tocsin.orders.outbound_delivery import PAUSES_SECONDS, ready_endpoints
from tocsin.orders.outbound_message import make_messages, sweep_messages
from tocsin.orders.outbound_repeat import Delivery, list_deliveries, repeat_delivery, repeat_range, send_test
from tocsin.orders.outbound_send import Sender
from tocsin.orders.stop import close_hold, list_holds, open_hold
from tocsin.tickets.overdue import tell_overdue


class Yard:
    """A house, a sender that may reach the loopback, and receivers at endpoints."""

    def __init__(self, db: Database) -> None:
        self.db, self.house = db, make_house(db)
        self.sender = Sender(
            db, networks=(ipaddress.ip_network("127.0.0.0/8"),), resolve=lambda *_: ["127.0.0.1"], seconds=2
        )
        self.receivers: list[HookReceiver] = []

    def endpoint(self, **more: object) -> tuple[int, HookReceiver]:
        """Add an endpoint with a receiver of its own."""
        receiver = HookReceiver()
        self.receivers.append(receiver)
        made, receiver.secret = self.write(add_endpoint, name="仓库", url=receiver.url, **more)
        return made, receiver

    def write(self, verb, **given):  # type: ignore[no-untyped-def]
        return self.db.write(self.house.merchant_id, lambda tx: verb(tx, self.house.actor(), **given))

    def order(self, external_id: str) -> int:
        """Take an order in; return its id."""
        return int(
            self.write(lambda tx, actor: take_in(tx, actor, make_draft(external_id=external_id))).order_id
        )

    def hold_and_release(self, order_id: int) -> None:
        """Make two more events of an order."""
        self.write(open_hold, order_id=order_id, revision=1, kind="manual", reason="wait")
        (hold,) = self.db.read(self.house.merchant_id, lambda tx: list_holds(tx, order_id=order_id))
        self.write(lambda tx, actor: close_hold(tx, actor, hold, reason="go"))

    def run(self) -> None:
        """Send all that can be sent now."""
        while make_messages(self.db):
            pass
        for _ in range(50):
            ready = self.db.read(self.house.merchant_id, ready_endpoints)
            for each in ready:
                self.sender.send_to(self.house.merchant_id, each)
            if not ready:
                return
        raise AssertionError("it has work without end")

    def deliveries(self, endpoint_id: int) -> list[Delivery]:
        """Return what became of an endpoint's messages, the newest first."""
        return self.write(list_deliveries, endpoint_id=endpoint_id)  # type: ignore[no-any-return]


@pytest.fixture
def yard(db: Database) -> Iterator[Yard]:
    made = Yard(db)
    yield made
    made.sender.stop()
    for receiver in made.receivers:
        receiver.close()
    clock.pass_time(0)


def test_what_happens_to_orders_is_told_once_in_order_signed_and_without_a_person(yard: Yard):
    everything, all_ = yard.endpoint()
    _, holds = yard.endpoint(kinds=("order.held",))
    _, elsewhere = yard.endpoint(kinds=("order.held",), shops=(yard.house.shop.id,))
    orders = [yard.order(f"E-{n}") for n in range(3)]
    for order_id in orders:
        yard.hold_and_release(order_id)
    yard.run()
    for order_id in orders:
        assert all_.sequences(order_id) == [1, 2, 3]
        assert holds.sequences(order_id) == [2] == elsewhere.sequences(order_id)
    assert (all_.unsigned, len({one["webhook-id"] for one in all_.headers})) == (0, 9)
    told = json.dumps(all_.taken, ensure_ascii=False)
    assert not any(text in told for text in ("王小明", "13812345678", "黄山路", "合肥市", "蜀山区"))
    first = all_.taken[0]["data"]
    assert (first["external_id"], first["payable"], first["revision"], first["payment"]) == (
        "E-0",
        "79.80",
        1,
        "paid",
    )
    # The consumer's position is lost: what was told is not told again.
    yard.write(lambda tx, _: tx._cursor.execute("UPDATE event_consumer SET event_id = 0, horizon = 0"))
    yard.run()
    assert all_.asked == 9
    assert {one.state for one in yard.deliveries(everything)} == {"sent"}
    _, late = yard.endpoint(kinds=("order.held_long",))
    yard.write(open_hold, order_id=orders[0], revision=1, kind="manual", reason="wait")
    clock.pass_time(DAY_US + SECOND_US)
    assert tell_overdue(yard.db) == 1
    yard.run()
    assert [(one["type"], one["sequence"]) for one in late.taken] == [("order.held_long", 5)]


def test_a_failure_is_tried_again_under_the_same_id_and_keeps_the_order_of_one_order_alone(yard: Yard):
    endpoint_id, receiver = yard.endpoint()
    stuck = yard.order("E-1")
    receiver.refuse = [500]
    yard.run()
    assert (receiver.asked, yard.deliveries(endpoint_id)[0].problem) == (1, "status 500")
    yard.hold_and_release(stuck)
    other = yard.order("E-2")
    yard.run()
    assert receiver.asked == 1  # an endpoint that failed is left alone for a while
    receiver.stuck_on = f'"{stuck}"'
    for seconds in (10, 40):
        clock.pass_time(seconds * SECOND_US)
        yard.run()
    assert receiver.sequences(other) == [1]  # others pass what is stuck
    assert receiver.sequences(stuck) == []
    receiver.stuck_on = ""
    clock.pass_time(2 * PAUSES_SECONDS[1] * SECOND_US)
    yard.run()
    assert receiver.sequences(stuck) == [1, 2, 3]
    found = yard.deliveries(endpoint_id)
    assert {one.state for one in found} == {"sent"}
    assert max(one.tries for one in found) >= 3


def test_a_dead_endpoint_holds_up_no_other_and_is_switched_off_where_everybody_sees_it(yard: Yard):
    dead, silent = yard.endpoint()
    _, alive = yard.endpoint()
    silent.close()
    order_id, days = yard.order("E-1"), 0
    yard.run()
    assert alive.sequences(order_id) == [1]
    while yard.write(lambda tx, _: get_endpoint(tx, endpoint_id=dead)).state == "active":
        days += 1
        assert days < 6
        clock.pass_time(days * DAY_US)
        yard.run()
    assert days == 3
    yard.hold_and_release(order_id)
    yard.run()
    (told,) = yard.write(lambda tx, _: open_incidents(tx))
    assert (told.kind, told.level) == ("webhook_dead", "light")
    (noted,) = yard.write(lambda tx, _: [e for e in read_journal(tx) if e.verb == "orders.webhook_disable"])
    assert noted.subject == f"webhook:{dead}"
    # Switched on again it gets all that it missed, in order.
    back = HookReceiver()
    yard.receivers[0] = back
    back.secret = silent.secret
    yard.write(lambda tx, actor: _move(tx, actor, dead, back.url))
    yard.write(set_endpoint_state, endpoint_id=dead, active=True)
    clock.pass_time((days + 1) * DAY_US)
    yard.run()
    assert back.sequences(order_id) == [1, 2, 3]


def test_one_that_says_that_it_is_gone_is_switched_off_at_once(yard: Yard):
    gone, receiver = yard.endpoint()
    receiver.status = 410
    yard.order("E-1")
    yard.run()
    found = yard.write(lambda tx, _: get_endpoint(tx, endpoint_id=gone))
    assert (found.state, found.problem, receiver.asked) == ("disabled", "status 410", 1)


def test_a_test_a_repetition_and_a_replay_by_hand(yard: Yard):
    orders = [yard.order("E-0")]
    endpoint_id, receiver = yard.endpoint()
    since_us = clock.now_us()
    orders.append(yard.order("E-1"))
    yard.write(send_test, endpoint_id=endpoint_id)
    yard.run()
    assert sorted(one["type"] for one in receiver.taken) == ["order.produced", "order.produced", "test"]
    known = [one["webhook-id"] for one in receiver.headers]
    newest = next(one for one in yard.deliveries(endpoint_id) if one.order_id == orders[1])
    assert yard.write(repeat_delivery, delivery_id=newest.id) == endpoint_id
    yard.run()
    assert receiver.headers[-1]["webhook-id"] in known
    owner = yard.house.actor()
    count = repeat_range(yard.db, owner, endpoint_id=endpoint_id, since_us=since_us, until_us=clock.now_us())
    yard.run()
    assert (count, receiver.asked) == (1, 5)
    # A new secret: the earlier one signs beside it.
    earlier, receiver.secret = receiver.secret, yard.write(renew_secret, endpoint_id=endpoint_id)
    assert earlier != receiver.secret
    yard.write(send_test, endpoint_id=endpoint_id)
    yard.run()
    receiver.secret = earlier
    yard.write(send_test, endpoint_id=endpoint_id)
    yard.run()
    assert (receiver.unsigned, len(receiver.taken)) == (0, 7)
    clock.pass_time(31 * DAY_US)
    assert yard.write(lambda tx, _: sweep_messages(tx)) >= 4
    assert yard.deliveries(endpoint_id) == []


def test_who_may_set_endpoints_and_what_they_may_be(yard: Yard):
    add = partial(add_endpoint, name="x", url="https://example.com/in")
    with pytest.raises(NotAllowed):
        yard.db.write(yard.house.merchant_id, lambda tx: add(tx, yard.house.actor("clerk")))
    for wrong in ({"name": " "}, {"kinds": ("order.eaten",)}, {"name": "n" * 61}):
        with pytest.raises(EndpointWrong):
            yard.write(add_endpoint, **{"name": "x", "url": "https://example.com/in", **wrong})
    made, secret = yard.write(add)
    row = yard.write(lambda tx, _: tx._cursor.execute("SELECT * FROM outbound_endpoint").fetchone())
    assert secret.startswith("whsec_")
    assert not any("whsec_" in str(cell) or "/in" in str(cell) for cell in row)
    neighbour: House = make_house(yard.db, code="NB")
    assert neighbour.db.read(neighbour.merchant_id, lambda tx: list_endpoints(tx, neighbour.actor())) == []
    yard.write(drop_endpoint, endpoint_id=made)
    assert yard.write(list_endpoints) == []


def _move(tx, actor, endpoint_id: int, url: str) -> None:  # type: ignore[no-untyped-def]
    from tocsin.orders.outbound import change_endpoint

    change_endpoint(tx, actor, endpoint_id=endpoint_id, name="仓库", url=url)


def test_an_event_that_cannot_be_told_keeps_no_other_from_its_message(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given up, its number is missing."""
    _, receiver = yard.endpoint()
    broken, sound = yard.order("E-1"), yard.order("E-2")
    yard.hold_and_release(broken)
    honest = outbound_message._data

    def data(order_id: int, head: object) -> dict[str, object]:
        if order_id == broken and wrong:
            raise wrong.pop()
        return honest(order_id, head)  # type: ignore[arg-type]

    monkeypatch.setattr(outbound_message, "_data", data)
    monkeypatch.setattr(loop, "_PAUSES_SECONDS", (0.0,))
    wrong = [ArithmeticError("its data")] * 3  # all together, and then twice by itself
    yard.run()
    assert (receiver.sequences(broken), receiver.sequences(sound)) == ([2, 3], [1])
