"""Webhooks out: what happens to orders becomes messages, one delivery for each endpoint that is told of it.

Read from the event table by position; a message and its deliveries are made once, however often an event is read.
The number in `sequence` counts what is told of one order: a receiver that sees 4 before 3 knows it.
"""

from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.clock import DAY_US, to_datetime
from tocsin.core.db import DIRECTORY_SCOPE, Database, Tx
from tocsin.core.errors import is_everybodys
from tocsin.core.event import Event, move_consumer, peek_events
from tocsin.core.ident import new_id
from tocsin.core.loop import for_each_event
from tocsin.core.money import plain_minor
from tocsin.core.statement import Statement, bind, own, upsert
from tocsin.core.tenant import shop
from tocsin.orders.outbound import KINDS, Endpoint, all_endpoints
from tocsin.orders.outbound_table import outbound_delivery, outbound_message, outbound_sequence
from tocsin.orders.table import order_head

CONSUMER = "orders.outbound"
KEPT_DAYS = 30
_BATCH, _MOVE_AFTER = 200, 100


class _Head(Struct, frozen=True):
    number: str
    shop_id: int
    shop: str
    channel: str
    external_id: str
    revision: int
    desk_state: str
    payment: str
    fulfilment: str
    holds_open: int
    currency: str
    payable_minor: int
    paid_minor: int | None


_h = order_head.c
_HEAD = Statement(
    sa.select(
        _h.number, _h.shop_id, shop.c.code.label("shop"), _h.channel, _h.external_id, _h.revision, _h.desk_state,
        _h.payment, _h.fulfilment, _h.holds_open, _h.currency, _h.payable_minor, _h.paid_minor,
    )
    .select_from(order_head.join(shop, sa.and_(shop.c.merchant_id == _h.merchant_id, shop.c.id == _h.shop_id)))
    .where(own(order_head), _h.id == bind("order_id")),
    _Head,
)  # fmt: skip
_HAS_MESSAGE = Statement[tuple[int]](
    sa.select(outbound_message.c.event_id).where(
        own(outbound_message), outbound_message.c.event_id == bind("event_id")
    )
)
_ADD_MESSAGE = Statement[None](
    upsert(outbound_message).on_conflict_do_nothing(), sets=[c.name for c in outbound_message.columns]
)
_counting = upsert(outbound_sequence)
_COUNT = Statement[tuple[int]](
    _counting.on_conflict_do_update(
        index_elements=["merchant_id", "order_id"], set_={"last": outbound_sequence.c.last + 1}
    ).returning(outbound_sequence.c.last),
    sets=("merchant_id", "order_id", "last"),
)
_ADD_DELIVERY = Statement[None](
    upsert(outbound_delivery).on_conflict_do_nothing(), sets=[c.name for c in outbound_delivery.columns]
)
_SWEEP_MESSAGES = Statement[None](
    sa.delete(outbound_message).where(own(outbound_message), outbound_message.c.at_us < bind("before"))
)
_SWEEP_DELIVERIES = Statement[None](
    sa.delete(outbound_delivery).where(own(outbound_delivery), outbound_delivery.c.at_us < bind("before"))
)


def make_messages(db: Database) -> int:
    """Make messages of what the events since last time tell; return how many events were read."""
    events = db.read(DIRECTORY_SCOPE, lambda tx: peek_events(tx, CONSUMER, limit=_BATCH))
    told_of = {one.merchant_id for one in events if one.kind in KINDS and one.merchant_id}
    listening = {merchant_id for merchant_id in told_of if _listens(db, merchant_id)}
    mine = [one for one in events if one.kind in KINDS and one.merchant_id in listening]
    _tell_all(db, sorted(mine, key=attrgetter("merchant_id")))
    if not mine and len(events) < _MOVE_AFTER:
        return 0  # events of other boxes pass here too: no write for each of them
    db.write(DIRECTORY_SCOPE, lambda tx: move_consumer(tx, CONSUMER, events[-1]))
    return len(events)


def _listens(db: Database, merchant_id: int) -> bool:
    """Tell whether a merchant has endpoints; where that can't be read each of his events meets it."""
    try:
        return bool(db.read(merchant_id, all_endpoints))
    except Exception as fault:  # his alone: the others are told
        if is_everybodys(fault):
            raise
        return True


def _tell_all(db: Database, events: list[Event]) -> None:
    """Make the messages of each merchant's events together; where one can't be told, each by itself."""
    singly = list[Event]()
    for merchant_id, told in groupby(events, attrgetter("merchant_id")):
        his = list(told)
        try:
            db.write(merchant_id, partial(tell_endpoints, events=his))
        except Exception as fault:
            if is_everybodys(fault):
                raise
            singly += his
    for_each_event(
        singly, lambda one: db.write(one.merchant_id, partial(tell_endpoints, events=[one])),
        give_up=lambda one: db.write(one.merchant_id, partial(_leave_gap, event=one)),
    )  # fmt: skip


def _leave_gap(tx: Tx, *, event: Event) -> None:
    """Let the receivers see by the next message's number that one is missing."""
    if tx.value(_HAS_MESSAGE, event_id=event.id) is None:
        tx.value(_COUNT, order_id=event.subject_id, last=1)


def tell_endpoints(tx: Tx, *, events: list[Event]) -> int:
    """Make the messages of a merchant's events, in their order, where he has endpoints; return how many are new."""
    endpoints, made = all_endpoints(tx), 0
    for one in events if endpoints else ():
        made += _tell(tx, one, endpoints)
    return made


def add_test(tx: Tx, endpoint: Endpoint) -> int:
    """Add a message that tells nothing but that it is a test, for one endpoint; return the id of its delivery."""
    event_id = new_id()
    body = {"type": "test", "timestamp": _iso(tx.now_us), "sequence": 0, "data": {"endpoint": endpoint.name}}
    tx.run(
        _ADD_MESSAGE, event_id=event_id, kind="test", order_id=0, shop_id=0, sequence=0,
        body=msgspec.json.encode(body).decode(), at_us=tx.now_us,
    )  # fmt: skip
    return add_delivery(tx, endpoint_id=endpoint.id, event_id=event_id, kind="test")


def add_delivery(
    tx: Tx, *, endpoint_id: int, event_id: int, kind: str, order_id: int = 0, sequence: int = 0
) -> int:
    """Add a delivery of a message to an endpoint, once; return its id."""
    delivery_id = new_id()
    tx.run(
        _ADD_DELIVERY, id=delivery_id, endpoint_id=endpoint_id, event_id=event_id, kind=kind, order_id=order_id,
        sequence=sequence, state="waiting", tries=0, due_at_us=tx.now_us, sent_at_us=None, status=0, problem="",
        milliseconds=0, at_us=tx.now_us,
    )  # fmt: skip
    return delivery_id


def sweep_messages(tx: Tx) -> int:
    """Delete messages and deliveries of more than 30 days ago; return how many messages."""
    before = tx.now_us - KEPT_DAYS * DAY_US
    tx.run(_SWEEP_DELIVERIES, before=before)
    return tx.run(_SWEEP_MESSAGES, before=before)


def _tell(tx: Tx, one: Event, endpoints: list[Endpoint]) -> int:
    head = tx.one(_HEAD, order_id=one.subject_id)
    if head is None or tx.value(_HAS_MESSAGE, event_id=one.id) is not None:
        return 0
    sequence = int(tx.value(_COUNT, order_id=one.subject_id, last=1))
    body = {
        "type": one.kind, "timestamp": _iso(one.at_us), "sequence": sequence, "data": _data(one.subject_id, head)
    }  # fmt: skip
    tx.run(
        _ADD_MESSAGE, event_id=one.id, kind=one.kind, order_id=one.subject_id, shop_id=head.shop_id, sequence=sequence,
        body=msgspec.json.encode(body).decode(), at_us=one.at_us,
    )  # fmt: skip
    for endpoint in endpoints:
        if endpoint.wants(one.kind, head.shop_id):
            add_delivery(
                tx, endpoint_id=endpoint.id, event_id=one.id, kind=one.kind, order_id=one.subject_id, sequence=sequence
            )  # fmt: skip
    return 1


def _data(order_id: int, head: _Head) -> dict[str, Any]:
    """Return what is told of an order: ids, states and amounts, nothing of a person."""
    paid = None if head.paid_minor is None else plain_minor(head.paid_minor, head.currency)
    return {
        "order_id": str(order_id), "number": head.number, "revision": head.revision, "shop_id": str(head.shop_id),
        "shop": head.shop, "channel": head.channel, "external_id": head.external_id, "desk_state": head.desk_state,
        "payment": head.payment, "fulfilment": head.fulfilment, "holds_open": head.holds_open,
        "currency": head.currency, "payable": plain_minor(head.payable_minor, head.currency), "paid": paid,
    }  # fmt: skip


def _iso(instant_us: int) -> str:
    return to_datetime(instant_us).isoformat()
