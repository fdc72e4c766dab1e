"""Orders that a platform named and does not send: fetched by a job, with as many attempts as jobs have.

And what the connections leave behind: news whose order came at the same moment, deliveries of long ago.
"""

from functools import partial
from typing import Any

from tocsin.core.db import Database, Tx
from tocsin.core.errors import Refusal
from tocsin.core.queue import task
from tocsin.orders.axis import kept_said
from tocsin.orders.connection import ConnectionMissing, Route
from tocsin.orders.delivery import expire_deliveries, note_fault
from tocsin.orders.importer import Parsed
from tocsin.orders.intake import hear_waited
from tocsin.orders.receive import FETCH_TASK, Opened, open_connection, take_parsed
from tocsin.orders.waiting import expire_waiting, list_come


@task(FETCH_TASK)
def fetch_order(db: Database, merchant_id: int, payload: dict[str, Any]) -> None:
    """Fetch an order from its platform and take it in; a second run does no harm."""
    route = Route(merchant_id, int(payload["connection"]))
    try:
        opened = db.read(merchant_id, partial(open_connection, route=route))
    except ConnectionMissing:
        return  # it was removed meanwhile: nobody waits for its orders
    try:
        parsed = opened.adapter.fetch(str(payload["order"]), keys=opened.keys[0], options=opened.options())
        db.write(merchant_id, partial(_take, opened=opened, parsed=parsed))
    except Refusal as refusal:
        db.write(merchant_id, partial(note_fault, connection_id=opened.connection.id, fault=refusal.code))
        raise


def tend_news(db: Database, merchant_id: int) -> int:
    """Let news be heard whose order came in a transaction that could not see them; return how many."""
    if not db.read(merchant_id, partial(list_come, limit=1)):
        return 0
    return db.write(merchant_id, _hear)


def sweep_news(tx: Tx) -> int:
    """Forget deliveries and waiting news of more than 30 days ago; return how many."""
    return expire_deliveries(tx) + expire_waiting(tx)


def _take(tx: Tx, *, opened: Opened, parsed: Parsed) -> None:
    take_parsed(tx, opened, parsed=parsed)
    fault = "unreadable" if parsed.bad else ""
    if fault or opened.connection.fault:
        note_fault(tx, connection_id=opened.connection.id, fault=fault)


def _hear(tx: Tx) -> int:
    come = list_come(tx)
    for one in come:
        hear_waited(tx, place=(one.channel, one.shop_id, one.external_id), said=kept_said(one.news))
    return len(come)
