"""The application: one desk behind its doors, and the rules that hold for every answer."""

import re
from functools import lru_cache, partial
from importlib.metadata import version
from random import getrandbits
from typing import Any

from litestar import Litestar, Request, Response
from litestar.datastructures import State
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException
from litestar.handlers import BaseRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, Reference, SecurityScheme
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from tocsin import gate, waiting
from tocsin.api import errors as api_errors
from tocsin.api.routes import API
from tocsin.body import Held, Paced, require_plain
from tocsin.core.errors import Refusal
from tocsin.core.log import get_log
from tocsin.core.telemetry import count
from tocsin.desk import Desk
from tocsin.desk import open_desk as open_desk
from tocsin.observe import Timed
from tocsin.register import Group, GroupedApp, GroupRouter
from tocsin.web import errors as web_errors
from tocsin.web.assets import get_static, read_asset
from tocsin.web.guard import require_importer
from tocsin.web.headers import SCAN_PATH, headers_of
from tocsin.web.routes import FORM_MOST_BYTES, PAGES, UPLOADS

_YEAR_SECONDS = 365 * 24 * 3600
_SHORT_BYTES = 16 << 10
_REQUEST_ID = b"x-request-id"
_SESSION = re.compile(rf"{gate.SESSION_COOKIE}=([^;]+)")
_log = get_log("app")


def build_app(desk: Desk) -> Litestar:
    """Return the application that serves a desk: static files, pages, the API and its description."""
    app = GroupedApp(
        route_handlers=[GroupRouter(group) for group in (*API, *_pages())],
        exception_handlers={Refusal: _refused, HTTPException: _failed, Exception: _failed},
        openapi_config=_openapi(),
        request_max_body_size=desk.settings.upload_limit_bytes,
        state=State({"desk": desk}),
        logging_config=None,
    )
    app.asgi_handler = Timed(Front(app.asgi_handler, desk))
    return app


def _pages() -> list[Group]:
    return [
        Group(path="/", handlers=[get_static], in_schema=False),
        Group(path="/", handlers=PAGES, most_bytes=FORM_MOST_BYTES, in_schema=False),
        Group(path="/", handlers=UPLOADS, guards=(require_importer,), in_schema=False),
    ]


class Front:
    """Stands before every route: names, origins, the headers of each answer."""

    def __init__(self, inner: ASGIApp, desk: Desk) -> None:
        self._inner, self._desk = inner, desk
        self._secure, self._held = desk.settings.is_https(), Held()
        self._headers = lru_cache(maxsize=16)(self._headers_with)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Redirect, refuse, or pass on."""
        if scope["type"] != ScopeType.HTTP:
            await self._inner(scope, receive, send)
            return
        request_id = f"{getrandbits(64):016x}"
        scope.setdefault("state", {})["request_id"] = request_id

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept, names = self._headers(
                    scope["path"] == SCAN_PATH, _cache_of(scope), self._desk.streams.draining
                )
                own = [pair for pair in message["headers"] if pair[0].lower() not in names]
                message = {**message, "headers": [*own, *kept, (_REQUEST_ID, request_id.encode())]}
            await send(message)

        host = _header(scope, b"host")
        if to := gate.redirect_of_loopback(self._desk.settings, host):
            await _send_redirect(scope, send_with_headers, to)
            return
        try:
            self._require_sound(scope, host)
        except Exception as wrong:  # noqa: BLE001 - a fault here is answered like any other
            asked: Request[Any, Any, Any] = Request(scope, receive, send)
            answer = _refused(asked, wrong) if isinstance(wrong, Refusal) else _failed(asked, wrong)
            await answer.to_asgi_response(app=None, request=Request(scope))(scope, receive, send_with_headers)
            return
        asker = self._caller_of(scope)
        waiting.caller.set(asker)
        grace = self._desk.settings.body_grace_seconds
        body = Paced(receive, grace_seconds=grace, held=self._held, group=asker.group)
        try:
            await self._inner(scope, body, send_with_headers)
        finally:
            body.end()

    @staticmethod
    def _caller_of(scope: HTTPScope) -> waiting.Caller:
        credential, (address, _) = _header(scope, b"authorization"), scope["client"] or ("", 0)
        if not credential and (session := _SESSION.search(_header(scope, b"cookie"))):
            credential = session[1]
        return waiting.Caller(credential, address, is_short=partial(_is_short, scope))

    def _require_sound(self, scope: HTTPScope, host: str) -> None:
        self._place_client(scope)
        gate.require_text(
            scope.get("raw_path", b"") or scope["path"].encode("utf-8", "surrogateescape"),
            scope["query_string"],
        )
        gate.require_known_host(self._desk.settings, host)
        require_plain(scope)
        if scope["method"] not in gate.SAFE_METHODS:
            names = ("host", "origin", "sec-fetch-site")
            headers = {name: found for name in names if (found := _header(scope, name.encode()))}
            with_session = gate.SESSION_COOKIE in _header(scope, b"cookie")
            gate.require_same_origin(headers, with_session=with_session)

    def _place_client(self, scope: HTTPScope) -> None:
        """Put the address that counts in the peer's place: each door takes it from there."""
        peer, port = scope["client"] or ("", 0)
        forwarded = [
            value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"
        ]
        try:
            address = gate.client_address(self._desk.settings, peer=peer, forwarded=forwarded)
        except Refusal as refusal:
            _log.warning("forwarded_refused", proxy=peer, code=refusal.code)
            raise
        scope["client"] = (address, port)

    def _headers_with(
        self, scans: bool, cache: str, draining: bool
    ) -> tuple[list[tuple[bytes, bytes]], frozenset[bytes]]:
        """Return the headers that an answer carries beside its own, and the names that are taken from it."""
        found = {**headers_of(SCAN_PATH if scans else "/"), "cache-control": cache}
        if draining:  # whoever keeps a connection is to open his next one elsewhere
            found["connection"] = "close"
        if self._secure:
            found["strict-transport-security"] = f"max-age={_YEAR_SECONDS}"
        pairs = [(name.encode(), value.encode()) for name, value in found.items()]
        return pairs, frozenset({_REQUEST_ID, *(name for name, _ in pairs)})


def _is_short(scope: HTTPScope) -> bool:
    """Tell whether the route that a request was found to be for says so, and its body is small."""
    handler: BaseRouteHandler | None = scope.get("route_handler")
    if handler is None or not handler.opt.get("short"):
        return False
    length = _header(scope, b"content-length")
    return scope["method"] in gate.SAFE_METHODS or (length.isdecimal() and int(length[:9]) <= _SHORT_BYTES)


def _cache_of(scope: Scope) -> str:
    if not scope["path"].startswith("/static/"):
        return "no-store"
    if not scope["query_string"].startswith(b"v="):
        return "public, max-age=300"
    # A page of a server of another version names what this one does not have: that is kept under no name.
    asset = read_asset(scope["path"].removeprefix("/static/"))
    return (
        f"public, max-age={_YEAR_SECONDS}, immutable"
        if asset and scope["query_string"] == f"v={asset.mark}".encode()
        else "no-cache"
    )


def _header(scope: Scope, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


async def _send_redirect(scope: Scope, send: Send, to: str) -> None:
    path = scope.get("raw_path") or scope["path"].encode("utf-8", "surrogateescape")
    query = b"?" + scope["query_string"] if scope["query_string"] else b""
    target = to.encode("latin-1") + path.partition(b"?")[0] + query
    await send(
        {
            "type": "http.response.start",
            "status": 307,
            "headers": [(b"location", target), (b"content-length", b"0")],
        }
    )
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _is_api(request: Request[Any, Any, Any]) -> bool:
    return request.url.path.startswith(
        ("/api/", "/hooks/", "/cloudprnt/", "/cloud-push/", "/healthz", "/readyz")
    )


def _refused(request: Request[Any, Any, Any], refusal: Refusal) -> Response[Any]:
    count("refusal", refusal.code)
    return (api_errors.refusal_problem if _is_api(request) else web_errors.refusal_page)(request, refusal)


def _failed(request: Request[Any, Any, Any], fault: Exception) -> Response[Any]:
    return (api_errors.fault_problem if _is_api(request) else web_errors.fault_page)(request, fault)


def _openapi() -> OpenAPIConfig:
    schemes: dict[str, SecurityScheme | Reference] = {
        "key": SecurityScheme(type="http", scheme="bearer", description="An API key of the merchant")
    }
    return OpenAPIConfig(
        title="Tocsin", version=version("tocsin"), path="/api/v1/openapi.json",
        render_plugins=[JsonRenderPlugin(path="/")],
        components=Components(security_schemes=schemes), security=[{"key": []}],
    )  # fmt: skip
