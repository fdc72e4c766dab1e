"""Deliveries: which calls of a connection were taken in, by their ids, for 30 days; never what was in them."""

import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.clock import DAY_US, SECOND_US
from tocsin.core.db import Tx
from tocsin.core.statement import Statement, bind, old_rows, own, upsert
from tocsin.core.sweep import sweep_old
from tocsin.orders.connection import Connection
from tocsin.orders.table import connection, delivery

KEPT_US = 30 * DAY_US


class Delivery(Struct, frozen=True):
    """One call: what kind of news it was, and what became of it."""

    delivery_id: str
    kind: str
    result: str
    order_id: int
    at_us: int


_d = delivery.c
_ADD = Statement[None](
    upsert(delivery).on_conflict_do_nothing(),
    sets=("merchant_id", "connection_id", "delivery_id", "digest", "kind", "result", "order_id", "at_us"),
)
_SETTLE = Statement[None](
    sa.update(delivery).where(
        own(delivery), _d.connection_id == bind("b_id"), _d.delivery_id == bind("b_delivery", str)
    ),
    sets=("result", "order_id"),
)
_LIST = Statement(
    sa.select(*(_d[name] for name in Delivery.__struct_fields__))
    .where(own(delivery), _d.connection_id == bind("b_id"))
    .order_by(_d.at_us.desc()).limit(bind("limit")),
    Delivery,
)  # fmt: skip
_SWEPT_TO, _SWEEP = old_rows(_d.at_us, own(delivery))
_own_one = sa.and_(own(connection), connection.c.id == bind("b_id"))
_NEWS = Statement[None](
    sa.update(connection).where(_own_one), sets=("last_at_us", "last_result", "fault", "fault_at_us")
)
_FAULT = Statement[None](sa.update(connection).where(_own_one), sets=("fault", "fault_at_us"))
_REFUSED = Statement[None](
    sa.update(connection).where(_own_one).values(refused=connection.c.refused + 1),
    sets=("fault", "fault_at_us"),
)


def add_delivery(tx: Tx, *, connection_id: int, delivery_id: str, digest: str, kind: str) -> bool:
    """Note that a call is being taken in; False: it was taken in before."""
    return bool(
        tx.run(
            _ADD, connection_id=connection_id, delivery_id=delivery_id, digest=digest, kind=kind[:40], result="",
            order_id=0, at_us=tx.now_us,
        )
    )  # fmt: skip


def note_news(
    tx: Tx, found: Connection, *, delivery_id: str, result: str, order_id: int = 0, fault: str = ""
) -> None:
    """Note what became of a call; the connection's own row, which all its calls wait for, comes last."""
    tx.run(_SETTLE, b_id=found.id, b_delivery=delivery_id, result=result, order_id=order_id)
    lately = found.last_at_us is not None and tx.now_us - found.last_at_us < SECOND_US
    if lately and (found.last_result, found.fault) == (result, fault):
        return
    fault_at_us = tx.now_us if fault else None
    tx.run(
        _NEWS, b_id=found.id, last_at_us=tx.now_us, last_result=result, fault=fault, fault_at_us=fault_at_us
    )


def note_fault(tx: Tx, *, connection_id: int, fault: str) -> None:
    """Show a fault at the connection that no call brought."""
    tx.run(_FAULT, b_id=connection_id, fault=fault, fault_at_us=tx.now_us)


def note_refused(tx: Tx, *, connection_id: int) -> None:
    """Count a call that was not genuine, and show it at the connection."""
    tx.run(_REFUSED, b_id=connection_id, fault="signature_wrong", fault_at_us=tx.now_us)


def list_deliveries(tx: Tx, *, connection_id: int, limit: int = 50) -> list[Delivery]:
    """Return a connection's newest deliveries."""
    return tx.rows(_LIST, b_id=connection_id, limit=limit)


def expire_deliveries(tx: Tx) -> int:
    """Forget some of the deliveries of more than 30 days ago; return how many."""
    return sweep_old(tx, _SWEPT_TO, _SWEEP, before=tx.now_us - KEPT_US)
