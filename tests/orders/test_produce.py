"""Issuing: numbers without gaps, hashes that stay, text without hidden characters."""

import threading
from collections import defaultdict
from functools import partial

import pytest
import sqlalchemy as sa

from tests.counter import open_counter
from tests.house import make_draft, make_house
from tocsin.core.clock import DAY_US, shift_clock
from tocsin.core.db import Database, Tx
from tocsin.core.errors import Refusal
from tocsin.core.money import MICRO
from tocsin.core.statement import Statement, own
from tocsin.core.tenant import create_shop
from tocsin.orders.amend import Amendment, PartyChanges, TotalsChanges, cancel_order
from tocsin.orders.draft import Draft, Line, Party, Totals
from tocsin.orders.intake import take_in
from tocsin.orders.produce import clean_draft
from tocsin.orders.table import order_number

NUMBERS = Statement[tuple[str]](
    sa.select(order_number.c.number).where(own(order_number)).order_by(order_number.c.number)
)


class Abandoned(Exception):
    """A fault after the number was given."""


def test_numbers_have_no_gap_though_threads_race_and_some_roll_back(db: Database) -> None:
    house = make_house(db, code="AA")
    db.write(house.merchant_id, lambda tx: create_shop(tx, code="BB", name="芜湖店", zone="Asia/Shanghai"))
    owner, given, faults = house.actor(), list[str](), list[BaseException]()

    def issue(tx: Tx, *, shop: str, fails: bool) -> str:
        number = take_in(tx, owner, make_draft(shop=shop)).number
        if fails:
            raise Abandoned
        return number

    def work(place: int) -> None:
        for turn in range(5):
            try:
                shop = ("AA", "BB")[(place + turn) % 2]
                given.append(
                    db.write(house.merchant_id, partial(issue, shop=shop, fails=(place + turn) % 3 == 0))
                )
            except Abandoned:
                continue
            except BaseException as fault:
                faults.append(fault)

    threads = [threading.Thread(target=work, args=(place,)) for place in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert not faults
    stored = [row[0] for row in db.read(house.merchant_id, lambda tx: tx.rows(NUMBERS))]
    assert sorted(given) == stored and 0 < len(stored) < 40
    by_shop = defaultdict(list)
    for number in stored:
        shop, _, place = number.split("-")
        by_shop[shop].append(int(place))
    assert set(by_shop) == {"AA", "BB"}
    assert all(places == list(range(1, len(places) + 1)) for places in by_shop.values()), by_shop


def test_a_cancelled_order_keeps_its_number(db: Database) -> None:
    with open_counter(db) as counter:
        first = counter.take()
        counter.do(cancel_order, order_id=first.order_id, reason="客户取消")
        second = counter.take()
        assert counter.order(first.order_id).number == first.number
        assert [n.rsplit("-", 1)[1] for n in (first.number, second.number)] == ["0001", "0002"]


def test_numbers_follow_the_shops_day(db: Database) -> None:
    with open_counter(db) as counter:
        today = counter.take().number
        try:
            shift_clock(DAY_US)
            tomorrow = counter.take().number
        finally:
            shift_clock(0)
        assert today[:-5] != tomorrow[:-5] and today.endswith("-0001") and tomorrow.endswith("-0001")


def test_the_hash_covers_content_and_receiver_and_nothing_that_the_shop_moves(db: Database) -> None:
    with open_counter(db) as counter:
        hash_of = lambda **k: counter.order(counter.take(**k).order_id).content_hash
        plain = hash_of()
        assert plain == hash_of() == hash_of(external_id="E-1", fulfilment="shipped") and len(plain) == 64
        other = Party(name="王小明", phone="13812345679", address="黄山路 12 号 3 栋 402 室")
        changed = [
            hash_of(receiver=other),
            hash_of(price=40.0),
            hash_of(merchant_note="x"),
            hash_of(delivery="pickup"),
        ]
        assert len({plain, *changed}) == 5


def test_hashes_of_the_same_content_differ_between_merchants(db: Database) -> None:
    with open_counter(db) as one, open_counter(db, code="NJ") as other:
        hashes = {counter.order(counter.take().order_id).content_hash for counter in (one, other)}
        assert len(hashes) == 2


HIDDEN = Party(name="王\u202e小明", phone="138\x0012345678", address="黄山路\n12 号", buyer_note="好\u200b吗")


def test_hidden_characters_are_taken_out_and_told_of(db: Database) -> None:
    with open_counter(db) as counter:
        line = Line(title="酥\u2066梨", sku="LI", unit_price_micro=MICRO, quantity_micro=MICRO)
        taken = counter.take(
            receiver=HIDDEN,
            lines=(line,),
            totals=Totals(goods_minor=100, payable_minor=100),
            merchant_note="a\x07b",
        )
        order = counter.order(taken.order_id, real=True)
        assert order.stripped == ("receiver.name", "receiver.phone", "lines.0.title", "merchant_note")
        assert (order.receiver.name, order.receiver.phone, order.lines[0].title) == (
            "王小明",
            "13812345678",
            "酥梨",
        )
        assert (order.receiver.address, order.receiver.buyer_note) == ("黄山路 12 号", "好吗")
        counter.check()
        (hold,) = counter.holds(taken.order_id)
        assert hold.kind == "acknowledge" and hold.findings.count('"text"') == 4
        typed = Amendment(receiver=PartyChanges(name="王晓明", phone="13812345678"), merchant_note="ab c")
        counter.amend(taken.order_id, 1, typed)
        assert counter.order(taken.order_id).stripped == ("lines.0.title",)
        lines = (Line(title="酥梨", sku="LI-2", unit_price_micro=MICRO, quantity_micro=MICRO),)
        counter.amend(taken.order_id, 2, Amendment(lines=lines, receiver=PartyChanges(phone="13900001111")))
        counter.check()
        assert counter.order(taken.order_id).stripped == ()
        (hold,) = counter.holds(taken.order_id)
        assert '"note"' in hold.findings and '"text"' not in hold.findings, (
            "of the note alone, not of characters"
        )


def test_line_ids_are_given_once() -> None:
    lines = (Line(title="a", line_id="2"), Line(title="b"), Line(title="c", line_id="2"), Line(title="d"))
    ids = [line.line_id for line in clean_draft(Draft(channel="t", lines=lines)).lines]
    assert ids[0] == "2" and len(set(ids)) == 4 and "" not in ids


@pytest.mark.parametrize("currency", ["R1B", "ABCD"])
def test_an_unknown_currency_is_refused(db: Database, currency: str) -> None:
    with open_counter(db) as counter, pytest.raises(Refusal):
        counter.take(currency=currency)


def test_an_order_without_declared_payable_is_computed(db: Database) -> None:
    with open_counter(db) as counter:
        line = Line(title="茶", unit_price_micro=10 * MICRO, quantity_micro=3 * MICRO, discount_minor=500)
        taken = counter.take(lines=(line,), totals=Totals(shipping_minor=800))
        order = counter.order(taken.order_id)
        assert (order.computed_goods_minor, order.totals.promotion_minor, order.payable_minor) == (
            3000,
            500,
            3300,
        )
        counter.amend(taken.order_id, 1, Amendment(totals=TotalsChanges(shipping_minor=0)))
        assert counter.order(taken.order_id).payable_minor == 2500
