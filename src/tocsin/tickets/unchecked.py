"""An order that no check could read is held: whatever its fault is, it must not keep the others from being checked."""

from functools import partial

from tocsin.core.actor import desk_actor
from tocsin.core.db import Database, Tx
from tocsin.core.errors import Refusal, is_everybodys
from tocsin.core.log import get_log
from tocsin.orders.stop import open_hold, open_holds
from tocsin.orders.store import list_revisions
from tocsin.tickets.rule import BROKEN_CODE, Finding

_log = get_log("tickets.check")


def hold_unchecked(db: Database, merchant_id: int, *, order_id: int, fault: BaseException) -> None:
    """Log the fault that an order's check has met, and hold the order for it.

    Raises:
        Outage: no order can be checked for now.
        Exception: none can, for the database is full or locked.
    """
    if not isinstance(fault, Exception) or is_everybodys(fault):
        raise fault
    known = isinstance(fault, Refusal)
    code = fault.code if isinstance(fault, Refusal) else type(fault).__name__
    _log.error("order_unchecked", order=str(order_id), code=code, exc_info=None if known else fault)
    try:
        db.write(merchant_id, partial(_hold, order_id=order_id, code=code))
    except Exception as unheld:
        if is_everybodys(unheld):
            raise
        # It is checked again before paper in any case.
        _log.error("order_unheld", order=str(order_id), exc_info=unheld)


def _hold(tx: Tx, *, order_id: int, code: str) -> None:
    if not any(hold.kind == "check" for hold in open_holds(tx, order_id=order_id)):
        revision = list_revisions(tx, order_id=order_id)[0].revision
        broken = Finding(code=BROKEN_CODE, level="E", data={"check": "*", "error": code})
        open_hold(
            tx, desk_actor(tx.merchant_id), order_id=order_id, revision=revision, kind="check", reason=code,
            findings=(broken,),
        )  # fmt: skip
