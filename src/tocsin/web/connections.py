"""Connections as pages: which platforms call the desk, the address and keys of each, and what came in lately."""

from collections.abc import Mapping
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery, RawBody
from litestar.response import Redirect

from tocsin.core.actor import require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.tenant import get_shop, list_shops
from tocsin.orders.connection import (
    Connection,
    add_connection,
    change_keys,
    get_connection,
    list_connections,
    open_keys,
    read_token,
    remove_connection,
    set_paused,
)
from tocsin.orders.delivery import list_deliveries, note_fault
from tocsin.orders.hook import Keys, KeysWrong, every_hook, hook_of
from tocsin.web.form import once, read_form, read_number
from tocsin.web.guard import PageRequest, enter
from tocsin.web.shell import go, show, status_of, told, words_of
from tocsin.web.words import Words

_AT = "/settings/connections"
_SHOWN = 4


@get(_AT, sync_to_thread=True)
def get_connections(request: PageRequest, kind: FromQuery[str] = "") -> Response[str]:
    """Show the connections, and the form of a new one of a kind."""
    return _list(request, kind=kind)


@post(_AT, sync_to_thread=True, status_code=303)
def post_connection(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Add a connection and lead to its page, where its address stands."""
    desk, actor = enter(request)
    form = read_form(request, body)
    kind = form.get("kind", "")

    def make(tx: Tx) -> str:
        made = add_connection(
            tx, actor, kind=kind, name=form.get("connection", ""), shop=form.get("shop", ""), given=form
        )
        return f"{_AT}/{made}?done=created"

    try:
        address = desk.db.write(
            actor.merchant_id, lambda tx: once(tx, actor, form, route="connections", make=lambda: make(tx))
        )
    except KeysWrong as refusal:
        return _list(request, kind=kind, form=form, refusal=refusal)
    return go(address)


@get(_AT + "/{connection_id:str}", sync_to_thread=True)
def get_connection_page(request: PageRequest, *, connection_id: FromPath[str]) -> Response[str]:
    """Show a connection: the address to paste, its keys masked, its newest deliveries."""
    return _one(request, read_number(connection_id))


@post(_AT + "/{connection_id:str}/keys", sync_to_thread=True, status_code=303)
def post_keys(
    request: PageRequest, *, connection_id: FromPath[str], body: RawBody
) -> Response[str] | Redirect:
    """Change a connection's keys; a secret left empty stays."""
    desk, actor = enter(request)
    form, wanted = read_form(request, body), read_number(connection_id)
    try:
        desk.db.write(actor.merchant_id, lambda tx: change_keys(tx, actor, connection_id=wanted, given=form))
    except KeysWrong as refusal:
        return _one(request, wanted, refusal=refusal)
    return go(f"{_AT}/{wanted}", done="saved")


@post(_AT + "/{connection_id:str}/pause", sync_to_thread=True, status_code=303)
def post_pause(request: PageRequest, *, connection_id: FromPath[str], body: RawBody) -> Redirect:
    """Let a connection take nothing in for a while, or again."""
    desk, actor = enter(request)
    paused, wanted = read_form(request, body).get("paused") == "1", read_number(connection_id)
    desk.db.write(actor.merchant_id, lambda tx: set_paused(tx, actor, connection_id=wanted, paused=paused))
    return go(f"{_AT}/{wanted}", done="saved")


@post(_AT + "/{connection_id:str}/removal", sync_to_thread=True, status_code=303)
def post_connection_removal(request: PageRequest, *, connection_id: FromPath[str], body: RawBody) -> Redirect:
    """Remove a connection: its address leads nowhere, its secrets are destroyed."""
    desk, actor = enter(request)
    read_form(request, body)
    wanted = read_number(connection_id)
    desk.db.write(actor.merchant_id, lambda tx: remove_connection(tx, actor, connection_id=wanted))
    return go(_AT, done="dropped")


@post(_AT + "/{connection_id:str}/test", sync_to_thread=True, status_code=303)
def post_connection_test(
    request: PageRequest, *, connection_id: FromPath[str], body: RawBody
) -> Response[str] | Redirect:
    """Try a connection's keys, at the platform where it can be asked."""
    desk, actor = enter(request)
    read_form(request, body)
    require(actor, "shop_settings")
    wanted = read_number(connection_id)
    found, keys = desk.db.read(actor.merchant_id, lambda tx: _keys(tx, wanted))
    try:
        hook_of(found.kind).require_fit(keys)
        hook_of(found.kind).reach(keys)
    except Refusal as refusal:
        code = refusal.code
        desk.db.write(actor.merchant_id, lambda tx: note_fault(tx, connection_id=wanted, fault=code))
        return _one(request, wanted, refusal=refusal)
    if found.fault:
        desk.db.write(actor.merchant_id, lambda tx: note_fault(tx, connection_id=wanted, fault=""))
    return go(f"{_AT}/{wanted}", done="tested")


def _list(
    request: PageRequest, *, kind: str, form: Mapping[str, str] | None = None, refusal: Refusal | None = None
) -> Response[str]:
    desk, actor = enter(request)
    require(actor, "shop_settings")
    words = words_of(request, actor)
    found, shops = desk.db.read(actor.merchant_id, lambda tx: (list_connections(tx), list_shops(tx)))
    names = {shop.id: shop.name for shop in shops}
    return show(
        request, "settings/connections.html", actor=actor, section="settings", status=status_of(refusal) if refusal else 200,
        connections=[_row(one, names.get(one.shop_id, "")) for one in found], form=form or {},
        kinds={name: hook.title for name, hook in every_hook().items()}, kind=kind if kind in every_hook() else "",
        fields=_fields(kind, words) if kind in every_hook() else [], errors=_errors(refusal, words),
        shops={shop.code: shop.name for shop in shops},
    )  # fmt: skip


def _one(request: PageRequest, wanted: int, *, refusal: Refusal | None = None) -> Response[str]:
    desk, actor = enter(request)
    require(actor, "shop_settings")
    words = words_of(request, actor)
    return show(
        request, "settings/connection.html", actor=actor, section="settings", status=status_of(refusal) if refusal else 200,
        errors=_errors(refusal, words), **desk.db.read(actor.merchant_id, lambda tx: _read(tx, wanted, desk.settings.base_url(), words)),
    )  # fmt: skip


def _read(tx: Tx, wanted: int, base: str, words: Words) -> dict[str, Any]:
    found, keys = _keys(tx, wanted)
    shown = {
        **keys.options,
        **{name: _mask(text) for name, text in keys.secrets.items()},
    }
    fields = [{**field, "shown": shown.get(field["name"], "")} for field in _fields(found.kind, words)]
    made = {
        field.name: keys.secrets.get(field.name, "") for field in hook_of(found.kind).fields if field.made
    }
    fresh = found.last_at_us is None
    return {
        "connection": _row(found, get_shop(tx, shop_id=found.shop_id).name), "fields": fields,
        "address": f"{base}/hooks/{read_token(tx, connection_id=wanted)}", "made": made if fresh else {},
        "deliveries": list_deliveries(tx, connection_id=wanted),
    }  # fmt: skip


def _keys(tx: Tx, wanted: int) -> tuple[Connection, Keys]:
    return get_connection(tx, connection_id=wanted), open_keys(tx, connection_id=wanted)[0]


def _mask(text: str) -> str:
    return f"••••••••{text[-_SHOWN:]}" if len(text) > 3 * _SHOWN else "••••••••"


def _row(found: Connection, shop: str) -> dict[str, Any]:
    return {
        "id": found.id, "kind": hook_of(found.kind).title, "name": found.name, "shop": shop, "state": found.state,
        "last_at_us": found.last_at_us, "last_result": found.last_result, "fault": found.fault,
        "fault_at_us": found.fault_at_us, "refused": found.refused, "rotated_at_us": found.rotated_at_us,
    }  # fmt: skip


def _fields(kind: str, words: Words) -> list[dict[str, Any]]:
    return [
        {
            "name": field.name, "label": words.translate(field.label), "hint": words.translate(field.hint) if field.hint else "",
            "secret": field.secret, "required": field.required and not field.made, "long": field.long, "made": field.made,
        }
        for field in hook_of(kind).fields
    ]  # fmt: skip


def _errors(refusal: Refusal | None, words: Words) -> dict[str, str]:
    if refusal is None:
        return {}
    return {str(refusal.data.get("field", "keys")): told(refusal, words)}


CONNECTIONS = [
    get_connections, post_connection, get_connection_page, post_keys, post_pause, post_connection_removal, post_connection_test
]  # fmt: skip
