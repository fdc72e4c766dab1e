"""Pictures count what a walk over all rows counts, in any zone, over any day: on generated rows of both databases."""

import random
from bisect import bisect_right
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from tests.house import House, make_house
from tests.telling import assert_none
from tests.tickets import tallied
from tests.tickets.tallied import count_all
from tocsin.access.attempt_picture import picture_attempts
from tocsin.access.table import attempt
from tocsin.core.actor import NotAllowed
from tocsin.core.clock import business_day, from_datetime, to_datetime
from tocsin.core.db import Database, Tx
from tocsin.core.ident import id_at, made_at_us
from tocsin.core.period import DAYS, Period, make_period
from tocsin.core.statement import insert_into
from tocsin.core.tenant import create_merchant, create_shop
from tocsin.orders.order_picture import NAMED_MOST, picture_orders, picture_problems
from tocsin.orders.table import order_finding, order_head
from tocsin.tickets.table import print_job
from tocsin.tickets.ticket_picture import FINE, LONGEST, PERCENTS, STEPS, picture_papers, picture_waits

Row = dict[str, Any]
SECOND_US = 1_000_000
# A shop in India is half an hour off, New York sets its clock back at 2 o'clock of this day, Lord Howe by half an hour.
PLACES = [
    ("Asia/Shanghai", 0, datetime(2026, 9, 15, 4, 30, tzinfo=UTC)), ("Asia/Kolkata", 4, datetime(2026, 9, 15, 1, 0, tzinfo=UTC)),
    ("America/New_York", 0, datetime(2026, 11, 1, 20, 0, tzinfo=UTC)), ("America/New_York", 2, datetime(2026, 3, 8, 20, 0, tzinfo=UTC)),
    ("Australia/Lord_Howe", 0, datetime(2026, 4, 5, 1, 0, tzinfo=UTC)),
]  # fmt: skip


def fill(tx: Tx, table: sa.Table, rows: list[Row]) -> None:
    """Store rows as they are given; what they lack is nothing."""
    for row in rows:
        values = {c.name: b"" if isinstance(c.type, sa.LargeBinary) else "" if isinstance(c.type, sa.Text) else 0 for c in table.columns}  # fmt: skip
        tx.run(insert_into(table), **{**values, "merchant_id": tx.merchant_id, **row})


def some_rows(dice: random.Random, now_us: int, shops: list[int]) -> dict[str, list[Row]]:
    """Return orders, findings, jobs and attempts of two months around an instant, many of them at the edges of hours."""
    heads: list[Row] = []
    found: dict[str, list[Row]] = {"heads": heads, "findings": [], "jobs": [], "attempts": []}
    for n in range(400):
        at = now_us + dice.randrange(-40 * 86_400, 2 * 86_400) * SECOND_US if n % 2 else now_us + dice.randrange(-40 * 96, 150) * 900 * SECOND_US - dice.choice((0, 1))  # fmt: skip
        head = {
            "id": id_at(at) + n, "shop_id": dice.choice(shops), "number": f"N-{n}", "placed_at_us": at, "campaign": dice.choice(("", "a", "b", "c", "d", "e", "f", "f")),
            "desk_state": dice.choice(("produced", "printed", "cancelled")),
        }  # fmt: skip
        heads.append(head)
        for place in range(dice.randrange(3)):
            code = dice.choice(("sku", "date", "note"))
            found["findings"].append({"order_id": head["id"], "position": place, "code": code, "level": "W"})
        for place in range(dice.randrange(3)):
            waits = int(dice.expovariate(1 / 900) * SECOND_US) if dice.randrange(9) else dice.randrange(90 * 86_400) * SECOND_US  # fmt: skip
            found["jobs"].append({
                "id": id_at(at + 2 * SECOND_US) + n * 3 + place, "order_id": head["id"], "printer_id": dice.choice((7, 8)), "ended_at_us": at + waits,
                "state": dice.choice(("printed", "printed", "printed", "failed", "queued")), "reprint_no": int(dice.random() < 0.1),
                "replaces": int(dice.random() < 0.1), "amended_from": int(dice.random() < 0.1),
            })  # fmt: skip
        found["attempts"].append({
            "id": id_at(at) + n, "at_us": at, "outcome": dice.choice(("right", "wrong", "locked", "inferred")), "merchant_id": -n % 2 and -1,
        })  # fmt: skip
    return found


def slot_name(at_us: int, period: Period, zone: str, hour: int) -> str:
    """Return the hour or day that an instant belongs to, said the plain way."""
    moment = to_datetime(at_us, zone)
    if not period.hourly:
        return business_day(at_us, zone, starts_at_hour=hour).isoformat()
    return f"{moment:%H:00 %z}" if moment.fold else f"{moment:%H:00}"


def in_period(at_us: int, period: Period, zone: str, hour: int) -> bool:
    return period.first <= business_day(at_us, zone, starts_at_hour=hour) <= period.last


@pytest.mark.parametrize(("zone", "hour", "now"), PLACES)
def test_each_picture_counts_what_a_walk_counts(db: Database, zone: str, hour: int, now: datetime) -> None:
    house, now_us = make_house(db), from_datetime(now)
    second = db.write(
        house.merchant_id, lambda tx: create_shop(tx, code="B", name="二店", zone=zone, currency="CNY")
    )
    made = some_rows(random.Random(hour), now_us, [house.shop.id, second.id])
    for row in made["attempts"]:
        row["merchant_id"] = house.merchant_id if row["merchant_id"] else 0

    def store(tx: Tx) -> None:
        for table, name in ((order_head, "heads"), (order_finding, "findings"), (print_job, "jobs"), (attempt, "attempts")):  # fmt: skip
            fill(tx, table, made[name])

    db.write(house.merchant_id, store)
    wrong = [
        f"{kind} {shop_id}: {each}"
        for kind in DAYS
        for shop_id in (0, second.id)
        for each in differences(house, made, (zone, hour, now_us), kind=kind, shop_id=shop_id)
    ]
    assert_none(wrong)
    count_all(house)
    assert_none(tallied.differences(house, place=(zone, hour, now_us)), "tallies are the same figures")


def differences(
    house: House, made: dict[str, list[Row]], place: tuple[str, int, int], *, kind: str, shop_id: int
) -> list[str]:
    """Return what pictures show otherwise than a walk over the rows."""
    zone, hour, now_us = place
    period = make_period(kind, now_us=now_us, zone=zone, starts_at_hour=hour)
    owner, of = house.actor(), {"period": period, "shop_id": shop_id}

    def read(tx: Tx) -> tuple[Any, ...]:
        return (
            picture_orders(tx, owner, **of), picture_problems(tx, owner, **of), picture_waits(tx, owner, **of),
            picture_papers(tx, owner, **of), picture_attempts(tx, owner, period=period),
        )  # fmt: skip

    orders, problems, waits, papers, attempts = house.db.read(house.merchant_id, read)
    shop_of = {head["id"]: head["shop_id"] for head in made["heads"]}

    def within(at_us: int, order_id: int = 0) -> bool:
        return in_period(at_us, period, zone, hour) and (
            not order_id or not shop_id or shop_of[order_id] == shop_id
        )

    heads = [one for one in made["heads"] if within(one["placed_at_us"], one["id"])]
    jobs = [one for one in made["jobs"] if within(made_at_us(one["id"]), one["order_id"])]
    named = Counter((slot_name(one["placed_at_us"], period, zone, hour), one["campaign"]) for one in heads if one["desk_state"] != "cancelled")  # fmt: skip
    shown = {(slot, one.name): count for one in orders.series if not one.others for slot, count in zip(period.slots, one.orders, strict=True) if count}  # fmt: skip
    kept = {one.name for one in orders.series if not one.others}
    void = Counter(
        slot_name(one["placed_at_us"], period, zone, hour)
        for one in heads
        if one["desk_state"] == "cancelled"
    )
    codes = {(one["order_id"], one["code"]) for one in made["findings"] if within(made_at_us(one["order_id"]), one["order_id"])}  # fmt: skip
    first = [one for one in jobs if one["state"] == "printed" and not (one["reprint_no"] or one["replaces"] or one["amended_from"])]  # fmt: skip
    seconds = sorted(
        max(0, (one["ended_at_us"] // 1000 - made_at_us(one["order_id"]) // 1000) // 1000) for one in first
    )
    tried = Counter(
        (slot_name(one["at_us"], period, zone, hour), one["outcome"])
        for one in made["attempts"]
        if within(one["at_us"])
    )
    pairs = {
        "campaigns": (shown, {key: n for key, n in named.items() if key[1] in kept}),
        "all orders": (orders.orders, sum(named.values())),
        "busiest": (len(kept - {""}) <= NAMED_MOST + 1, True),
        "cancelled": ({s: n for s, n in zip(period.slots, orders.cancelled, strict=True) if n}, dict(void)),
        "codes": (
            {one.name: one.orders for one in problems},
            dict(Counter(code for _, code in codes)),
        ),
        "steps": (list(waits.steps), [sum(bisect_right(STEPS, s) - 1 == place for s in seconds) for place in range(len(STEPS))]),
        "within": (list(waits.within), [rank_of(seconds, percent) for percent in PERCENTS]),
        "papers": (
            {(one.printer_id, one.state): one.papers for one in papers},
            dict(Counter((one["printer_id"], one["state"]) for one in jobs)),
        ),
        "right": (list(attempts.right), [tried[slot, "right"] for slot in period.slots]),
        "wrong": (list(attempts.wrong), [tried[slot, "wrong"] + tried[slot, "inferred"] for slot in period.slots]),
        "locked": (list(attempts.locked), [tried[slot, "locked"] for slot in period.slots]),
    }  # fmt: skip
    return [f"{name}: {got} is not {wanted}" for name, (got, wanted) in pairs.items() if got != wanted]


def rank_of(seconds: list[int], percent: int) -> int:
    """Return the wait that so many in a hundred do not exceed, up to the end of its unit."""
    if not seconds:
        return 0
    exact = seconds[-(-len(seconds) * percent // 100) - 1]
    unit = next((unit for below, unit in FINE if exact < below), 0)
    return exact // unit * unit + unit if unit else LONGEST


def test_of_two_merchants_neither_is_told_of_unknown_names(db: Database) -> None:
    house, now_us = make_house(db), from_datetime(datetime(2026, 9, 15, 4, tzinfo=UTC))
    period = make_period("today", now_us=now_us, zone="Asia/Shanghai")
    db.write(house.merchant_id, lambda tx: fill(tx, attempt, [
        {"id": 1, "at_us": now_us, "outcome": "wrong", "merchant_id": 0}, {"id": 2, "at_us": now_us, "outcome": "wrong"},
    ]))  # fmt: skip

    def wrong() -> int:
        return db.read(
            house.merchant_id, lambda tx: sum(picture_attempts(tx, house.actor(), period=period).wrong)
        )

    assert wrong() == 2
    db.write(0, lambda tx: create_merchant(tx, name="别家"))
    assert wrong() == 1
    clerk = house.actor("clerk")
    with pytest.raises(NotAllowed):
        db.read(house.merchant_id, lambda tx: picture_attempts(tx, clerk, period=period))


def test_a_day_has_as_many_hours_as_its_clock_shows() -> None:
    hours = [
        len(make_period("today", now_us=from_datetime(now), zone=zone, starts_at_hour=hour).slots)
        for zone, hour, now in PLACES
    ]
    assert hours == [24, 24, 25, 23, 25]
    assert len(make_period("month", now_us=0, zone="Asia/Shanghai").slots) == 30
    assert make_period("ever", now_us=0, zone="UTC").kind == "today"
