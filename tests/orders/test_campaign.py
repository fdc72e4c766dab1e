"""Campaigns: what an order is judged by, on both databases, from its receiver and from earlier orders."""

import pytest

from tests.desk import NOW_US
from tests.house import House, make_draft, make_house
from tocsin.core.actor import NotAllowed
from tocsin.core.db import Database
from tocsin.orders import bounds
from tocsin.orders.campaign import (
    CampaignMoved,
    CampaignTwice,
    CampaignUnchanged,
    CampaignWrong,
    Plan,
    add_campaign,
    change_campaign,
    close_campaign,
    get_campaign,
    list_campaigns,
    undo_campaign,
)
from tocsin.orders.campaign_report import Counted, Stock, count_campaign, count_campaigns
from tocsin.orders.draft import Line, Totals
from tocsin.orders.intake import take_in
from tocsin.orders.packing import pack_campaign, places_of, write_packing
from tocsin.tickets.check import check_order

PLAN = Plan(
    kind="flash_sale", title="秒杀", code="MS-1", starts_at_us=NOW_US, ends_at_us=NOW_US + 1000, per_buyer=3,
    stock={"LI-5": 5},
)  # fmt: skip


def found(house: House, external_id: str, **changes: object) -> list[str]:
    """Take an order in; return what the two checks say, by case or code."""
    draft = make_draft(
        **{"external_id": external_id, "campaign": "MS-1", "placed_at_us": NOW_US + 1, **changes}
    )  # type: ignore[arg-type]
    taken = house.db.write(house.merchant_id, lambda tx: take_in(tx, house.actor(), draft))
    return again(house, taken.order_id)


def again(house: House, order_id: int) -> list[str]:
    verdict = house.db.write(house.merchant_id, lambda tx: check_order(tx, house.actor(), order_id=order_id))
    return [one.case or one.code for one in verdict.findings if one.code in ("campaign", "stock")]


def test_an_order_is_judged_by_dates_limit_and_stock_of_its_campaign(db: Database) -> None:
    house = make_house(db)
    assert found(house, "E-0") == []  # no campaign is kept: nothing is asked
    made = db.write(house.merchant_id, lambda tx: add_campaign(tx, house.actor(), plan=PLAN))
    other = {
        "receiver": make_draft().receiver.__class__(name="李四", phone="13900001111", address="长江路 8 号")
    }
    assert found(house, "E-1") == ["limit"]  # two pieces of E-0 and two more
    assert found(house, "E-2", **other) == ["stock"]  # of five, four are gone
    assert found(house, "E-3", campaign="MS-9", **other) == ["unknown"]
    assert found(house, "E-4", placed_at_us=NOW_US - 1, quantity=1, **other)[0] == "early"
    assert found(house, "E-5", placed_at_us=NOW_US + 1000, quantity=1, **other)[0] == "late"
    assert found(house, "E-6", campaign="", group_no="7", group_state="forming") == ["forming"]
    closed = Plan(kind="other", title="秒杀", code="MS-1", closed=True)
    db.write(house.merchant_id, lambda tx: change_campaign(tx, house.actor(), campaign_id=made, plan=closed))
    assert found(house, "E-7", **other) == ["closed"]


def test_a_prize_that_costs_nothing_is_legal(db: Database) -> None:
    house = make_house(db)
    draft = make_draft(external_id="P-1", price=0, delivery="prize", payment="unpaid", payment_method="")
    taken = db.write(house.merchant_id, lambda tx: take_in(tx, house.actor(), draft))
    verdict = db.write(house.merchant_id, lambda tx: check_order(tx, house.actor(), order_id=taken.order_id))
    assert [one.code for one in verdict.findings] == []


def test_what_a_campaign_may_be_and_who_may_set_it(db: Database) -> None:
    house, neighbour = make_house(db), make_house(db, code="NB")
    db.write(house.merchant_id, lambda tx: add_campaign(tx, house.actor(), plan=PLAN))
    for wrong in (
        Plan(kind="other", title="", code="x"), Plan(kind="other", title="x", code="x", per_buyer=-1),
        Plan(kind="other", title="x", code="x", starts_at_us=2, ends_at_us=2),
    ):  # fmt: skip
        with pytest.raises(CampaignWrong):
            db.write(house.merchant_id, lambda tx, plan=wrong: add_campaign(tx, house.actor(), plan=plan))  # type: ignore[misc]
    with pytest.raises(CampaignTwice):
        db.write(house.merchant_id, lambda tx: add_campaign(tx, house.actor(), plan=PLAN))
    with pytest.raises(NotAllowed):
        db.write(house.merchant_id, lambda tx: add_campaign(tx, house.actor("clerk"), plan=PLAN))
    assert db.read(neighbour.merchant_id, lambda tx: list_campaigns(tx, neighbour.actor())) == []
    (kept,) = db.read(house.merchant_id, lambda tx: list_campaigns(tx, house.actor("clerk")))
    assert [kept.state(NOW_US + shift) for shift in (-1, 0, 1000)] == ["soon", "running", "ended"]


def test_a_campaign_is_counted_and_packed_by_place_and_article(db: Database) -> None:
    house = make_house(db)
    made = db.write(house.merchant_id, lambda tx: add_campaign(tx, house.actor(), plan=PLAN))
    empty = db.read(house.merchant_id, lambda tx: count_campaign(
        tx, house.actor(), one=get_campaign(tx, house.actor(), campaign_id=made)
    ))  # fmt: skip
    assert (empty.orders, empty.times, empty.stock) == (0, (), (Stock("LI-5", 5, 0, 5),))
    day = 86_400_000_000
    for n, (place, more) in enumerate((
        ("东门", {}), ("东门", {}), ("=1+1", {"placed_at_us": NOW_US + 3 * day}), ("", {"cancelled": True}),
    )):  # fmt: skip
        other = {"receiver": make_draft().receiver.__class__(name=f"客{n}", phone=f"1390000111{n}", address="长江路 8 号")}  # fmt: skip
        found(house, f"E-{n}", pickup_point=place, community="翠苑一区", **{**other, **more})
    one = db.read(house.merchant_id, lambda tx: get_campaign(tx, house.actor("clerk"), campaign_id=made))
    report = db.read(house.merchant_id, lambda tx: count_campaign(tx, house.actor("clerk"), one=one))
    assert report.orders == 4 and Counted("cancelled", 1) in report.by_state and not report.hourly
    assert [row.orders for row in report.times] == [3, 0, 0, 1]
    assert report.stock == (Stock("LI-5", 5, 6, -1),)
    assert {row.name: row.orders for row in report.problems}["campaign"] == 1
    assert db.read(house.merchant_id, lambda tx: count_campaigns(tx, house.actor())) == {made: 4}
    rows = db.read(house.merchant_id, lambda tx: pack_campaign(tx, house.actor(), code="MS-1"))
    assert [(row.pickup_point, row.quantity_micro, row.held_micro, row.orders) for row in rows] == [
        ("=1+1", 0, 2_000_000, 1), ("东门", 4_000_000, 0, 2)
    ]  # fmt: skip
    assert [place.pickup_point for place in places_of(rows)] == ["=1+1", "东门"]
    assert '"\'=1+1","翠苑一区","LI-5"' in write_packing(rows).decode("utf-8-sig")


def test_quantities_beyond_any_sum_are_judged_counted_and_packed(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They were let in once: a barcode that was scanned into the box for the quantity."""
    monkeypatch.setattr(bounds, "_MOST_MICRO", 2**65)
    house, huge = make_house(db), 9 * 10**18
    made = db.write(house.merchant_id, lambda tx: add_campaign(tx, house.actor(), plan=PLAN))
    lines = tuple(Line(title="梨", sku="LI-5", unit="件", quantity_micro=huge) for _ in range(2))
    absurd = {"lines": lines, "totals": Totals(goods_minor=0, payable_minor=0), "pickup_point": "东门"}
    assert found(house, "E-0", **absurd) == ["limit", "stock"]
    assert found(house, "E-1", **absurd) == ["limit", "stock"], "judged by what came before too"
    one = db.read(house.merchant_id, lambda tx: get_campaign(tx, house.actor(), campaign_id=made))
    (stock,) = db.read(house.merchant_id, lambda tx: count_campaign(tx, house.actor(), one=one)).stock
    assert stock.left < -(10**9) and type(stock.used) is int
    (row,) = db.read(house.merchant_id, lambda tx: pack_campaign(tx, house.actor(), code="MS-1"))
    assert row.held_micro + row.quantity_micro == 2**62 and write_packing([row])


def test_a_change_is_against_what_was_seen_and_is_taken_back(db: Database) -> None:
    house = make_house(db)
    made = db.write(house.merchant_id, lambda tx: add_campaign(tx, house.actor(), plan=PLAN))

    def run(verb, **more):  # type: ignore[no-untyped-def]
        return db.write(house.merchant_id, lambda tx: verb(tx, house.actor(), campaign_id=made, **more))

    with pytest.raises(CampaignUnchanged):
        run(undo_campaign)
    other = Plan(kind="other", title="改了", code="MS-2", stock={"A": 1})
    run(change_campaign, plan=other, seen=1)
    with pytest.raises(CampaignMoved):
        run(change_campaign, plan=PLAN, seen=1)
    run(undo_campaign, seen=2)
    assert run(get_campaign).plan() == PLAN
    run(undo_campaign)
    assert run(get_campaign).plan() == other
    run(close_campaign, closed=True)
    run(close_campaign, closed=True)
    assert (run(get_campaign).revision, run(get_campaign).state(NOW_US)) == (5, "ended")
    run(close_campaign, closed=False)
    assert run(get_campaign).plan() == other
    with pytest.raises(CampaignWrong):
        run(change_campaign, plan=Plan(kind="other", title="x", code='a"b'))
