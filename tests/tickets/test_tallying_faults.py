"""What breaks a count stops nobody else's and no page, whatever an order holds, on both databases."""

import random
import time
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from tests.house import House, make_draft, make_house
from tests.tickets.tallied import count_all, differences
from tocsin.core.actor import Actor
from tocsin.core.db import Database, Tx
from tocsin.core.errors import DatabaseAway
from tocsin.core.statement import Statement, own
from tocsin.core.tally import AMOUNT_MOST, tally
from tocsin.orders import bounds, order_tally
from tocsin.orders.amend import cancel_order
from tocsin.orders.campaign import Plan, add_campaign, get_campaign
from tocsin.orders.campaign_report import Stock, count_campaign
from tocsin.orders.draft import Line, Totals
from tocsin.orders.intake import take_in
from tocsin.tickets import tallying
from tocsin.tickets.tallying import Tallier, read_with_tallies

AMOUNTS = Statement[tuple[int]](sa.select(tally.c.amount).where(own(tally)))
HUGE = 9 * 10**18
_dice = random.Random(1)
LONG = "".join(chr(_dice.randrange(0x4E00, 0x9FA5)) for _ in range(1200))


def take(house: House, external_id: str, **changes: Any) -> int:
    draft = make_draft(external_id=external_id, **changes)
    return house.db.write(house.merchant_id, lambda tx: take_in(tx, house.actor(), draft)).order_id


def break_count(monkeypatch: pytest.MonkeyPatch, merchant_id: int, fault: Exception) -> list[int]:
    """Have each count of a merchant end in a fault; return a list that grows with them."""
    true, tried = tallying.read_facts, list[int]()

    def read(tx: Tx, order_ids: list[int]) -> dict[int, bytes]:
        if tx.merchant_id == merchant_id:
            tried.append(1)
            raise fault
        return true(tx, order_ids)

    monkeypatch.setattr(tallying, "read_facts", read)
    return tried


def test_a_count_that_breaks_rests_and_the_others_go_on(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = make_house(db, code="BAD"), make_house(db, code="GOOD")
    for house in (bad, good):
        count_all(house)
    tallier = Tallier(db)
    for n, house in enumerate((bad, good, bad, good)):
        take(house, f"E-{n}")
    with monkeypatch.context() as patch:
        break_count(patch, bad.merchant_id, DatabaseAway())
        with pytest.raises(DatabaseAway):
            tallier.step()
    with monkeypatch.context() as patch:
        tried = break_count(patch, bad.merchant_id, ArithmeticError())
        while tallier.step():
            continue
        assert not tallier.step() and len(tried) == 1, "he is not tried again at once"
        assert not differences(good)
        assert read_with_tallies(db, bad.merchant_id, lambda _, found: found) is None, "rows are counted"
        assert len(tried) == 2
    later = SimpleNamespace(monotonic=lambda: time.monotonic() + 61)
    monkeypatch.setattr(tallying, "time", later)
    while tallier.step():
        continue
    assert not differences(bad)


def test_no_order_is_beyond_the_tallies(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts and quantities that were let in once, before orders were bounded."""
    monkeypatch.setattr(bounds, "_MOST_MICRO", 2**70)
    monkeypatch.setattr(order_tally, "_PIECES_MOST_MICRO", 2**62)
    house = make_house(db)
    owner: Actor = house.actor()
    plan = Plan(kind="other", title="秒杀", code="MS", stock={"S": 10, LONG: 10, LONG[:100]: 10})
    made = db.write(house.merchant_id, lambda tx: add_campaign(tx, owner, plan=plan))
    count_all(house)
    sold = [("S", -HUGE, 1)] + [("S", HUGE, 2)] * 5 + [(LONG, 1_000_000, 2), (LONG[:100], 1_000_000, 1)]
    ids = []
    for n, (sku, micro, lines) in enumerate(sold):
        line = Line(title="梨", sku=sku, unit="件", quantity_micro=micro)
        none = Totals(goods_minor=0, payable_minor=0)
        ids.append(take(house, f"E-{n}", campaign="MS", totals=none, lines=(line,) * lines))
        if n != 3:  # two of them in one change, the others each in one of its own
            count_all(house)

    def read(tx: Tx, tallies: Any) -> tuple[Stock, ...]:
        one = get_campaign(tx, owner, campaign_id=made)
        return count_campaign(tx, owner, one=one, tallies=tallies).stock

    stock = {one.sku: one for one in read_with_tallies(db, house.merchant_id, read)}
    assert (stock[LONG].used, stock[LONG[:100]].used) == (2, 1)
    assert stock["S"].left < 0 and type(stock["S"].left) is int
    amounts = db.read(house.merchant_id, lambda tx: [row[0] for row in tx.rows(AMOUNTS)])
    assert max(amounts) == AMOUNT_MOST and {type(one) for one in amounts} == {int}
    for order_id in ids[:6]:
        db.write(
            house.merchant_id, lambda tx, it=order_id: cancel_order(tx, owner, order_id=it, reason="错单")
        )  # type: ignore[misc]
    count_all(house)
    assert read_with_tallies(db, house.merchant_id, read)[1:] == (
        Stock(LONG[:100], 10, 1, 9),
        Stock(LONG, 10, 2, 8),
    )
