"""Expiry of holds: one that stands longer than it should tells somebody, once. It is never released for that."""

import sqlalchemy as sa
from msgspec import Struct

from tocsin.alarm.incident import raise_incident
from tocsin.core.actor import desk_actor
from tocsin.core.clock import MINUTE_US
from tocsin.core.db import Database, Tx
from tocsin.core.event import append_event
from tocsin.core.journal import write_journal
from tocsin.core.loop import for_each_merchant
from tocsin.core.statement import Statement, bind, own
from tocsin.orders.table import hold
from tocsin.tickets.radar import HELD_LONG, HELD_US

KIND = "held_long"
_WAKING_US = MINUTE_US
"""What is put off until a time is released by the desk then: for so long it is not late."""
_MOST = 200


class _Overdue(Struct, frozen=True):
    id: int
    order_id: int
    kind: str


_OVERDUE = Statement(
    sa.select(hold.c.id, hold.c.order_id, hold.c.kind).where(HELD_LONG, hold.c.told_at_us.is_(None))
    .order_by(hold.c.order_id, hold.c.id).limit(_MOST),
    _Overdue,
)  # fmt: skip
_TELL = Statement[None](
    sa.update(hold).where(own(hold), hold.c.id == bind("b_id"), hold.c.told_at_us.is_(None)),
    sets=("told_at_us",),
)


def tell_overdue(db: Database) -> int:
    """Tell of each hold that has become overdue since last time; return of how many."""

    def tell(merchant_id: int) -> int:
        return db.write(merchant_id, tell_holds) if db.read(merchant_id, _overdue) else 0

    return for_each_merchant(db, tell)


def tell_holds(tx: Tx) -> int:
    """Tell of a merchant's overdue holds by one incident, whose people are told, and on each order's timeline."""
    desk = desk_actor(tx.merchant_id)
    found = [one for one in _overdue(tx) if tx.run(_TELL, b_id=one.id, told_at_us=tx.now_us)]
    for one in found:
        data = {"hold": str(one.id), "kind": one.kind}
        append_event(tx, "order.held_long", subject_id=one.order_id, data=data)
        write_journal(tx, desk, verb="tickets.held_long", subject=f"order:{one.order_id}", data=data)
    if found:
        raise_incident(tx, kind=KIND, key="holds", level="light", why=KIND, why_data={}, alert=False)
    return len(found)


def _overdue(tx: Tx) -> list[_Overdue]:
    return tx.rows(_OVERDUE, held_us=tx.now_us - HELD_US, now_us=tx.now_us - _WAKING_US)
