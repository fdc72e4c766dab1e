"""The way of an order through boxes 10 to 14, on both databases."""

from functools import partial

import pytest

from tests.house import make_draft, make_house
from tocsin.core.db import Database
from tocsin.core.money import MICRO
from tocsin.orders.amend import Amendment, OrderMoved, PartyChanges, amend_order
from tocsin.orders.draft import Line
from tocsin.orders.intake import take_in
from tocsin.orders.lookup import own_lookups, read_query
from tocsin.orders.preview import preview_amendment
from tocsin.orders.query import look_up_order, search_orders
from tocsin.orders.reveal import reveal_receiver
from tocsin.orders.screen import Filter, count_rows, screen_orders
from tocsin.orders.store import list_revisions, load_order


def test_an_order_is_issued_once_and_found_by_all_its_names(db: Database) -> None:
    house = make_house(db)
    clerk = house.actor("clerk")
    taken = [
        db.write(house.merchant_id, partial(take_in, actor=clerk, draft=make_draft(external_id=e)))
        for e in ("E-1", "E-2", "E-1")
    ]
    assert [t.result for t in taken] == ["new", "new", "unchanged"]
    assert taken[0].number.endswith("-0001") and taken[1].number.endswith("-0002")
    for text in (taken[0].number, "13812345678", "5678", "小明", "王小明", "LI-5", "酥梨", "砀山酥梨"):
        found = {row.number for row in search_orders(db, clerk, text=text, door="test").rows}
        assert taken[0].number in found, text
    assert not search_orders(db, clerk, text="王明", door="test").rows
    assert not search_orders(db, clerk, text="小王明", door="test").rows
    asked = db.read(house.merchant_id, lambda tx: [read_query(tx, found) for found in own_lookups(tx, clerk)])
    assert asked[:2] == ["小王明", "王明"] and len(asked) == 10


def test_two_amendments_of_one_revision_make_one(db: Database) -> None:
    house = make_house(db)
    clerk = house.actor("clerk")
    taken = db.write(house.merchant_id, partial(take_in, actor=clerk, draft=make_draft(external_id="E-1")))
    lines = (
        Line(
            title="砀山酥梨 5 斤装",
            sku="LI-5",
            unit="件",
            line_id="1",
            quantity_micro=3 * MICRO,
            unit_price_micro=39_900_000,
        ),
    )
    change = Amendment(lines=lines, receiver=PartyChanges(phone="13900001111"))
    seen = db.read(
        house.merchant_id,
        lambda tx: preview_amendment(tx, clerk, order_id=taken.order_id, seen=1, amendment=change),
    )
    assert (seen.payable_before_minor, seen.payable_after_minor) == (7980, 11970)
    amend = partial(
        amend_order, actor=clerk, order_id=taken.order_id, seen=1, amendment=change, reason="多要一箱"
    )
    assert db.write(house.merchant_id, amend).revision == 2
    with pytest.raises(OrderMoved):
        db.write(house.merchant_id, amend)
    order = look_up_order(db, clerk, number=taken.number, door="test")
    assert order.receiver.phone == "139****1111" and order.payable_minor == 11970 and order.masked
    past = db.read(house.merchant_id, lambda tx: load_order(tx, order_id=taken.order_id, revision=1))
    assert past.payable_minor == 7980 and past.receiver.phone == "138****5678"
    assert [
        r.reason for r in db.read(house.merchant_id, lambda tx: list_revisions(tx, order_id=taken.order_id))
    ][0] == "多要一箱"
    assert not reveal_receiver(db, clerk, order_id=taken.order_id, purpose="deliver", door="test").allowed
    shown = reveal_receiver(db, house.actor("owner"), order_id=taken.order_id, purpose="deliver", door="test")
    assert shown.receiver is not None and shown.receiver.phone == "13900001111"


def test_a_source_that_changes_what_the_desk_amended_is_held(db: Database) -> None:
    house = make_house(db)
    clerk = house.actor("clerk")
    take = lambda **k: db.write(
        house.merchant_id, partial(take_in, actor=clerk, draft=make_draft(external_id="E-1", **k))
    )
    first = take()
    assert take(fulfilment="shipped").result == "moved"
    assert take(fulfilment="shipped", price=50.0).result == "changed"
    db.write(
        house.merchant_id,
        partial(
            amend_order,
            actor=clerk,
            order_id=first.order_id,
            seen=2,
            amendment=Amendment(carrier="顺丰"),
            reason="客户要求",
        ),
    )
    assert take(fulfilment="shipped", price=60.0).result == "conflict"
    page = screen_orders(db, clerk, wanted=Filter(query="held:conflict"), door="test")
    assert [row.number for row in page.rows] == [first.number] and page.rows[0].holds_open == 1
    assert page.rows[0].payable_minor == 10000


def test_pages_follow_by_key_and_counts_are_bounded(db: Database) -> None:
    house = make_house(db)
    clerk = house.actor("clerk")
    for n in range(7):
        db.write(
            house.merchant_id,
            partial(
                take_in,
                actor=clerk,
                draft=make_draft(
                    external_id=f"E-{n}", placed_at_us=1_700_000_000_000_000 + n * 86_400_000_000
                ),
            ),
        )
    for wanted in (
        Filter(),
        Filter(query="placed:2023-11-16..2023-11-19 sort:placed-"),
        Filter(query="state:produced amount:>=1 channel:test shop:HF"),
    ):
        seen: list[str] = []
        after = ""
        while True:
            page = screen_orders(db, clerk, wanted=wanted, door="test", after=after, limit=2)
            seen += [row.number for row in page.rows]
            if not (after := page.next):
                break
        assert len(seen) == len(set(seen)) == (4 if "placed:" in wanted.query else 7), wanted
        assert db.read(house.merchant_id, partial(count_rows, wanted=wanted)) == len(seen)
