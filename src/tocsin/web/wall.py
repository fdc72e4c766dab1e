"""Wall: a read-only page for a screen that hangs in the shop, and the stream that keeps it fresh.

A screen is let in by a cookie of its own, which opens nothing else; who is signed in may look as well.
"""

import asyncio
from collections.abc import AsyncIterator

from litestar import Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import Redirect, Stream
from msgspec import Struct

from tocsin.access.limiter import SignInRefused
from tocsin.access.wall_link import State, WallLink, WallLinkMissing, find_wall_link, look_at_wall, open_wall
from tocsin.core.event import latest_event_id
from tocsin.gate import NotSignedIn, TooManyTries
from tocsin.tickets.wall import read_wall
from tocsin.web.form import read_form
from tocsin.web.guard import (
    THEME_COOKIE,
    PageRequest,
    address_of,
    desk_of,
    locale_of,
    visitor,
    wall_cookie,
    wall_token,
)
from tocsin.web.live import Listener, feed_of, hear
from tocsin.web.news import News
from tocsin.web.shell import go, locale_cookie, show_door, theme_cookie
from tocsin.web.wall_words import show_wall
from tocsin.web.words import LOCALES, Words

_ALIVE = b"event: alive\ndata: 1\n\n"
_THEMES = ("auto", "light", "dark")


class _Viewer(Struct, frozen=True):
    """Who looks at a wall: a screen, or somebody who is signed in; or why nobody may."""

    state: State
    merchant_id: int = 0
    shop_id: int = 0
    listener: tuple[str, int] = ("", 0)


@get("/wall", sync_to_thread=True)
def get_wall(request: PageRequest) -> Response[str]:
    """Show the wall, or why this screen shows none (401)."""
    viewer, locale = _look(request), locale_of(request)
    if viewer.state != "open":
        return _closed(request, viewer.state)
    read = desk_of(request).db.read(viewer.merchant_id, lambda tx: read_wall(tx, shop_id=viewer.shop_id))
    return show_door(request, "wall/wall.html", wall=show_wall(read, Words(locale)))


@get("/wall/events", sync_to_thread=True, media_type="text/event-stream")
def get_wall_events(request: PageRequest) -> Stream:
    """Tell a wall that something has moved: areas alone, never what."""
    viewer = _look(request)
    if viewer.state != "open":
        raise NotSignedIn
    return Stream(
        _frames(request, viewer), media_type="text/event-stream", headers={"x-accel-buffering": "no"}
    )


@get("/wall/{token:str}", sync_to_thread=True)
def get_wall_link(request: PageRequest, *, token: FromPath[str]) -> Response[str] | Redirect:
    """Ask whether the wall shall be shown on this screen; one that shows it already is led to it.

    It takes a hand: a chat program that looks at the link for a preview must not take the wall from its screen.
    """
    found = _find(request, token)
    if found is None or found.revoked_at_us is not None:
        return _closed(request, "revoked" if found else "unknown")
    here = look_at_wall(desk_of(request).db, wall_token(request), address=address_of(request))
    if here.state == "open" and here.link and here.link.id == found.id:
        return go("/wall")
    return show_door(
        request, "wall/open.html", name=found.name, elsewhere=bool(found.screen_hash), languages=LOCALES
    )


@post("/wall/{token:str}", sync_to_thread=True, status_code=303)
def post_wall_link(request: PageRequest, *, token: FromPath[str], body: RawBody) -> Response[str] | Redirect:
    """Open the wall on this screen; the screen that it was open on before is told so."""
    form, found = read_form(request, body), _find(request, token)
    if found is None or found.revoked_at_us is not None:
        return _closed(request, "revoked" if found else "unknown")
    try:
        cookie = open_wall(desk_of(request).db, found, address=address_of(request))
    except WallLinkMissing:
        return _closed(request, "revoked")
    cookies = [wall_cookie(request, cookie)]
    if form.get("language") in LOCALES:
        cookies.append(locale_cookie(form["language"]))
    if form.get("theme") in _THEMES:
        cookies.append(theme_cookie(THEME_COOKIE, form["theme"]))
    return go("/wall", cookies=cookies)


def _find(request: PageRequest, token: str) -> WallLink | None:
    """Return the link of an address, None where there is none such.

    Raises:
        TooManyTries: too many wrong ones came from there.
    """
    found = find_wall_link(desk_of(request).db, token, address=address_of(request))
    if isinstance(found, WallLink):
        return found
    _require_patience(found)
    return None


def _require_patience(refused: SignInRefused) -> None:
    if refused.code == "locked":
        raise TooManyTries(retry_after_seconds=refused.retry_after_seconds)


def _look(request: PageRequest) -> _Viewer:
    cookie = wall_token(request)
    screen = look_at_wall(desk_of(request).db, cookie, address=address_of(request))
    if screen.state == "open" and (link := screen.link):
        return _Viewer("open", link.merchant_id, link.shop_id, ("wall", link.id))
    actor = visitor(request)
    if actor is not None and actor.may("query"):
        return _Viewer("open", actor.merchant_id, 0, (actor.kind, actor.session_id or actor.id))
    return _Viewer(screen.state)


def _closed(request: PageRequest, state: State) -> Response[str]:
    return show_door(request, "wall/closed.html", status=401, state=state)


async def _frames(request: PageRequest, viewer: _Viewer) -> AsyncIterator[bytes]:
    desk, feed = desk_of(request), feed_of(request, desk_of(request))
    listener = Listener(viewer.merchant_id)
    seen = await asyncio.to_thread(desk.db.read, viewer.merchant_id, latest_event_id)
    feed.join(listener, seen=seen)
    try:
        yield _ALIVE
        with desk.streams.open(viewer.listener) as place:
            async for news in hear(desk, listener, place, may=lambda: _look(request) == viewer):
                if isinstance(news, News) and (areas := " ".join(news.changed)):
                    yield f"event: changed\ndata: {areas}\n\n".encode()
                elif news is None:
                    yield _ALIVE
    finally:
        feed.leave(listener)


WALL = [get_wall, get_wall_events, get_wall_link, post_wall_link]
