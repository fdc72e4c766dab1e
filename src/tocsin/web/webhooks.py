"""Webhooks out as pages: who is told of what, a test, what became of each message, and sending again by hand."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import Redirect

from tocsin.access.step_up import is_proved
from tocsin.core.actor import Actor
from tocsin.core.clock import DAY_US, from_datetime, now_us
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.outbound import PlaceRefused
from tocsin.core.tenant import get_shop, list_shops
from tocsin.orders.outbound import (
    KINDS,
    Endpoint,
    EndpointWrong,
    add_endpoint,
    change_endpoint,
    drop_endpoint,
    get_endpoint,
    list_endpoints,
    open_endpoint,
    renew_secret,
    set_endpoint_state,
)
from tocsin.orders.outbound_message import KEPT_DAYS
from tocsin.orders.outbound_repeat import list_deliveries, repeat_delivery, repeat_range, send_test
from tocsin.web.form import once, read_form, read_number, read_pairs
from tocsin.web.guard import PageRequest, enter
from tocsin.web.shell import go, show, status_of, told, words_of

_AT = "/settings/webhooks"
_Pairs = list[tuple[str, str]]


@get(_AT, sync_to_thread=True)
def get_webhooks(request: PageRequest) -> Response[str]:
    """Show the webhooks, and the form of a new one."""
    return _list(request)


@post(_AT, sync_to_thread=True, status_code=200)
def post_webhook(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Add a webhook; its secret is on this answer alone; sent again, the form makes none."""
    desk, actor = enter(request)
    pairs = read_pairs(request, body)
    given, made = _read(pairs), list[tuple[int, str]]()

    def make(tx: Tx) -> str:
        made[:] = [add_endpoint(tx, actor, **given)]
        return _AT

    try:
        address = desk.db.write(
            actor.merchant_id, lambda tx: once(tx, actor, pairs, route="webhooks", make=lambda: make(tx))
        )
    except (EndpointWrong, PlaceRefused) as refusal:
        return _list(request, given=given, refusal=refusal)
    return _one(request, made[0][0], secret=made[0][1]) if made else go(address)


@get(_AT + "/{endpoint_id:str}", sync_to_thread=True)
def get_webhook(request: PageRequest, *, endpoint_id: FromPath[str]) -> Response[str]:
    """Show a webhook with its newest deliveries."""
    return _one(request, read_number(endpoint_id))


@post(_AT + "/{endpoint_id:str}", sync_to_thread=True, status_code=303)
def post_webhook_change(
    request: PageRequest, *, endpoint_id: FromPath[str], body: RawBody
) -> Response[str] | Redirect:
    """Change a webhook; an address left empty stays."""
    desk, actor = enter(request)
    given, wanted = _read(read_pairs(request, body)), read_number(endpoint_id)
    try:
        desk.db.write(actor.merchant_id, lambda tx: change_endpoint(tx, actor, endpoint_id=wanted, **given))
    except (EndpointWrong, PlaceRefused) as refusal:
        return _one(request, wanted, refusal=refusal)
    return go(f"{_AT}/{wanted}", done="saved")


@post(_AT + "/{endpoint_id:str}/secret", sync_to_thread=True, status_code=200)
def post_webhook_secret(request: PageRequest, *, endpoint_id: FromPath[str], body: RawBody) -> Response[str]:
    """Give a webhook a new secret, shown on this answer alone."""
    desk, actor = enter(request)
    read_form(request, body)
    wanted = read_number(endpoint_id)
    secret = desk.db.write(actor.merchant_id, lambda tx: renew_secret(tx, actor, endpoint_id=wanted))
    return _one(request, wanted, secret=secret)


@post(_AT + "/{endpoint_id:str}/state", sync_to_thread=True, status_code=303)
def post_webhook_state(request: PageRequest, *, endpoint_id: FromPath[str], body: RawBody) -> Redirect:
    """Switch a webhook on or off."""
    desk, actor = enter(request)
    active, wanted = read_form(request, body).get("active") == "1", read_number(endpoint_id)
    desk.db.write(
        actor.merchant_id, lambda tx: set_endpoint_state(tx, actor, endpoint_id=wanted, active=active)
    )
    return go(f"{_AT}/{wanted}", done="saved")


@post(_AT + "/{endpoint_id:str}/test", sync_to_thread=True, status_code=303)
def post_webhook_test(request: PageRequest, *, endpoint_id: FromPath[str], body: RawBody) -> Redirect:
    """Send a test."""
    desk, actor = enter(request)
    read_form(request, body)
    wanted = read_number(endpoint_id)
    desk.db.write(actor.merchant_id, lambda tx: send_test(tx, actor, endpoint_id=wanted))
    return go(f"{_AT}/{wanted}#deliveries", done="webhook_sent")


@post(_AT + "/{endpoint_id:str}/removal", sync_to_thread=True, status_code=303)
def post_webhook_removal(request: PageRequest, *, endpoint_id: FromPath[str], body: RawBody) -> Redirect:
    """Remove a webhook with what waits for it."""
    desk, actor = enter(request)
    read_form(request, body)
    wanted = read_number(endpoint_id)
    desk.db.write(actor.merchant_id, lambda tx: drop_endpoint(tx, actor, endpoint_id=wanted))
    return go(_AT, done="dropped")


@post(_AT + "/{endpoint_id:str}/replay", sync_to_thread=True, status_code=303)
def post_webhook_replay(
    request: PageRequest, *, endpoint_id: FromPath[str], body: RawBody
) -> Response[str] | Redirect:
    """Send all of some days again."""
    desk, actor = enter(request)
    form, wanted = read_form(request, body), read_number(endpoint_id)
    zone = desk.db.read(actor.merchant_id, get_shop).zone
    try:
        since_us, until_us = _day(form.get("since", ""), zone), _day(form.get("until", ""), zone) + DAY_US
    except EndpointWrong as refusal:
        return _one(request, wanted, refusal=refusal)
    repeat_range(desk.db, actor, endpoint_id=wanted, since_us=since_us, until_us=until_us)
    return go(f"{_AT}/{wanted}#deliveries", done="webhook_sent")


@post("/settings/webhook-deliveries/{delivery_id:str}/repeat", sync_to_thread=True, status_code=303)
def post_webhook_repeat(request: PageRequest, *, delivery_id: FromPath[str], body: RawBody) -> Redirect:
    """Send one message again."""
    desk, actor = enter(request)
    read_form(request, body)
    wanted = read_number(delivery_id)
    found = desk.db.write(actor.merchant_id, lambda tx: repeat_delivery(tx, actor, delivery_id=wanted))
    return go(f"{_AT}/{found}#deliveries", done="webhook_sent")


def _read(pairs: _Pairs) -> dict[str, Any]:
    form = dict(pairs)
    return {
        "name": form.get("name", ""), "url": form.get("url", ""),
        "kinds": tuple(value for field, value in pairs if field == "kinds"),
        "shops": tuple(read_number(value) for field, value in pairs if field == "shops"),
    }  # fmt: skip


def _day(text: str, zone: str) -> int:
    """Return when a day begins.

    Raises:
        EndpointWrong: it is none.
    """
    try:
        return from_datetime(datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=ZoneInfo(zone)))
    except ValueError:
        raise EndpointWrong(field="since", problem="choose the first and the last day") from None


def _list(
    request: PageRequest, *, given: dict[str, Any] | None = None, refusal: Refusal | None = None
) -> Response[str]:
    desk, actor = enter(request)
    found, shops = desk.db.read(actor.merchant_id, lambda tx: (list_endpoints(tx, actor), list_shops(tx)))
    return show(
        request, "settings/webhooks.html", actor=actor, section="settings", status=status_of(refusal) if refusal else 200,
        endpoints=[_show(one) for one in found], form=given or {"name": "", "url": "", "kinds": KINDS, "shops": ()},
        kinds=KINDS, shops={str(shop.id): shop.name for shop in shops}, errors=_errors(request, actor, refusal),
        proved=is_proved(actor),
    )  # fmt: skip


def _one(
    request: PageRequest, endpoint_id: int, *, secret: str = "", refusal: Refusal | None = None
) -> Response[str]:
    desk, actor = enter(request)

    def read(tx: Tx) -> dict[str, Any]:
        deliveries = list_deliveries(tx, actor, endpoint_id=endpoint_id)
        found = get_endpoint(tx, endpoint_id=endpoint_id)
        url = open_endpoint(tx, endpoint_id=endpoint_id).url
        shops = {str(shop.id): shop.name for shop in list_shops(tx)}
        today = datetime.fromtimestamp(now_us() / 1e6, ZoneInfo(get_shop(tx).zone)).strftime("%Y-%m-%d")
        return {
            "one": _show(found), "deliveries": deliveries, "url": url, "shops": shops, "today": today,
            "form": {"kinds": msgspec.json.decode(found.kinds) or KINDS, "shops": msgspec.json.decode(found.shops)},
        }  # fmt: skip

    return show(
        request, "settings/webhook.html", actor=actor, section="settings", status=status_of(refusal) if refusal else 200,
        secret=secret, kinds=KINDS, errors=_errors(request, actor, refusal), proved=is_proved(actor),
        kept_days=KEPT_DAYS, **desk.db.read(actor.merchant_id, read),
    )  # fmt: skip


def _show(one: Endpoint) -> dict[str, Any]:
    return {
        "id": one.id, "name": one.name, "host": one.host, "state": one.state, "problem": one.problem,
        "failing_since_us": one.failing_since_us, "retry_at_us": one.retry_at_us if one.failures else 0,
        "sent_at_us": one.sent_at_us, "kinds": msgspec.json.decode(one.kinds),
    }  # fmt: skip


def _errors(request: PageRequest, actor: Actor, refusal: Refusal | None) -> dict[str, str]:
    if refusal is None:
        return {}
    return {str(refusal.data.get("field", "url")): told(refusal, words_of(request, actor))}


WEBHOOKS = [
    get_webhooks, post_webhook, get_webhook, post_webhook_change, post_webhook_secret, post_webhook_state,
    post_webhook_test, post_webhook_removal, post_webhook_replay, post_webhook_repeat,
]  # fmt: skip
