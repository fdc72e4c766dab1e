"""The judge of tallies: what each page of figures reads from them is what it counts from the rows."""

from collections import Counter
from functools import partial
from typing import Any

import sqlalchemy as sa

from tests.house import House
from tocsin.core.db import Tx
from tocsin.core.period import DAYS, make_period
from tocsin.core.statement import Statement, own
from tocsin.core.tally import Entry, Tallies, tally
from tocsin.core.tenant import list_shops
from tocsin.orders.campaign import list_campaigns
from tocsin.orders.campaign_report import count_campaign, count_campaigns
from tocsin.orders.order_picture import picture_orders, picture_problems
from tocsin.orders.table import order_head
from tocsin.tickets.tallying import read_tallies, tally_some
from tocsin.tickets.ticket_picture import picture_papers, picture_waits
from tocsin.tickets.ticket_tally import entries_of, read_facts

_ALL = Statement[tuple[str, int, str, int, str, int]](
    sa.select(tally.c.dimension, tally.c.unit, tally.c.name, tally.c.shop_id, tally.c.subject, tally.c.amount).where(own(tally))
)  # fmt: skip
_IDS = Statement[tuple[int]](sa.select(order_head.c.id).where(own(order_head)))


def count_all(house: House) -> None:
    """Count all that there is of a merchant."""
    while house.db.write(house.merchant_id, tally_some):
        continue


def differences(house: House, *, place: tuple[str, int, int] | None = None, live: bool = False) -> list[str]:
    """Return what pages show otherwise than the rows.

    Args:
        place: zone, hour at which its days begin, and the instant that is now.
        live: what has happened and was not counted yet is there; else each tally is looked at too.
    """
    return house.db.read(house.merchant_id, partial(_differences, house=house, place=place, live=live))


def wrong_tallies(house: House) -> list[str]:
    """Return the tallies that are not the sum of what all orders add, whenever they were."""
    return house.db.read(house.merchant_id, _wrong_tallies)


def _differences(tx: Tx, *, house: House, place: tuple[str, int, int] | None, live: bool) -> list[str]:
    tallies = read_tallies(tx)
    if not isinstance(tallies, Tallies):
        return ["nothing is counted"]
    wrong = [] if live else _wrong_tallies(tx)
    owner, (zone, hour, now_us) = house.actor(), place or (house.shop.zone, 0, tx.now_us)
    for kind in DAYS:
        period = make_period(kind, now_us=now_us, zone=zone, starts_at_hour=hour)
        if not period.whole_hours:
            continue
        for shop_id in (0, *(one.id for one in list_shops(tx))):
            for picture in (picture_orders, picture_problems, picture_waits, picture_papers):
                of: dict[str, Any] = {"period": period, "shop_id": shop_id}
                told, counted = picture(tx, owner, **of, tallies=tallies), picture(tx, owner, **of)
                if isinstance(told, list) and isinstance(counted, list):
                    told, counted = sorted(told, key=repr), sorted(counted, key=repr)
                if told != counted:
                    wrong.append(f"{picture.__name__} {kind} {shop_id}: {told} is not {counted}")
    pairs = [(count_campaigns(tx, owner, tallies=tallies), count_campaigns(tx, owner))]
    for one in list_campaigns(tx, owner):
        report = partial(count_campaign, tx, owner, one=one)
        pairs.append((report(tallies=tallies), report()))  # type: ignore[arg-type]
    return wrong + [f"{told} is not {counted}" for told, counted in pairs if told != counted]


def _wrong_tallies(tx: Tx) -> list[str]:
    kept = Counter({Entry(*row[:5]): row[5] for row in tx.rows(_ALL)})
    counted = Counter[Entry]()
    for order_id, facts in read_facts(tx, [row[0] for row in tx.rows(_IDS)]).items():
        for key, amount in entries_of(order_id, facts):
            counted[key] += amount
    kept.subtract(counted)
    return [f"{key}: {amount} too many" for key, amount in kept.items() if amount]
