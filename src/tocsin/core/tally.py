"""Tallies: counts by hour or day that are kept right as things change, so that a page of figures walks no orders.

A tally is the sum of parts. What an order adds to it is kept beside it, by order: whatever happens to the order, what it
added is taken back and what it adds now is put in its place. Counting an order twice, or late, does no harm. Tallies hold
codes, states and amounts: nothing personal, so an erasure leaves them as they are.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.clock import MINUTE_US
from tocsin.core.db import Tx
from tocsin.core.schema import big, blob, merchant_table, text
from tocsin.core.statement import Statement, any_of, bind, bounded_sum, own, upsert

HOUR_US = 60 * MINUTE_US
DAY_HOURS = 24
AMOUNT_MOST = 2**62 - 1
"""Where an amount ends, and a change of it: what is beyond is no figure of anything, and must not stop the others."""
DAILY = ".day"
"""What the name of a dimension ends with whose units are days of UTC."""

# `unit` counts hours of UTC since 1970, or days where the dimension says so; what has no time is at 0.
tally = merchant_table(
    "tally", text("dimension"), text("subject"), big("unit"), big("shop_id"), text("name"), big("amount"),
    key=("dimension", "subject", "unit", "shop_id", "name"),
)  # fmt: skip
# personal: none; of an order its shop, campaign, hour, state, codes, SKUs, and the states of its papers
tally_part = merchant_table("tally_part", big("order_id"), blob("facts"), key=("order_id",))


class Entry(NamedTuple):
    """One tally."""

    dimension: str
    unit: int
    name: str
    shop_id: int = 0
    subject: str = ""


class Summed(Struct, frozen=True):
    """A name's amount in a unit."""

    unit: int
    name: str
    amount: int


Amounts = Mapping[Entry, int]
_t = tally.c
_adding = upsert(tally)
_MOST = sa.literal_column(str(AMOUNT_MOST), sa.BigInteger)
_added = _t.amount + _adding.excluded.amount
_ADD = Statement[None](
    _adding.on_conflict_do_update(
        index_elements=["merchant_id", "dimension", "subject", "unit", "shop_id", "name"],
        set_={"amount": sa.case((_added > _MOST, _MOST), (_added < -_MOST, -_MOST), else_=_added)},
    ),
    sets=[c.name for c in tally.columns],
)
_putting = upsert(tally_part)
_PUT = Statement[None](
    _putting.on_conflict_do_update(
        index_elements=["merchant_id", "order_id"], set_={"facts": _putting.excluded.facts}
    ),
    sets=[c.name for c in tally_part.columns],
)
_PARTS = Statement[tuple[int, bytes]](
    sa.select(tally_part.c.order_id, tally_part.c.facts).where(
        own(tally_part), any_of(tally_part.c.order_id, "ids")
    )
)
_amount = bounded_sum(_t.amount)
_of_shop = sa.or_(bind("shop_id") == sa.literal_column("0"), _t.shop_id == bind("shop_id"))


def _within(dimension: str, first: str, end: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        own(tally), _t.dimension == bind(dimension, str), _t.subject == bind("subject", str), _t.unit >= bind(first),
        _t.unit < bind(end), _of_shop,
    )  # fmt: skip


_SUMS = Statement(
    sa.select(_t.unit, _t.name, _amount.label("amount"))
    .where(*_within("dimension", "from_unit", "to_unit")).group_by(_t.unit, _t.name).having(_amount != sa.literal_column("0")),
    Summed,
)  # fmt: skip
_RANGES = (("dimension", "first", "days_from"), ("daily", "day", "day_end"), ("dimension", "days_to", "end"))
_parts = sa.union_all(*(sa.select(_t.name, _t.amount).where(*_within(*each)) for each in _RANGES)).subquery()
_OVER = Statement[tuple[str, int]](
    sa.select(_parts.c.name, bounded_sum(_parts.c.amount)).group_by(_parts.c.name)
)
_OF_SUBJECTS = Statement[tuple[str, int]](
    sa.select(_t.subject, _amount)
    .where(own(tally), _t.dimension == bind("dimension", str), any_of(_t.subject, "subjects"))
    .group_by(_t.subject)
)


def _some(table: sa.Table, *key: str) -> Statement[None]:
    columns = [table.c[name] for name in key]
    chosen = sa.select(*columns).where(own(table)).order_by(*columns).limit(bind("limit"))
    return Statement(sa.delete(table).where(own(table), sa.tuple_(*columns).in_(chosen)))


_DROP_PARTS = _some(tally_part, "order_id")
_DROP = _some(tally, "dimension", "subject", "unit", "shop_id", "name")


class Tallies:
    """The tallies of a merchant as they are in a transaction; `pending` is what has happened and is not in them yet.

    Args:
        counted_to_us: the instant after which some is in neither; 0 where the figures are of this moment.
    """

    def __init__(self, tx: Tx, pending: Amounts, *, counted_to_us: int = 0) -> None:
        self._tx, self._pending, self.counted_to_us = tx, pending, counted_to_us

    def by_unit(self, dimension: str, *, units: range, subject: str = "", shop_id: int = 0) -> list[Summed]:
        """Return each name's amount in each unit of a range, in no order; of one shop, or of all."""
        rows = self._tx.rows(
            _SUMS, dimension=dimension, subject=subject, from_unit=units.start, to_unit=units.stop, shop_id=shop_id
        )  # fmt: skip
        found = {(row.unit, row.name): row.amount for row in rows}
        for key, amount in self._pending.items():
            here = (key.dimension, key.subject) == (dimension, subject) and key.unit in units
            if here and shop_id in (0, key.shop_id):
                found[key.unit, key.name] = found.get((key.unit, key.name), 0) + amount
        return [Summed(unit, name, amount) for (unit, name), amount in found.items() if amount]

    def sums(self, dimension: str, *, hours: range, shop_id: int = 0) -> dict[str, int]:
        """Return each name's amount over a range of hours: whole days are read as days, what stands out at its ends as hours."""
        days = range(-(-hours.start // DAY_HOURS), hours.stop // DAY_HOURS)
        edges = (days.start * DAY_HOURS, days.stop * DAY_HOURS) if days else (hours.start, hours.start)
        rows = self._tx.rows(
            _OVER, dimension=dimension, daily=dimension + DAILY, subject="", shop_id=shop_id, first=hours.start, days_from=edges[0],
            day=days.start, day_end=days.stop, days_to=edges[1], end=hours.stop,
        )  # fmt: skip
        found = Counter(dict(rows))
        for key, amount in self._pending.items():
            if key.dimension == dimension and key.unit in hours and shop_id in (0, key.shop_id):
                found[key.name] += amount
        return {name: amount for name, amount in found.items() if amount}

    def of_subject(self, dimension: str, subject: str) -> dict[str, int]:
        """Return each name's amount of a subject whose tallies have no time."""
        return {one.name: one.amount for one in self.by_unit(dimension, units=range(1), subject=subject)}

    def of_subjects(self, dimension: str, subjects: list[str]) -> dict[str, int]:
        """Return the amount of each of some subjects over all its names and units."""
        found = Counter(dict(self._tx.rows(_OF_SUBJECTS, dimension=dimension, subjects=subjects)))
        for key, amount in self._pending.items():
            if key.dimension == dimension and key.subject in subjects:
                found[key.subject] += amount
        return dict(found)


class Change(Struct, frozen=True):
    """What some orders' tallies have to change by, and the parts that they are then made of."""

    amounts: dict[Entry, int]
    parts: dict[int, bytes]


def change_of(
    tx: Tx, facts: Mapping[int, bytes], *, entries: Callable[[int, bytes], Iterable[tuple[Entry, int]]]
) -> Change:
    """Return what differs between the facts of some orders and those that were counted; what is counted already is left out."""
    before = dict(tx.rows(_PARTS, ids=list(facts)))
    moved = {ident: told for ident, told in facts.items() if bytes(before.get(ident, b"")) != told}
    amounts = Counter[Entry]()
    for ident, told in moved.items():
        for key, amount in entries(ident, told):
            amounts[key] += amount
        for key, amount in entries(ident, bytes(before.get(ident, b""))):
            amounts[key] -= amount
    return Change({key: amount for key, amount in amounts.items() if amount}, moved)


def apply_change(tx: Tx, change: Change) -> None:
    """Put a change into the tallies; whoever makes changes does so one at a time."""
    if change.amounts:
        tx.many(_ADD, [
            {"dimension": key.dimension, "subject": key.subject, "unit": key.unit, "shop_id": key.shop_id, "name": key.name,
             "amount": max(-AMOUNT_MOST, min(amount, AMOUNT_MOST))}
            for key, amount in sorted(change.amounts.items())
        ])  # fmt: skip
    if change.parts:
        tx.many(_PUT, [{"order_id": ident, "facts": facts} for ident, facts in sorted(change.parts.items())])


def drop_some(tx: Tx, *, limit: int) -> int:
    """Delete some of what is counted, to count it anew; return how many rows."""
    return tx.run(_DROP_PARTS, limit=limit) or tx.run(_DROP, limit=limit)
