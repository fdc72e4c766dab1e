"""Connections over the API: which platforms call the desk; made, their keys changed, paused, removed."""

from litestar import Response, delete, get, post
from litestar.params import FromPath, JSONBody, RawBody
from msgspec import Struct

from tocsin.api.guard import ApiRequest, change_once, enter, read_body, read_id
from tocsin.api.shape import iso
from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
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
from tocsin.orders.hook import hook_of


class ConnectionIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A connection to be made: `keys` are the fields of its kind; what the desk may make itself can be left out."""

    kind: str
    name: str
    shop: str = ""
    keys: dict[str, str] = {}


class KeysIn(Struct, frozen=True, forbid_unknown_fields=True):
    """The fields that change; a secret that is left out stays."""

    keys: dict[str, str]


class PausedIn(Struct, frozen=True, forbid_unknown_fields=True):
    """Whether it takes nothing in for a while."""

    paused: bool


class ConnectionOut(Struct, frozen=True, kw_only=True):
    """A connection without a secret; `state` is active or paused, `refused` counts wrong signatures."""

    id: str
    kind: str
    name: str
    state: str
    address: str
    options: dict[str, str]
    made_at: str
    keys_changed_at: str
    last_call: str
    last_result: str
    fault: str
    refused: int


class ConnectionMadeOut(Struct, frozen=True):
    """A new connection: its address for the platform, and what the desk made, on this answer alone."""

    connection: ConnectionOut
    made: dict[str, str]


class GoneOut(Struct, frozen=True):
    """The id of what was removed."""

    id: str


@get("/connections", sync_to_thread=True)
def get_connections(request: ApiRequest) -> list[ConnectionOut]:
    """Return the merchant's connections, the newest first."""
    desk, actor = enter(request)
    require(actor, "shop_settings")
    base = desk.settings.base_url()
    return desk.db.read(
        actor.merchant_id, lambda tx: [_out(tx, found, base) for found in list_connections(tx)]
    )


@post("/connections", sync_to_thread=True, status_code=201)
def create_connection(
    request: ApiRequest, *, data: JSONBody[ConnectionIn], body: RawBody
) -> Response[ConnectionMadeOut]:
    """Add a connection; the platform is given its `address`."""
    del data
    given, base = read_body(body, ConnectionIn), request.app.state.desk.settings.base_url()

    def run(tx: Tx, actor: Actor) -> ConnectionMadeOut:
        made = add_connection(tx, actor, kind=given.kind, name=given.name, shop=given.shop, given=given.keys)
        keys = open_keys(tx, connection_id=made)[0]
        own = {
            field.name: keys.secrets.get(field.name, "")
            for field in hook_of(given.kind).fields
            if field.made and not given.keys.get(field.name, "").strip()
        }
        return ConnectionMadeOut(_out(tx, get_connection(tx, connection_id=made), base), own)

    return change_once(request, body, run, status=201)


@get("/connections/{connection_id:str}", sync_to_thread=True)
def get_one_connection(request: ApiRequest, *, connection_id: FromPath[str]) -> ConnectionOut:
    """Return one connection."""
    desk, actor = enter(request)
    require(actor, "shop_settings")
    wanted, base = read_id(connection_id), desk.settings.base_url()
    return desk.db.read(
        actor.merchant_id, lambda tx: _out(tx, get_connection(tx, connection_id=wanted), base)
    )


@post("/connections/{connection_id:str}/keys", sync_to_thread=True, status_code=200)
def rotate_keys(
    request: ApiRequest, *, connection_id: FromPath[str], data: JSONBody[KeysIn], body: RawBody
) -> Response[ConnectionOut]:
    """Change a connection's keys; the ones before stay good for a week, so that the platform may follow."""
    del data
    given = read_body(body, KeysIn)
    wanted, base = read_id(connection_id), request.app.state.desk.settings.base_url()

    def run(tx: Tx, actor: Actor) -> ConnectionOut:
        require(actor, "shop_settings")
        options = dict(open_keys(tx, connection_id=wanted)[0].options)
        change_keys(tx, actor, connection_id=wanted, given={**options, **given.keys})
        return _out(tx, get_connection(tx, connection_id=wanted), base)

    return change_once(request, body, run)


@post("/connections/{connection_id:str}/pause", sync_to_thread=True, status_code=200)
def pause_connection(
    request: ApiRequest, *, connection_id: FromPath[str], data: JSONBody[PausedIn], body: RawBody
) -> Response[ConnectionOut]:
    """Let a connection take nothing in for a while, or again; the platform repeats what it was not let say."""
    del data
    given = read_body(body, PausedIn)
    wanted, base = read_id(connection_id), request.app.state.desk.settings.base_url()

    def run(tx: Tx, actor: Actor) -> ConnectionOut:
        set_paused(tx, actor, connection_id=wanted, paused=given.paused)
        return _out(tx, get_connection(tx, connection_id=wanted), base)

    return change_once(request, body, run)


@delete("/connections/{connection_id:str}", sync_to_thread=True, status_code=200)
def delete_connection(request: ApiRequest, *, connection_id: FromPath[str]) -> Response[GoneOut]:
    """Remove a connection: its address leads nowhere, its secrets are destroyed."""
    wanted = read_id(connection_id)

    def run(tx: Tx, actor: Actor) -> GoneOut:
        remove_connection(tx, actor, connection_id=wanted)
        return GoneOut(str(wanted))

    return change_once(request, b"", run)


def _out(tx: Tx, found: Connection, base: str) -> ConnectionOut:
    return ConnectionOut(
        id=str(found.id), kind=found.kind, name=found.name, state=found.state,
        address=f"{base}/hooks/{read_token(tx, connection_id=found.id)}",
        options=dict(open_keys(tx, connection_id=found.id)[0].options), made_at=iso(found.created_at_us),
        keys_changed_at=iso(found.rotated_at_us), last_call=iso(found.last_at_us), last_result=found.last_result,
        fault=found.fault, refused=found.refused,
    )  # fmt: skip


CONNECTIONS = [
    get_connections, create_connection, get_one_connection, rotate_keys, pause_connection, delete_connection
]  # fmt: skip
