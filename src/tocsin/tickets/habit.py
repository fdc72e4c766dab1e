"""Habits: warnings that are acknowledged nearly always warn of nothing any more, and are offered as notices."""

from collections import Counter

import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.clock import DAY_US
from tocsin.core.db import Tx
from tocsin.core.ident import id_at
from tocsin.core.statement import Statement, any_of, bind, own
from tocsin.orders.table import acknowledgement, hold

DAYS, LEAST, ALWAYS_PERCENT = 30, 20, 95
_LOOKED_AT = 1_000


class Habit(Struct, frozen=True):
    """How often a warning asked within thirty days, and how often it was acknowledged."""

    code: str
    asked: int
    acknowledged: int

    @property
    def percent(self) -> int:
        """Return the share that was acknowledged, in whole percent, rounded down."""
        return self.acknowledged * 100 // self.asked


# Newest holds of the time alone: a page of settings must not count a year.
_ASKED = Statement[tuple[int, int, str]](
    sa.select(hold.c.order_id, hold.c.revision, hold.c.reason)
    .where(own(hold), hold.c.id >= bind("since_id"), hold.c.kind == "acknowledge", hold.c.closed_at_us.is_not(None))
    .order_by(hold.c.id.desc()).limit(_LOOKED_AT)
)  # fmt: skip
_GIVEN = Statement[tuple[int, int, str]](
    sa.select(acknowledgement.c.order_id, acknowledgement.c.revision, acknowledgement.c.code).where(
        own(acknowledgement), any_of(acknowledgement.c.order_id, "ids")
    )
)


def habits(tx: Tx) -> list[Habit]:
    """Return the warnings that were asked at least twenty times and acknowledged in more than 95 of a hundred."""
    asked = tx.rows(_ASKED, since_id=id_at(tx.now_us - DAYS * DAY_US))
    ids = list({order_id for order_id, _, _ in asked})
    given = {tuple(row) for row in tx.rows(_GIVEN, ids=ids)} if ids else set()
    every = {(order_id, revision, code) for order_id, revision, codes in asked for code in codes.split(", ")}
    counts, taken = Counter(one[2] for one in every), Counter(one[2] for one in every & given)
    found = [Habit(code, count, taken[code]) for code, count in sorted(counts.items())]
    return [
        one for one in found if one.asked >= LEAST and one.acknowledged * 100 > ALWAYS_PERCENT * one.asked
    ]
