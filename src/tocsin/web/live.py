"""Live news of the pages by SSE, and what makes them an app: the manifest.

One thread reads for all who listen: it is woken by a commit, asks what is new once a merchant, and
hands it to each listener's queue. A listener costs no thread and no statement of its own.
Source: WHATWG HTML, server-sent events; a browser that comes back sends Last-Event-ID.
"""

import asyncio
import threading
import time
from collections.abc import AsyncIterator

from litestar import Response, get
from litestar.response import Stream
from msgspec import Struct

from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.event import Event, latest_event_id, on_event, replay_events
from tocsin.core.log import get_log
from tocsin.desk import Desk
from tocsin.orders.stop import count_held
from tocsin.streams import Place
from tocsin.web.form import AddressWrong, read_number
from tocsin.web.guard import PageRequest, enter, locale_of, visitor
from tocsin.web.page import environment_of
from tocsin.web.words import Words

HEARTBEAT_SECONDS = 15.0
LOOK_SECONDS = 1.0
GATHER_SECONDS = 0.05
_BATCH = 500
_FULL = 100
_log = get_log("live")
_TOASTS = {
    "print.failed": ("bad", "A ticket failed to print"),
    "print.unknown": ("warn", "A ticket may or may not have come out: look at the printer"),
}
_MANIFEST = {
    "id": "/", "start_url": "/orders", "scope": "/", "display": "standalone", "background_color": "#ffffff",
    "theme_color": "#1d2430",
    "icons": [{"src": "/static/bell.svg", "sizes": "any", "type": "image/svg+xml", "purpose": "any"}],
}  # fmt: skip


class News(Struct, frozen=True):
    """What moved at a merchant since the last time: the newest event, the count of problems, what to say."""

    last_id: int
    problems: int
    changed: tuple[str, ...]
    toasts: tuple[tuple[str, str], ...]


class Listener:
    """One browser that listens; filled from the feed's thread, emptied on the event loop."""

    def __init__(self, merchant_id: int) -> None:
        self.merchant_id = merchant_id
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[News] = asyncio.Queue(_FULL)

    def tell(self, news: News) -> None:
        """Hand over news from any thread; one who does not read loses the oldest."""
        try:
            self._loop.call_soon_threadsafe(self._put, news)
        except RuntimeError:  # its loop has ended
            return

    async def wait(self, seconds: float) -> News | None:
        """Return the next news, or None after so long without any."""
        try:
            return await asyncio.wait_for(self._queue.get(), seconds)
        except TimeoutError:
            return None

    def _put(self, news: News) -> None:
        if self._queue.full():
            self._queue.get_nowait()
        self._queue.put_nowait(news)


class Feed:
    """Reads the events of those merchants that somebody listens to, on one thread, while anybody does."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._listeners: dict[int, list[Listener]] = {}
        self._seen: dict[int, int] = {}
        self._lock, self._wake = threading.Lock(), threading.Event()
        self._running = False

    def join(self, listener: Listener, *, seen: int) -> None:
        """Let a listener hear what comes after an event."""
        with self._lock:
            self._listeners.setdefault(listener.merchant_id, []).append(listener)
            self._seen.setdefault(listener.merchant_id, seen)
            if not self._running:
                self._running = True
                threading.Thread(target=self._run, name="live", daemon=True).start()

    def leave(self, listener: Listener) -> None:
        """Let a listener go."""
        with self._lock:
            left = self._listeners.get(listener.merchant_id, [])
            if listener in left:
                left.remove(listener)
            if not left:
                self._listeners.pop(listener.merchant_id, None)
                self._seen.pop(listener.merchant_id, None)
        self._wake.set()

    def _run(self) -> None:
        unlisten = on_event(self._wake.set)
        try:
            while self._goes_on():
                self._wake.wait(LOOK_SECONDS)
                self._wake.clear()
                self._round()
        finally:
            unlisten()

    def _goes_on(self) -> bool:
        with self._lock:
            self._running = bool(self._listeners) and not self._desk.closing
            return self._running

    def _round(self) -> None:
        with self._lock:
            waiting = dict(self._seen)
        for merchant_id, seen in waiting.items():
            try:
                news = self._desk.db.read(merchant_id, lambda tx, seen=seen: read_news(tx, after_id=seen))  # type: ignore[misc]
            except Exception as fault:  # noqa: BLE001 - the next round asks again
                _log.error("live_round_failed", exc_info=fault)
                continue
            if news is not None:
                self._hand_out(merchant_id, news)

    def _hand_out(self, merchant_id: int, news: News) -> None:
        with self._lock:
            if merchant_id in self._seen:
                self._seen[merchant_id] = news.last_id
            listeners = list(self._listeners.get(merchant_id, ()))
        for listener in listeners:
            listener.tell(news)


def read_news(tx: Tx, *, after_id: int) -> News | None:
    """Return what happened after an event, or None where nothing did."""
    events = replay_events(tx, after_id=after_id, limit=_BATCH)
    return make_news(events, problems=count_held(tx)) if events else None


def make_news(events: list[Event], *, problems: int) -> News:
    """Return events as pages are told them: kinds, never whose."""
    kinds = dict.fromkeys(_area(event.kind) for event in events)
    toasts = dict.fromkeys(_TOASTS[event.kind] for event in events if event.kind in _TOASTS)
    return News(events[-1].id, problems, tuple(kinds), tuple(toasts))


@get("/events", sync_to_thread=True, media_type="text/event-stream")
def get_events(request: PageRequest) -> Stream:
    """Tell a page what moves; Last-Event-ID tells first what was missed."""
    desk, actor = enter(request)
    require(actor, "query")
    given = request.headers.get("last-event-id", "")
    seen = _read_seen(given)
    headers = {"x-accel-buffering": "no"}
    return Stream(_frames(request, desk, actor, seen), media_type="text/event-stream", headers=headers)


@get("/manifest.webmanifest", sync_to_thread=True, media_type="application/manifest+json")
def get_manifest(request: PageRequest) -> Response[dict[str, object]]:
    """Describe the desk as an app that can be installed."""
    locale = locale_of(request)
    names = {
        "name": Words(locale).translate("Tocsin order desk"),
        "short_name": "Tocsin",
        "lang": locale.replace("_", "-"),
    }
    return Response({**_MANIFEST, **names}, media_type="application/manifest+json")


def feed_of(request: PageRequest, desk: Desk) -> Feed:
    """Return the one feed of the application."""
    state = request.app.state
    if not hasattr(state, "live_feed"):
        state.live_feed = Feed(desk)
    feed: Feed = state.live_feed
    return feed


async def _frames(request: PageRequest, desk: Desk, actor: Actor, seen: int | None) -> AsyncIterator[bytes]:
    locale, listener, feed = locale_of(request, actor), Listener(actor.merchant_id), feed_of(request, desk)
    latest, problems = await asyncio.to_thread(desk.db.read, actor.merchant_id, _now)
    feed.join(listener, seen=latest)
    try:
        missed = (
            await asyncio.to_thread(desk.db.read, actor.merchant_id, lambda tx: read_news(tx, after_id=seen))
            if seen is not None and seen != latest
            else None
        )
        # What moved between the page and this connection is not known: its regions look once.
        yield b"retry: 2000\n\n" + frame(missed or News(latest, problems, ("desk",), ()), locale=locale)
        with desk.streams.open((actor.kind, actor.session_id or actor.id)) as place:
            async for news in _hear(request, desk, listener, place):
                yield frame(news, locale=locale) if news else b": still here\n\n"
    finally:
        feed.leave(listener)


async def _hear(
    request: PageRequest, desk: Desk, listener: Listener, place: Place
) -> AsyncIterator[News | None]:
    """Yield news, and None for a heartbeat, while the session is alive: by the clock, however much moves."""
    asked = time.monotonic()
    while not desk.closing and not place.ended:
        news = await listener.wait(LOOK_SECONDS)
        late = time.monotonic() - asked >= HEARTBEAT_SECONDS
        if late:
            asked = time.monotonic()
            if await asyncio.to_thread(visitor, request) is None:
                return
        if news is not None or late:
            yield news


def frame(news: News, *, locale: str) -> bytes:
    """Return news as the page's script and htmx take them."""
    parts = [f"id: {news.last_id}\nevent: count\ndata: {news.problems}\n\n"]
    if news.changed:
        parts.append(f"id: {news.last_id}\nevent: changed\ndata: {' '.join(news.changed)}\n\n")
    for tone, text in news.toasts:
        html = _toast(tone, Words(locale).translate(text), locale).replace("\n", "")
        parts.append(f"id: {news.last_id}\nevent: toast\ndata: {html}\n\n")
    return "".join(parts).encode()


def _toast(tone: str, text: str, locale: str) -> str:
    module = environment_of(locale).get_template("components.html").make_module({"shell": {}})
    return str(module.toast(tone, text))  # type: ignore[attr-defined]


def _now(tx: Tx) -> tuple[int, int]:
    return latest_event_id(tx), count_held(tx)


def _area(kind: str) -> str:
    return {"order": "orders", "print": "jobs", "download": "downloads", "import": "imports"}.get(
        kind.partition(".")[0], "desk"
    )


def _read_seen(given: str) -> int | None:
    try:
        return read_number(given) if given else None
    except AddressWrong:
        return None


LIVE = [get_events, get_manifest]
