"""Picture of sign-ins: how many were right, wrong or refused untested, by hour or day; never whose."""

import sqlalchemy as sa
from msgspec import Struct

from tocsin.access.table import attempt
from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.period import Period, unit_of
from tocsin.core.statement import Statement, any_of, bind
from tocsin.core.tenant import merchant

_a = attempt.c
_NAMES = {"right": "right", "wrong": "wrong", "inferred": "wrong", "locked": "locked"}
_UNKNOWN_NAME = 0


class AttemptPicture(Struct, frozen=True):
    """Sign-ins in each slot: with a right credential, with a wrong one, and refused before any was looked at."""

    right: tuple[int, ...]
    wrong: tuple[int, ...]
    locked: tuple[int, ...]


class _Row(Struct, frozen=True):
    unit: int
    outcome: str
    attempts: int


_TWO = Statement[tuple[int]](sa.select(merchant.c.id).order_by(merchant.c.id).limit(2))
_ATTEMPTS = Statement(
    sa.select(unit_of(_a.at_us).label("unit"), _a.outcome, sa.func.count().label("attempts"))
    .where(any_of(_a.merchant_id, "ids"), _a.at_us >= bind("from_us"), _a.at_us < bind("to_us"))
    .group_by(sa.text("1"), sa.text("2")),
    _Row,
)  # fmt: skip


def picture_attempts(tx: Tx, actor: Actor, *, period: Period) -> AttemptPicture:
    """Return the sign-ins of a period by what came of them; where there is one merchant, unknown names are tried at his.

    Raises:
        NotAllowed: the actor may not read the journal.
    """
    require(actor, "journal")
    ids = [tx.merchant_id, *([_UNKNOWN_NAME] if len(tx.rows(_TWO)) == 1 else [])]
    counts = {name: [0] * len(period.slots) for name in AttemptPicture.__struct_fields__}
    for row in tx.rows(
        _ATTEMPTS, ids=ids, from_us=period.from_us, to_us=period.to_us, unit_us=period.unit_us
    ):
        counts[_NAMES[row.outcome]][period.slot_of(row.unit)] += row.attempts
    return AttemptPicture(**{name: tuple(counted) for name, counted in counts.items()})
