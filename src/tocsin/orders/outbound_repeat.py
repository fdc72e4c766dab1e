"""Webhooks out: the deliveries of an endpoint as lists show them, a test, and sending again by hand."""

from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.actor import Actor, require
from tocsin.core.db import Database, Tx
from tocsin.core.errors import Refusal
from tocsin.core.event import append_event
from tocsin.core.ident import new_id
from tocsin.core.journal import write_journal
from tocsin.core.statement import Statement, bind, own, upsert
from tocsin.orders.outbound import get_endpoint
from tocsin.orders.outbound_message import add_test
from tocsin.orders.outbound_table import outbound_delivery, outbound_message

ASKED = "webhook.asked"
_REPLAY_AT_ONCE = 200


class DeliveryMissing(Refusal):
    """There is no such delivery: those of more than 30 days ago are gone"""

    kind, code = "missing", "delivery_missing"


class Delivery(Struct, frozen=True):
    """One message at one endpoint; `state` is waiting, sent or failed, `status` the last answer's, 0 for none."""

    id: int
    endpoint_id: int
    event_id: int
    kind: str
    order_id: int
    sequence: int
    state: str
    tries: int
    due_at_us: int
    sent_at_us: int | None
    status: int
    problem: str
    milliseconds: int
    at_us: int


class _Kept(Struct, frozen=True):
    event_id: int
    kind: str
    order_id: int
    shop_id: int
    sequence: int
    at_us: int


_d, _m = outbound_delivery.c, outbound_message.c
_AGAIN = Statement[None](
    sa.update(outbound_delivery).where(own(outbound_delivery), _d.id == bind("b_id")),
    sets=("state", "tries", "due_at_us"),
)
_COLUMNS = tuple(_d[name] for name in Delivery.__struct_fields__)
_RECENT = Statement(
    sa.select(*_COLUMNS).where(own(outbound_delivery), _d.endpoint_id == bind("endpoint_id"), _d.id < bind("before")).order_by(_d.id.desc()).limit(bind("limit")),
    Delivery,
)  # fmt: skip
_GET = Statement(sa.select(*_COLUMNS).where(own(outbound_delivery), _d.id == bind("delivery_id")), Delivery)
_KEPT = Statement(
    sa.select(*(_m[name] for name in _Kept.__struct_fields__))
    .where(
        own(outbound_message), _m.at_us < bind("until"),
        sa.tuple_(_m.at_us, _m.event_id) > sa.tuple_(bind("since"), bind("after_id")),
    )
    .order_by(_m.at_us, _m.event_id).limit(bind("limit")),
    _Kept,
)  # fmt: skip
_repeating = upsert(outbound_delivery)
_REPEAT = Statement[None](
    _repeating.on_conflict_do_update(
        index_elements=["merchant_id", "endpoint_id", "event_id"],
        set_={name: _repeating.excluded[name] for name in ("state", "tries", "due_at_us")},
    ),
    sets=[c.name for c in outbound_delivery.columns],
)


def list_deliveries(
    tx: Tx, actor: Actor, *, endpoint_id: int, before: int = 2**63 - 1, limit: int = 50
) -> list[Delivery]:
    """Return an endpoint's deliveries, the newest first.

    Raises:
        NotAllowed, EndpointMissing
    """
    require(actor, "shop_settings")
    get_endpoint(tx, endpoint_id=endpoint_id)
    return tx.rows(_RECENT, endpoint_id=endpoint_id, before=before, limit=limit)


def send_test(tx: Tx, actor: Actor, *, endpoint_id: int) -> int:
    """Send an endpoint a message that says that it is a test; return the delivery's id.

    Raises:
        NotAllowed, EndpointMissing
    """
    require(actor, "shop_settings")
    made = add_test(tx, get_endpoint(tx, endpoint_id=endpoint_id))
    write_journal(tx, actor, verb="orders.webhook_test", subject=f"webhook:{endpoint_id}")
    append_event(tx, ASKED, subject_id=endpoint_id)
    return made


def repeat_delivery(tx: Tx, actor: Actor, *, delivery_id: int) -> int:
    """Send one delivery again, whatever became of it, under the same id; return its endpoint's id.

    Raises:
        NotAllowed, DeliveryMissing
    """
    require(actor, "shop_settings")
    found = tx.one(_GET, delivery_id=delivery_id)
    if found is None:
        raise DeliveryMissing
    tx.run(_AGAIN, b_id=delivery_id, state="waiting", tries=0, due_at_us=tx.now_us)
    data = {"delivery": str(delivery_id)}
    write_journal(tx, actor, verb="orders.webhook_repeat", subject=f"webhook:{found.endpoint_id}", data=data)
    append_event(tx, ASKED, subject_id=found.endpoint_id)
    return found.endpoint_id


def repeat_range(db: Database, actor: Actor, *, endpoint_id: int, since_us: int, until_us: int) -> int:
    """Send an endpoint all that was told in a span of time and that it wants, again or for the first time.

    Returns how many messages; in transactions of 200 each.

    Raises:
        NotAllowed, EndpointMissing
    """
    require(actor, "shop_settings")
    place, total = (since_us, -1), 0

    def step(tx: Tx) -> tuple[list[_Kept], int]:
        endpoint = get_endpoint(tx, endpoint_id=endpoint_id)
        found = tx.rows(_KEPT, since=place[0], after_id=place[1], until=until_us, limit=_REPLAY_AT_ONCE)
        wanted = [one for one in found if one.kind != "test" and endpoint.wants(one.kind, one.shop_id)]
        tx.many(_REPEAT, [_anew(tx, endpoint_id, one) for one in wanted])
        if len(found) < _REPLAY_AT_ONCE:
            data = {"since_us": since_us, "until_us": until_us, "messages": total + len(wanted)}
            write_journal(
                tx, actor, verb="orders.webhook_replay", subject=f"webhook:{endpoint_id}", data=data
            )
            append_event(tx, ASKED, subject_id=endpoint_id)
        return found, len(wanted)

    while True:
        found, count = db.write(actor.merchant_id, step)
        total += count
        if len(found) < _REPLAY_AT_ONCE:
            return total
        place = (found[-1].at_us, found[-1].event_id)


def _anew(tx: Tx, endpoint_id: int, one: _Kept) -> dict[str, Any]:
    return {
        "id": new_id(), "endpoint_id": endpoint_id, "event_id": one.event_id, "kind": one.kind, "order_id": one.order_id,
        "sequence": one.sequence, "state": "waiting", "tries": 0, "due_at_us": tx.now_us, "sent_at_us": None,
        "status": 0, "problem": "", "milliseconds": 0, "at_us": tx.now_us,
    }  # fmt: skip
