"""Guard of the pages: session cookie → actor, form token, cookies that are set and taken away.

A page handler begins with `desk, actor = enter(request)`; one that changes something also calls
`check_form(request, form)` with the form's fields.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from litestar import Request
from litestar.concurrency import sync_to_thread
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.handlers import BaseRouteHandler

from tocsin.access.session import csrf_token
from tocsin.core.actor import Actor, require
from tocsin.desk import Desk
from tocsin.gate import DEVICE_COOKIE, SESSION_COOKIE, NotSignedIn, find_session_actor, require_form

PageRequest = Request[Any, Any, Any]
LOCALE_COOKIE, THEME_COOKIE = "tocsin_locale", "tocsin_theme"
_DEVICE_SECONDS = 400 * 24 * 3600
_CSRF_HEADERS = ("x-csrf-token", "x-csrf")


def desk_of(request: PageRequest) -> Desk:
    """Return the desk that serves a request."""
    desk: Desk = request.app.state.desk
    return desk


def visitor(request: PageRequest) -> Actor | None:
    """Return who is signed in, or None."""
    return find_session_actor(desk_of(request), session_token(request))


def enter(request: PageRequest) -> tuple[Desk, Actor]:
    """Return the desk and who is signed in.

    Raises:
        NotSignedIn: nobody is; the error page leads to the sign-in.
    """
    actor = visitor(request)
    if actor is None:
        raise NotSignedIn
    return desk_of(request), actor


async def require_importer(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Ask who sends a sheet, and whether he may, before a byte of it is read.

    Raises:
        NotSignedIn: nobody is.
        NotAllowed: the right to import is wanting.
    """
    token = connection.cookies.get(SESSION_COOKIE, "")
    actor = await sync_to_thread(find_session_actor, connection.app.state.desk, token)
    if actor is None:
        raise NotSignedIn
    require(actor, "import")


def check_form(request: PageRequest, form: Mapping[str, Any]) -> None:
    """Refuse a form that was not made in the session, by its field `csrf` or the header.

    Without a session there is nothing to guard: where the request came from is checked for all.

    Raises:
        FormForeign: it carries another session's token, or none.
    """
    token = session_token(request)
    if token:
        given = next(
            (request.headers[name] for name in _CSRF_HEADERS if name in request.headers), form.get("csrf", "")
        )
        require_form(token, str(given))


def came_from(request: PageRequest) -> str:
    """Return the page of this desk that a request was sent from, as the browser names it; else nothing.

    Source: RFC 9110, 10.1.3 Referer.
    """
    try:
        came = urlsplit(request.headers.get("referer", ""))
    except ValueError:  # a bracket that is not closed: no browser sends it
        return ""
    if came.netloc.lower() != request.headers.get("host", "").lower() or came.path[1:2] in ("/", "\\"):
        return ""
    return came.path + (f"?{came.query}" if came.query else "")


def form_token(request: PageRequest) -> str:
    """Return what the forms of this session carry; empty without a session."""
    token = session_token(request)
    return csrf_token(token) if token else ""


def session_token(request: PageRequest) -> str:
    """Return the session cookie's secret, or nothing."""
    return request.cookies.get(SESSION_COOKIE, "")


def device_token(request: PageRequest) -> str:
    """Return the device cookie's secret, or nothing."""
    return request.cookies.get(DEVICE_COOKIE, "")


def address_of(request: PageRequest) -> str:
    """Return the client's address as the limiter takes it."""
    return request.client.host if request.client else ""


def session_cookies(request: PageRequest, *, token: str, device: str) -> list[Cookie]:
    """Return the cookies of a sign-in."""
    secure = desk_of(request).settings.base_url().startswith("https:")
    return [
        Cookie(SESSION_COOKIE, value=token, path="/", httponly=True, samesite="lax", secure=secure),
        Cookie(
            DEVICE_COOKIE, value=device, path="/", httponly=True, samesite="lax", secure=secure, max_age=_DEVICE_SECONDS
        ),
    ]  # fmt: skip


def no_session_cookie() -> Cookie:
    """Return the cookie that takes the session's away."""
    return Cookie(SESSION_COOKIE, value="", path="/", max_age=0, httponly=True, samesite="lax")


def locale_of(request: PageRequest, actor: Actor | None = None) -> str:
    """Return the language: asked for, the operator's, the cookie's, the browser's, in this order."""
    asked = request.query_params.get("locale", "")
    wanted = asked or (actor.locale if actor else "") or request.cookies.get(LOCALE_COOKIE, "")
    if wanted in ("zh_CN", "en"):
        return wanted
    accepted = request.headers.get("accept-language", "")
    if not accepted:
        return desk_of(request).settings.locale
    return "zh_CN" if accepted.lower().startswith("zh") else "en"


def theme_of(request: PageRequest) -> str:
    """Return `light`, `dark` or `auto`."""
    wanted = request.cookies.get(THEME_COOKIE, "auto")
    return wanted if wanted in ("light", "dark") else "auto"
