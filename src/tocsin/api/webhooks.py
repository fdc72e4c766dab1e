"""Webhooks out over the API: who is told of what, what became of it, and sending again."""

import msgspec
from litestar import Response, delete, get, post
from litestar.params import FromPath, FromQuery, JSONBody, RawBody
from msgspec import Struct

from tocsin.api.guard import ApiRequest, change_once, enter, read_body, read_id, work_once
from tocsin.api.shape import iso
from tocsin.core.actor import Actor
from tocsin.core.db import Tx
from tocsin.desk import Desk
from tocsin.orders.outbound import (
    Endpoint,
    EndpointWrong,
    add_endpoint,
    drop_endpoint,
    list_endpoints,
    set_endpoint_state,
)
from tocsin.orders.outbound_repeat import list_deliveries, repeat_delivery, repeat_range, send_test
from tocsin.orders.sheet_cells import read_instant


class WebhookIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A webhook: an https address, the events and the shops that it is told of; none named is all."""

    name: str
    url: str
    kinds: tuple[str, ...] = ()
    shops: tuple[str, ...] = ()


class WebhookMade(Struct, frozen=True):
    """A new webhook; its secret is on this answer alone."""

    id: str
    secret: str


class WebhookOut(Struct, frozen=True, kw_only=True):
    """A webhook without its address and secret; `state` is active, paused or disabled."""

    id: str
    name: str
    host: str
    kinds: list[str]
    shops: list[str]
    state: str
    problem: str
    failing_since: str
    last_taken: str


class MessageOut(Struct, frozen=True, kw_only=True):
    """One message at one webhook; `state` is waiting, sent or failed, `status` the last answer's."""

    id: str
    message_id: str
    kind: str
    order_id: str
    sequence: int
    state: str
    tries: int
    status: int
    problem: str
    milliseconds: int
    at: str
    due: str


class StateIn(Struct, frozen=True, forbid_unknown_fields=True):
    """Whether a webhook is on."""

    active: bool


class SpanIn(Struct, frozen=True, forbid_unknown_fields=True):
    """A span of time in ISO 8601 with offsets, its end not included."""

    since: str
    until: str


class DoneOut(Struct, frozen=True):
    """The id of what was changed, or how many messages."""

    id: str = ""
    messages: int = 0


@get("/webhooks", sync_to_thread=True)
def get_webhooks(request: ApiRequest) -> list[WebhookOut]:
    """Return the merchant's webhooks."""
    desk, actor = enter(request)
    return [_out(one) for one in desk.db.read(actor.merchant_id, lambda tx: list_endpoints(tx, actor))]


@post("/webhooks", sync_to_thread=True, status_code=201)
def create_webhook(request: ApiRequest, *, data: JSONBody[WebhookIn], body: RawBody) -> Response[WebhookMade]:
    """Add a webhook; it takes a fresh proof of who asks, which no key can give.

    An Idempotency-Key is not taken: the secret is kept nowhere, so an answer can't be given again.
    """
    del data
    given = read_body(body, WebhookIn)
    desk, actor = enter(request)
    shops = tuple(read_id(one) for one in given.shops)
    made = desk.db.write(actor.merchant_id, lambda tx: add_endpoint(
        tx, actor, name=given.name, url=given.url, kinds=given.kinds, shops=shops
    ))  # fmt: skip
    return Response(WebhookMade(str(made[0]), made[1]), status_code=201)


@post("/webhooks/{webhook_id:str}/state", sync_to_thread=True, status_code=200)
def set_webhook_state(
    request: ApiRequest, *, webhook_id: FromPath[str], data: JSONBody[StateIn], body: RawBody
) -> Response[DoneOut]:
    """Switch a webhook on or off; what waited is sent once it is on."""
    del data
    given, wanted = read_body(body, StateIn), read_id(webhook_id)

    def run(tx: Tx, actor: Actor) -> DoneOut:
        set_endpoint_state(tx, actor, endpoint_id=wanted, active=given.active)
        return DoneOut(webhook_id)

    return change_once(request, body, run)


@post("/webhooks/{webhook_id:str}/test", sync_to_thread=True, status_code=202)
def test_webhook(request: ApiRequest, *, webhook_id: FromPath[str]) -> Response[DoneOut]:
    """Send a test; the delivery's id is answered."""
    wanted = read_id(webhook_id)

    def run(tx: Tx, actor: Actor) -> DoneOut:
        return DoneOut(str(send_test(tx, actor, endpoint_id=wanted)))

    return change_once(request, b"", run, status=202)


@post("/webhooks/{webhook_id:str}/replay", sync_to_thread=True, status_code=202)
def replay_webhook(
    request: ApiRequest, *, webhook_id: FromPath[str], data: JSONBody[SpanIn], body: RawBody
) -> Response[DoneOut]:
    """Send all of a span of time again, under the same ids."""
    del data
    given, wanted = read_body(body, SpanIn), read_id(webhook_id)
    since_us, until_us = _instant("since", given.since), _instant("until", given.until)

    def run(desk: Desk, actor: Actor) -> DoneOut:
        count = repeat_range(desk.db, actor, endpoint_id=wanted, since_us=since_us, until_us=until_us)
        return DoneOut(webhook_id, count)

    return work_once(request, body, run, status=202)


@delete("/webhooks/{webhook_id:str}", sync_to_thread=True, status_code=200)
def delete_webhook(request: ApiRequest, *, webhook_id: FromPath[str]) -> Response[DoneOut]:
    """Remove a webhook with what waits for it."""
    wanted = read_id(webhook_id)

    def run(tx: Tx, actor: Actor) -> DoneOut:
        drop_endpoint(tx, actor, endpoint_id=wanted)
        return DoneOut(webhook_id)

    return change_once(request, b"", run)


@get("/webhooks/{webhook_id:str}/messages", sync_to_thread=True)
def get_webhook_messages(
    request: ApiRequest, *, webhook_id: FromPath[str], before: FromQuery[str] = ""
) -> list[MessageOut]:
    """Return a webhook's messages, the newest first; give the last one's id back as `before` for more."""
    desk, actor = enter(request)
    wanted, until = read_id(webhook_id), read_id(before) if before else 2**63 - 1
    found = desk.db.read(actor.merchant_id, lambda tx: list_deliveries(
        tx, actor, endpoint_id=wanted, before=until
    ))  # fmt: skip
    return [
        MessageOut(
            id=str(one.id), message_id=f"evt_{one.event_id}", kind=one.kind, order_id=str(one.order_id or ""),
            sequence=one.sequence, state=one.state, tries=one.tries, status=one.status, problem=one.problem,
            milliseconds=one.milliseconds, at=iso(one.at_us), due=iso(one.due_at_us) if one.state == "waiting" else "",
        )
        for one in found
    ]  # fmt: skip


@post("/webhook-messages/{message_id:str}/repeat", sync_to_thread=True, status_code=202)
def repeat_webhook_message(request: ApiRequest, *, message_id: FromPath[str]) -> Response[DoneOut]:
    """Send one message again, under the same id."""
    wanted = read_id(message_id)

    def run(tx: Tx, actor: Actor) -> DoneOut:
        return DoneOut(str(repeat_delivery(tx, actor, delivery_id=wanted)))

    return change_once(request, b"", run, status=202)


def _instant(field: str, text: str) -> int:
    found = read_instant(text, "UTC")
    if found is None:
        raise EndpointWrong(field=field, problem="write it in ISO 8601, such as 2026-11-25T00:00:00+08:00")
    return found


def _out(one: Endpoint) -> WebhookOut:
    return WebhookOut(
        id=str(one.id), name=one.name, host=one.host, kinds=msgspec.json.decode(one.kinds, type=list[str]),
        shops=msgspec.json.decode(one.shops, type=list[str]), state=one.state, problem=one.problem,
        failing_since=iso(one.failing_since_us), last_taken=iso(one.sent_at_us),
    )  # fmt: skip


WEBHOOKS = [
    get_webhooks, create_webhook, set_webhook_state, test_webhook, replay_webhook, delete_webhook,
    get_webhook_messages, repeat_webhook_message,
]  # fmt: skip
