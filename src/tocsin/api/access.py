"""Who asks, and the API keys of a merchant, over the API."""

import msgspec
from litestar import Response, delete, get, post
from litestar.params import FromPath, JSONBody, RawBody
from msgspec import Struct

from tocsin.access.api_key import ApiKey, create_api_key, list_api_keys, revoke_api_key
from tocsin.api.guard import ApiRequest, change_once, enter, read_body, read_id
from tocsin.api.shape import iso
from tocsin.core.actor import Actor
from tocsin.core.db import Tx


class MeOut(Struct, frozen=True, kw_only=True):
    """Who asks, with his rights."""

    kind: str
    id: str
    name: str
    role: str
    merchant_id: str
    rights: tuple[str, ...]


class KeyIn(Struct, frozen=True, forbid_unknown_fields=True):
    """A key to be made: its name, and rights that its maker has himself."""

    name: str
    scopes: tuple[str, ...]


class KeySecretOut(Struct, frozen=True):
    """A new key's secret, shown this once."""

    secret: str


class KeyOut(Struct, frozen=True, kw_only=True):
    """A key without its secret."""

    id: str
    name: str
    prefix: str
    scopes: tuple[str, ...]
    created_at: str
    last_used_at: str
    revoked_at: str


class RevokedOut(Struct, frozen=True):
    """The key that was revoked."""

    id: str


@get("/me", sync_to_thread=True)
def get_me(request: ApiRequest) -> MeOut:
    """Return who asks, with his rights."""
    _, actor = enter(request)
    return MeOut(
        kind=actor.kind, id=str(actor.id), name=actor.name, role=actor.role, merchant_id=str(actor.merchant_id),
        rights=tuple(sorted(actor.rights)),
    )  # fmt: skip


@get("/keys", sync_to_thread=True)
def get_keys(request: ApiRequest) -> list[KeyOut]:
    """Return the merchant's API keys, the revoked ones too."""
    desk, actor = enter(request)
    return [_key_out(key) for key in desk.db.read(actor.merchant_id, lambda tx: list_api_keys(tx, actor))]


@post("/keys", sync_to_thread=True, status_code=201)
def create_key(request: ApiRequest, *, data: JSONBody[KeyIn], body: RawBody) -> Response[KeySecretOut]:
    """Make an API key; its secret is in this answer alone."""
    del data
    given = read_body(body, KeyIn)

    def run(tx: Tx, actor: Actor) -> KeySecretOut:
        return KeySecretOut(create_api_key(tx, actor, name=given.name, scopes=frozenset(given.scopes)))

    return change_once(request, body, run, status=201)


@delete("/keys/{key_id:str}", sync_to_thread=True, status_code=200)
def revoke_key(request: ApiRequest, *, key_id: FromPath[str]) -> Response[RevokedOut]:
    """Revoke an API key: its next request is refused."""

    def run(tx: Tx, actor: Actor) -> RevokedOut:
        revoke_api_key(tx, actor, key_id=read_id(key_id))
        return RevokedOut(key_id)

    return change_once(request, b"", run)


def _key_out(key: ApiKey) -> KeyOut:
    return KeyOut(
        id=str(key.id), name=key.name, prefix=key.prefix, scopes=tuple(msgspec.json.decode(key.scopes, type=list[str])),
        created_at=iso(key.created_at_us), last_used_at=iso(key.last_used_us), revoked_at=iso(key.revoked_at_us),
    )  # fmt: skip


ACCESS = [get_me, get_keys, create_key, revoke_key]
