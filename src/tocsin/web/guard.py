"""Guard of the pages: session cookie → actor, form token, cookies that are set and taken away.

A page handler begins with `desk, actor = enter(request)`; one that changes something also calls
`check_form(request, form)` with the form's fields.
"""

from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

from litestar import Request, Response
from litestar.concurrency import sync_to_thread
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.handlers import BaseRouteHandler

from tocsin.access.session import Seen, csrf_token
from tocsin.core.actor import Actor, require
from tocsin.desk import Desk
from tocsin.gate import (
    DESK_COOKIE,
    DEVICE_COOKIE,
    SESSION_COOKIE,
    WALL_COOKIE,
    cookie_name,
    look_at_session,
    read_cookie,
    require_form,
    require_open,
)
from tocsin.web.words import choose_locale

PageRequest = Request[Any, Any, Any]
AnswerOf = TypeVar("AnswerOf", bound=Response[Any])
LOCALE_COOKIE, THEME_COOKIE = "tocsin_locale", "tocsin_theme"
_DEVICE_SECONDS = 400 * 24 * 3600
_CSRF_HEADERS = ("x-csrf-token", "x-csrf")
# What an open page asks by itself: a desk that nobody touches must lock all the same.
_QUIET_PATHS = frozenset({"/events", "/wall", "/wall/events"})
QUIET_HEADER = "x-tocsin-quiet"
"""A page's script says with it that no hand asked; whoever lies with it shortens nobody's session but his own."""
PART_HEADER = "x-tocsin-part"
"""An open page asks with it for what it redraws alone; without it the page comes whole."""
_CLEARED_PAGES = '"cache"'
_CLEARED = f'{_CLEARED_PAGES}, "storage"'


def desk_of(request: PageRequest) -> Desk:
    """Return the desk that serves a request."""
    desk: Desk = request.app.state.desk
    return desk


def look(request: ASGIConnection[Any, Any, Any, Any]) -> Seen:
    """Return whose session a request carries, and what keeps him out now."""
    quiet = request.url.path in _QUIET_PATHS or request.headers.get(QUIET_HEADER) == "1"
    address = address_of(request)
    return look_at_session(request.app.state.desk, request.cookies, address=address, quiet=quiet)


def wants_part(request: PageRequest) -> bool:
    """Tell whether an open page asks for its regions alone, without what stands around each page."""
    return request.headers.get(PART_HEADER) == "1"


def visitor(request: PageRequest) -> Actor | None:
    """Return who is signed in and not kept out, or None."""
    return look(request).open()


def enter(request: PageRequest) -> tuple[Desk, Actor]:
    """Return the desk and who is signed in.

    Raises:
        NotSignedIn: nobody is; the error page leads to the sign-in.
        SessionLocked, OutOfHours, OutOfPlace: he is kept out now.
    """
    desk, actor = desk_of(request), require_open(look(request))
    feed = getattr(request.app.state, "live_feed", None)
    request.state.seen = feed.seen(actor.merchant_id) if feed else 0  # before anything of the page is read
    return desk, actor


async def require_importer(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Ask who sends a sheet, and whether he may, before a byte of it is read.

    Raises:
        NotSignedIn, SessionLocked, OutOfHours, OutOfPlace: nobody is, or he is kept out now.
        NotAllowed: the right to import is wanting.
    """
    require(require_open(await sync_to_thread(look, connection)), "import")


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


def keep_cookie(
    request: PageRequest, name: str, value: str, *, max_age: int | None = None, strict: bool = False
) -> Cookie:
    """Return a cookie with a secret: no script reads it, and over HTTPS no other host sets it.

    Args:
        max_age: seconds; None: until the browser ends.
        strict: it does not come along where another site's link leads here; a session's must.
    """
    settings = desk_of(request).settings
    return Cookie(
        cookie_name(settings, name), value=value, path="/", httponly=True, secure=settings.is_https(), max_age=max_age,
        samesite="strict" if strict else "lax",
    )  # fmt: skip


def drop_cookie(request: PageRequest, name: str) -> Cookie:
    """Return the cookie that takes one of the desk's away."""
    return keep_cookie(request, name, "", max_age=0)


def session_token(request: PageRequest) -> str:
    """Return the session cookie's secret, or nothing."""
    return _secret(request, SESSION_COOKIE)


def device_token(request: PageRequest) -> str:
    """Return the device cookie's secret, or nothing."""
    return _secret(request, DEVICE_COOKIE)


def desk_token(request: PageRequest) -> str:
    """Return the enrolled desk's cookie's secret, or nothing."""
    return _secret(request, DESK_COOKIE)


def wall_token(request: PageRequest) -> str:
    """Return the cookie of a screen that shows a wall, or nothing."""
    return _secret(request, WALL_COOKIE)


def address_of(request: ASGIConnection[Any, Any, Any, Any]) -> str:
    """Return the client's address as the limiter takes it; the front has asked `gate.client_address` for it."""
    return request.client.host if request.client else ""


def session_cookies(request: PageRequest, *, token: str, device: str) -> list[Cookie]:
    """Return the cookies of a sign-in.

    A link in an alarm's message must open the desk for who is signed in: the session comes along with it (Lax), and
    what changes anything is guarded by origin and form token. The device is only told where a form of the desk is sent.
    """
    return [
        keep_cookie(request, SESSION_COOKIE, token),
        keep_cookie(request, DEVICE_COOKIE, device, max_age=_DEVICE_SECONDS, strict=True),
    ]


def session_cookie(request: PageRequest, token: str) -> Cookie:
    """Return the cookie of a session that has another token now."""
    return keep_cookie(request, SESSION_COOKIE, token)


def desk_cookie(request: PageRequest, token: str) -> Cookie:
    """Return the cookie that makes a browser an enrolled desk."""
    return keep_cookie(request, DESK_COOKIE, token, max_age=_DEVICE_SECONDS)


def wall_cookie(request: PageRequest, token: str) -> Cookie:
    """Return the cookie that lets a browser show a wall, and nothing else."""
    return keep_cookie(request, WALL_COOKIE, token, max_age=_DEVICE_SECONDS, strict=True)


def cleared(answer: AnswerOf, *, notes: bool = True) -> AnswerOf:
    """Let the browser forget what it has kept of pages, not who it is.

    Args:
        notes: what a tab has noted as well, such as a form that was not sent.

    Source: W3C Clear Site Data; cookies are left out: they tell an enrolled desk and a known device.
    """
    answer.headers["clear-site-data"] = _CLEARED if notes else _CLEARED_PAGES
    return answer


def no_session_cookie(request: PageRequest) -> Cookie:
    """Return the cookie that takes the session's away."""
    return drop_cookie(request, SESSION_COOKIE)


def locale_of(request: PageRequest, actor: Actor | None = None) -> str:
    """Return the language: asked for, the operator's, the cookie's, the browser's, in this order."""
    asked = request.query_params.get("locale", "")
    wanted = (asked, actor.locale if actor else "", request.cookies.get(LOCALE_COOKIE, ""))
    accepted = request.headers.get("accept-language", "")
    return choose_locale(wanted, accepted=accepted, otherwise=desk_of(request).settings.locale)


def theme_of(request: PageRequest) -> str:
    """Return `light`, `dark`, `contrast` or `auto`."""
    wanted = request.cookies.get(THEME_COOKIE, "auto")
    return wanted if wanted in ("light", "dark", "contrast") else "auto"


def _secret(request: PageRequest, name: str) -> str:
    return read_cookie(desk_of(request).settings, request.cookies, name)
