"""Webhooks out: what waits for an endpoint, and what became of it.

Of one order an endpoint gets the next message only when the one before was taken or given up. After a failure an
endpoint is left alone for a while and then tried with one delivery: a dead one costs little and holds up no other.
"""

import random

import sqlalchemy as sa
from msgspec import Struct

from tocsin.alarm.incident import raise_incident
from tocsin.core.actor import desk_actor
from tocsin.core.clock import DAY_US, SECOND_US
from tocsin.core.db import Tx
from tocsin.core.event import append_event
from tocsin.core.journal import write_journal
from tocsin.core.outbound import Answer
from tocsin.core.statement import Statement, bind, own
from tocsin.orders.outbound import Endpoint, get_endpoint, put_state
from tocsin.orders.outbound_table import outbound_delivery, outbound_endpoint, outbound_message

PAUSES_SECONDS = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Waits before the second and each further try of one delivery: ten tries over three days."""
DISABLE_AFTER_US = 3 * DAY_US
DISABLED, KIND = "webhook.disabled", "webhook_dead"
_ENDPOINT_PAUSE_MOST_SECONDS = 300
_LEASE_SECONDS = 60
_GONE = 410
_chance = random.SystemRandom()


class Parcel(Struct, frozen=True):
    """A delivery that is due, with its body."""

    id: int
    event_id: int
    tries: int
    body: str


_d, _e, _m = outbound_delivery.c, outbound_endpoint.c, outbound_message.c
_earlier = outbound_delivery.alias("earlier")
_is_waiting = _d.state == sa.literal_column("'waiting'")
_is_first = ~sa.exists().where(
    _earlier.c.merchant_id == _d.merchant_id, _earlier.c.endpoint_id == _d.endpoint_id,
    _earlier.c.state == sa.literal_column("'waiting'"), _earlier.c.order_id == _d.order_id,
    _earlier.c.sequence < _d.sequence,
)  # fmt: skip
_of_endpoint = (own(outbound_delivery), _d.endpoint_id == bind("endpoint_id"))
_DUE = Statement(
    sa.select(_d.id, _d.event_id, _d.tries, _m.body)
    .select_from(outbound_delivery.join(
        outbound_message, sa.and_(_m.merchant_id == _d.merchant_id, _m.event_id == _d.event_id)
    ))
    .where(*_of_endpoint, _is_waiting, _d.due_at_us <= bind("now"), _is_first)
    .order_by(_d.due_at_us, _d.id).limit(bind("limit")),
    Parcel,
)  # fmt: skip
_READY = Statement[tuple[int]](
    sa.select(_e.id).where(
        own(outbound_endpoint), _e.state == "active", _e.retry_at_us <= bind("now"), _e.leased_until_us <= bind("now"),
        sa.exists().where(
            _d.merchant_id == _e.merchant_id, _d.endpoint_id == _e.id, _is_waiting, _d.due_at_us <= bind("now"), _is_first
        ),
    )
)  # fmt: skip
_LEASE = Statement[None](
    sa.update(outbound_endpoint).where(
        own(outbound_endpoint), _e.id == bind("endpoint_id"), _e.leased_until_us <= bind("now")
    ),
    sets=("leased_until_us",),
)
_RELEASE = Statement[None](
    sa.update(outbound_endpoint).where(own(outbound_endpoint), _e.id == bind("endpoint_id")),
    sets=("leased_until_us",),
)
_SETTLE = Statement[None](
    sa.update(outbound_delivery).where(own(outbound_delivery), _d.id == bind("b_id")),
    sets=("state", "tries", "due_at_us", "sent_at_us", "status", "problem", "milliseconds"),
)
_COUNT = Statement[None](
    sa.update(outbound_endpoint).where(own(outbound_endpoint), _e.id == bind("endpoint_id")),
    sets=("problem", "failures", "failing_since_us", "retry_at_us", "sent_at_us"),
)


def ready_endpoints(tx: Tx) -> list[int]:
    """Return the endpoints of the merchant to which something can be sent now."""
    return [row[0] for row in tx.rows(_READY, now=tx.now_us)]


def lease_endpoint(tx: Tx, *, endpoint_id: int) -> bool:
    """Keep other processes from sending to an endpoint for a minute; False where another one does already."""
    until = tx.now_us + _LEASE_SECONDS * SECOND_US
    return bool(tx.run(_LEASE, endpoint_id=endpoint_id, now=tx.now_us, leased_until_us=until))


def release_endpoint(tx: Tx, *, endpoint_id: int) -> None:
    """Let others send to an endpoint again."""
    tx.run(_RELEASE, endpoint_id=endpoint_id, leased_until_us=0)


def due_parcels(tx: Tx, *, endpoint_id: int, limit: int = 20) -> list[Parcel]:
    """Return what is due at an endpoint, of each order the first; one alone while the endpoint fails."""
    most = 1 if get_endpoint(tx, endpoint_id=endpoint_id).failures else limit
    return tx.rows(_DUE, endpoint_id=endpoint_id, now=tx.now_us, limit=most)


def settle_parcel(tx: Tx, parcel: Parcel, *, endpoint_id: int, answer: Answer) -> bool:
    """Keep what became of a delivery; tell whether the endpoint took it."""
    tries = parcel.tries + 1
    state = "sent" if answer.taken else "waiting" if tries <= len(PAUSES_SECONDS) else "failed"
    due_at_us = tx.now_us
    if state == "waiting":
        due_at_us += _jittered(PAUSES_SECONDS[tries - 1])
    tx.run(
        _SETTLE, b_id=parcel.id, state=state, tries=tries, due_at_us=due_at_us, sent_at_us=tx.now_us,
        status=answer.status, problem=answer.problem, milliseconds=answer.milliseconds,
    )  # fmt: skip
    endpoint = get_endpoint(tx, endpoint_id=endpoint_id)
    if answer.taken:
        _count(tx, endpoint, problem="", failures=0, sent_at_us=tx.now_us)
    else:
        _fail(tx, endpoint, answer)
    return answer.taken


def _fail(tx: Tx, endpoint: Endpoint, answer: Answer) -> None:
    since = tx.now_us if endpoint.failing_since_us is None else endpoint.failing_since_us
    if answer.status == _GONE or tx.now_us - since >= DISABLE_AFTER_US:
        _disable(tx, endpoint, problem=answer.problem)
        return
    failures = endpoint.failures + 1
    pause = min(PAUSES_SECONDS[0] * 2 ** min(failures - 1, 10), _ENDPOINT_PAUSE_MOST_SECONDS)
    _count(
        tx, endpoint, problem=answer.problem, failures=failures, failing_since_us=since,
        retry_at_us=tx.now_us + _jittered(pause),
    )  # fmt: skip


def _disable(tx: Tx, endpoint: Endpoint, *, problem: str) -> None:
    """Switch an endpoint off where everybody sees it: an incident on each page, the people of the alarm, the journal."""
    put_state(tx, endpoint_id=endpoint.id, state="disabled", problem=problem)
    told = {"webhook": endpoint.name, "problem": problem}
    write_journal(
        tx, desk_actor(tx.merchant_id), verb="orders.webhook_disable", subject=f"webhook:{endpoint.id}", data=told
    )  # fmt: skip
    append_event(tx, DISABLED, subject_id=endpoint.id, data={"problem": problem})
    raise_incident(
        tx, kind=KIND, key=f"webhook:{endpoint.id}", level="light", why=KIND, why_data=told, alert=False
    )  # fmt: skip


def _count(
    tx: Tx, endpoint: Endpoint, *, problem: str, failures: int, failing_since_us: int | None = None,
    retry_at_us: int = 0, sent_at_us: int | None = None,
) -> None:  # fmt: skip
    tx.run(
        _COUNT, endpoint_id=endpoint.id, problem=problem, failures=failures, failing_since_us=failing_since_us,
        retry_at_us=retry_at_us, sent_at_us=endpoint.sent_at_us if sent_at_us is None else sent_at_us,
    )  # fmt: skip


def _jittered(seconds: int) -> int:
    return int(seconds * SECOND_US * _chance.uniform(1, 1.2))
