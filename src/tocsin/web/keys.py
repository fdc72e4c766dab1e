"""API keys as a page: what has a key of the desk, making one whose secret is shown once, and revoking it."""

from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import Redirect

from tocsin.access.api_key import (
    ApiKey,
    KeyNameTooLong,
    create_api_key,
    list_api_keys,
    revoke_api_key,
    scopes_to_give,
)
from tocsin.access.operator import list_operators
from tocsin.access.step_up import is_proved, require_proof
from tocsin.core.actor import Actor
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.web.form import once, read_form, read_number, read_pairs
from tocsin.web.guard import PageRequest, desk_of, enter
from tocsin.web.rights import RIGHTS
from tocsin.web.shell import go, show, status_of, told, words_of
from tocsin.web.words import Words

NO_RIGHTS = "Choose at least one right"
NO_NAME = "Name what will use the key"


@get("/settings/keys", sync_to_thread=True)
def get_keys(request: PageRequest) -> Response[str]:
    """Show the API keys, and the form of a new one."""
    _, actor = enter(request)
    return _page(request, actor)


@post("/settings/keys", sync_to_thread=True, status_code=200)
def post_key(request: PageRequest, *, body: RawBody) -> Response[str] | Redirect:
    """Make a key; its secret is on this answer alone, so that it is at no address; sent again, the form makes none."""
    desk, actor = enter(request)
    pairs, words = read_pairs(request, body), words_of(request, actor)
    require_proof(actor)
    name = dict(pairs).get("name", "").strip()
    scopes = frozenset(value for field, value in pairs if field == "scopes")
    given: dict[str, Any] = {"name": name, "scopes": scopes}
    wanting = {"name": "" if name else NO_NAME, "scopes": "" if scopes else NO_RIGHTS}
    errors = {field: words.translate(text) for field, text in wanting.items() if text}
    if errors:
        return _page(request, actor, form=given, errors=errors, status=422)
    made: list[str] = []

    def make(tx: Tx) -> str:
        made[:] = [create_api_key(tx, actor, name=name, scopes=scopes)]
        return "/settings/keys?done=created"

    def run(tx: Tx) -> str:
        made.clear()
        return once(tx, actor, pairs, route="keys", make=lambda: make(tx))

    try:
        address = desk.db.write(actor.merchant_id, run)
    except Refusal as refusal:
        errors = {"name" if isinstance(refusal, KeyNameTooLong) else "scopes": told(refusal, words)}
        return _page(request, actor, form=given, errors=errors, status=status_of(refusal))
    if not made:
        return go(address)
    secret = made[0]
    path = "/api/v1/orders" if "query" in scopes else "/api/v1/me"
    example = f'curl -H "Authorization: Bearer {secret}" {desk.settings.base_url()}{path}'
    return _page(request, actor, made={"name": name, "secret": secret, "example": example})


@post("/settings/keys/{key_id:str}/revocation", sync_to_thread=True, status_code=303)
def post_revocation(request: PageRequest, *, key_id: FromPath[str], body: RawBody) -> Redirect:
    """Revoke a key: its next request is refused."""
    desk, actor = enter(request)
    read_form(request, body)
    wanted = read_number(key_id)
    desk.db.write(actor.merchant_id, lambda tx: revoke_api_key(tx, actor, key_id=wanted))
    return go("/settings/keys", done="revoked")


def _page(
    request: PageRequest, actor: Actor, *, form: dict[str, Any] | None = None, errors: dict[str, str] | None = None,
    made: dict[str, str] | None = None, status: int = 200,
) -> Response[str]:  # fmt: skip
    desk, words = desk_of(request), words_of(request, actor)

    def read(tx: Tx) -> list[dict[str, Any]]:
        keys = list_api_keys(tx, actor)
        names = {one.id: one.name for one in list_operators(tx, actor)}
        return [_show(key, names.get(key.created_by, "—"), words) for key in keys]

    return show(
        request, "access/keys.html", actor=actor, section="settings", status=status, made=made, errors=errors or {},
        keys=desk.db.read(actor.merchant_id, read), form=form or {"name": "", "scopes": ()},
        proved=is_proved(actor),
        scopes={right: words.translate(text) for right, text in RIGHTS.items() if right in scopes_to_give(actor)},
    )  # fmt: skip


def _show(key: ApiKey, by: str, words: Words) -> dict[str, Any]:
    scopes = msgspec.json.decode(key.scopes, type=list[str])
    return {
        "id": key.id, "name": key.name, "prefix": key.prefix, "by": by, "created_at_us": key.created_at_us,
        "scopes": [words.translate(RIGHTS.get(scope, scope)) for scope in scopes], "last_used_us": key.last_used_us,
        "revoked_at_us": key.revoked_at_us,
    }  # fmt: skip


KEYS = [get_keys, post_key, post_revocation]
