"""Guard of the API: who asks, whether the body is sound JSON, and each change at most once per key."""

import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import msgspec
from litestar import MediaType, Request, Response
from litestar.concurrency import sync_to_thread
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from tocsin.core.actor import Actor, NotAllowed
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.idempotency import Answer, claim_key, drop_key, settle_key
from tocsin.desk import Desk
from tocsin.gate import (
    SAFE_METHODS,
    SESSION_COOKIE,
    NotSignedIn,
    find_key_actor,
    look_at_session,
    read_cookie,
    require_form,
    require_open,
)
from tocsin.orders.second_person import SecondPersonNeeded, record_refused

_DOOR = "api"
ApiRequest = Request[Any, Any, Any]
S = TypeVar("S", bound=msgspec.Struct)
_DEEPEST = 64
_write = msgspec.json.Encoder().encode
_ENTERED = "tocsin.entered"
_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_MOST_64_BITS = 2**63


class BodyUnsound(Refusal):
    """The JSON can't be taken: {problem}"""

    kind, code = "invalid", "body_unsound"


class KeyUnreadable(Refusal):
    """The Idempotency-Key can't be read: send 1 to 200 visible ASCII characters"""

    kind, code = "invalid", "idempotency_key_unreadable"


class IdUnknown(Refusal):
    """“{id}” is no id of this desk: take one from the list that holds it"""

    kind, code = "missing", "id_unknown"


async def require_known(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Ask who sends a change before a byte of its body is read.

    Raises:
        NotSignedIn, TooManyTries, FormForeign
    """
    if connection.scope.get("method") not in SAFE_METHODS:
        scope: Any = connection.scope  # one request's own: what is kept here is never another's
        scope[_ENTERED] = await sync_to_thread(_enter, connection)


async def require_import(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Ask for the right to take orders in before a byte of them is read.

    Raises:
        NotAllowed: it is wanting.
    """
    scope: Any = connection.scope
    if connection.scope.get("method") in SAFE_METHODS:
        return
    _, actor = scope[_ENTERED]
    if not (actor.may("import") or actor.may("amend")):
        raise NotAllowed(right="import")


def enter(request: ApiRequest, *, quiet: bool = False) -> tuple[Desk, Actor]:
    """Return the desk and who asks: as it was found before the body was read, else found now.

    Args:
        quiet: nobody's hand asked: with a session it does not count as use.

    Raises:
        NotSignedIn, TooManyTries, FormForeign
        SessionLocked, OutOfHours, OutOfPlace: the session is kept out now.
    """
    scope: Any = request.scope
    found: tuple[Desk, Actor] | None = scope.get(_ENTERED)
    return found or _enter(request, quiet=quiet)


def _enter(request: ASGIConnection[Any, Any, Any, Any], *, quiet: bool = False) -> tuple[Desk, Actor]:
    """Return the desk and who asks: the holder of a bearer key, or of a session.

    Raises:
        NotSignedIn, TooManyTries: nobody, or a wrong key.
        FormForeign: a change in a session without the token of its pages in `X-CSRF`.
    """
    desk: Desk = request.app.state.desk
    authorization = request.headers.get("authorization", "")
    address = request.client.host if request.client else ""
    actor: Actor | None
    if authorization:
        actor = find_key_actor(desk, authorization, address=address)
    else:
        actor = require_open(look_at_session(desk, request.cookies, address=address, quiet=quiet))
        if request.scope.get("method") not in SAFE_METHODS:
            token = read_cookie(desk.settings, request.cookies, SESSION_COOKIE)
            require_form(token, request.headers.get("x-csrf", "") or request.headers.get("x-csrf-token", ""))
    if actor is None:
        raise NotSignedIn
    return desk, actor


def change_once(
    request: ApiRequest, body: bytes, verb: Callable[[Tx, Actor], Any], *, status: int = 200
) -> Response[Any]:
    """Run a verb in one transaction with its Idempotency-Key: claim, verb, settle; answer what it returns."""
    desk, actor = enter(request)
    key = _key_of(request, actor)

    def run(tx: Tx) -> Answer:
        earlier = claim_key(tx, key, route=_route(request), body=body) if key else None
        if earlier is not None:
            return earlier
        answer = Answer(status, msgspec.json.encode(verb(tx, actor)))
        if key:
            settle_key(tx, key, answer)
        return answer

    try:
        return respond(desk.db.write_together(actor.merchant_id, run))
    except SecondPersonNeeded as refused:
        told = partial(record_refused, actor=actor, refused=refused, door=_DOOR)
        desk.db.write(actor.merchant_id, told)
        raise


def work_once(
    request: ApiRequest, body: bytes, verb: Callable[[Desk, Actor], Any], *, status: int = 200
) -> Response[Any]:
    """Run a verb that takes several transactions, claimed before and settled after; a refused one may be sent again.

    Such a verb refuses before its first commit alone. After a fault the key stays taken: some of it may be done.
    """
    desk, actor = enter(request)
    key = _key_of(request, actor)
    if not key:
        return respond(Answer(status, msgspec.json.encode(verb(desk, actor))))
    route = _route(request)
    earlier = desk.db.write(actor.merchant_id, lambda tx: claim_key(tx, key, route=route, body=body))
    if earlier is not None:
        return respond(earlier)
    try:
        answer = Answer(status, msgspec.json.encode(verb(desk, actor)))
    except Refusal:
        desk.db.write(actor.merchant_id, lambda tx: drop_key(tx, key))
        raise
    desk.db.write(actor.merchant_id, lambda tx: settle_key(tx, key, answer))
    return respond(answer)


def tell(value: msgspec.Struct) -> Response[Any]:
    """Return what was looked up as JSON, written here in the worker: the loop has all requests to serve."""
    return respond(Answer(200, _write(value)))


def respond(answer: Answer) -> Response[Any]:
    """Return an answer as it is."""
    return Response(answer.body, status_code=answer.status, media_type=MediaType.JSON)


def read_body(body: bytes, shape: type[S]) -> S:
    """Return a JSON body as a struct.

    Raises:
        BodyUnsound: it is not well-formed, not of this shape, or holds what no part of the desk takes.
    """
    require_sound_json(body)
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.MsgspecError as wrong:
        raise BodyUnsound(problem=str(wrong)[:300]) from None


def require_sound_json(body: bytes) -> None:
    """Refuse JSON that readers disagree about, or that a database can't store.

    Raises:
        BodyUnsound: it is no JSON, nested too deeply, repeats a key, holds NaN, an integer beyond 64 bits, NUL or half a character.
    Source: RFC 8259 §4, §6, §8; RFC 7493 (I-JSON).
    """
    try:
        found = json.loads(body, object_pairs_hook=_pairs, parse_constant=_constant, parse_int=_integer)
        if not _is_flat_text(body):
            _walk(found, 0)
    except RecursionError:
        raise BodyUnsound(problem="it is nested too deeply") from None
    except ValueError as wrong:
        raise BodyUnsound(problem=str(wrong)[:300]) from None


def read_id(text: str) -> int:
    """Return an id that came as text.

    Raises:
        IdUnknown: it is not a positive number of 63 bits.
    """
    if not re.fullmatch(r"[0-9]{1,19}", text, re.ASCII) or int(text) >= _MOST_64_BITS:
        raise IdUnknown(id=text[:40])
    return int(text)


def _key_of(request: ApiRequest, actor: Actor) -> str:
    given = request.headers.get("idempotency-key")
    if given is None:
        return ""
    if not _KEY.fullmatch(given):
        raise KeyUnreadable
    return f"{actor.kind}:{actor.id}:{given}"


def _route(request: ApiRequest) -> str:
    return f"{request.method} {request.url.path}?{request.url.query}"


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key appears twice in one object")
    return found


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def _integer(digits: str) -> int:
    if len(digits) > 20 or not -_MOST_64_BITS <= int(digits) < _MOST_64_BITS:
        raise ValueError("an integer is beyond 64 bits")
    return int(digits)


def _is_flat_text(body: bytes) -> bool:
    """Tell whether well-formed JSON can hold neither NUL nor half a character, nor be deep: then nobody needs to look."""
    if b"\\u" in body or b"\0" in body or body.count(b"[") + body.count(b"{") > _DEEPEST:
        return False
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:  # the reader of JSON takes halves of characters as bytes
        return False
    return True


def _walk(value: Any, depth: int) -> None:
    if depth > _DEEPEST:
        raise ValueError("it is nested too deeply")
    if isinstance(value, str):
        if "\0" in value or any("\ud800" <= one <= "\udfff" for one in value):
            raise ValueError("a text holds NUL or half a character")
    elif isinstance(value, dict):
        for name, below in value.items():
            _walk(name, depth)
            _walk(below, depth + 1)
    elif isinstance(value, list):
        for below in value:
            _walk(below, depth + 1)
