"""Live news of the pages by SSE, the alarm among them.

One thread reads for all who listen: it is woken by a commit, asks what is new once a merchant, and
hands it to each listener's queue. A listener costs no thread and no statement of its own.
Source: WHATWG HTML, server-sent events; a browser that comes back sends Last-Event-ID.
"""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from functools import partial

from litestar import get
from litestar.response import Stream

from tocsin.core.actor import Actor, require
from tocsin.core.event import on_event
from tocsin.core.log import get_log
from tocsin.desk import Desk
from tocsin.streams import ELSEWHERE, Place
from tocsin.web.form import AddressWrong, read_number
from tocsin.web.guard import PageRequest, enter, locale_of, visitor
from tocsin.web.news import Here, News, frame, frame_here, read_news, read_present

HEARTBEAT_SECONDS = 15.0
ASK_SECONDS = 5.0
LOOK_SECONDS = 1.0
GATHER_SECONDS = 0.05
RECENT_SECONDS = 60.0
_FULL = 100
_AT_MOST = 24
_log = get_log("live")


class Listener:
    """One browser that listens; filled from the feed's thread, emptied on the event loop."""

    def __init__(self, merchant_id: int, *, reader_id: int = 0, name: str = "", at: str = "") -> None:
        self.merchant_id, self.reader_id, self.name, self.at = merchant_id, reader_id, name, at
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[News | Here] = asyncio.Queue(_FULL)

    def tell(self, news: News | Here) -> None:
        """Hand over news from any thread; one who does not read loses the oldest."""
        try:
            self._loop.call_soon_threadsafe(self._put, news)
        except RuntimeError:  # its loop has ended
            return

    async def wait(self, seconds: float) -> News | Here | None:
        """Return the next news, or None after so long without any."""
        try:
            return await asyncio.wait_for(self._queue.get(), seconds)
        except TimeoutError:
            return None

    def _put(self, news: News | Here) -> None:
        if self._queue.full():
            self._queue.get_nowait()
        self._queue.put_nowait(news)


class Feed:
    """Reads the events of those merchants that somebody listens to, on one thread, while anybody does."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._listeners: dict[int, list[Listener]] = {}
        self._seen: dict[int, int] = {}
        self._told: dict[int, tuple[int, float]] = {}
        self._lock, self._wake = threading.Lock(), threading.Event()
        self._running = False

    def join(self, listener: Listener, *, seen: int) -> int:
        """Let a listener hear what comes after an event; return after which it does: what was told between is for it to read."""
        with self._lock:
            self._listeners.setdefault(listener.merchant_id, []).append(listener)
            begins = self._seen.setdefault(listener.merchant_id, seen)
            if not self._running:
                self._running = True
                threading.Thread(target=self._run, name="live", daemon=True).start()
        self._tell_who_looks(listener)
        return begins

    def seen(self, merchant_id: int) -> int:
        """Return the newest event that was told at a merchant, 0 where nobody listened in the last minute: what is read now holds it.

        Who is alone goes from page to page, and each hears what came after the one before, not that all may have changed.
        """
        told, at = self._told.get(merchant_id, (0, 0.0))
        return self._seen.get(merchant_id, 0) or (told if time.monotonic() - at < RECENT_SECONDS else 0)

    def count(self, merchant_id: int) -> int:
        """Return how many listen at a merchant."""
        return len(self._listeners.get(merchant_id, ()))

    def leave(self, listener: Listener) -> None:
        """Let a listener go."""
        with self._lock:
            left = self._listeners.get(listener.merchant_id, [])
            if listener in left:
                left.remove(listener)
            if not left:
                self._listeners.pop(listener.merchant_id, None)
                if told := self._seen.pop(listener.merchant_id, 0):
                    self._told[listener.merchant_id] = (told, time.monotonic())
        self._wake.set()
        self._tell_who_looks(listener)

    def _tell_who_looks(self, moved: Listener) -> None:
        """Tell those who look at the same order who else does; a page that is closed is missed at its next heartbeat."""
        if not moved.at:
            return
        with self._lock:
            there = [one for one in self._listeners.get(moved.merchant_id, ()) if one.at == moved.at]
        for one in there:
            others = {other.name for other in there if other.reader_id != one.reader_id}
            one.tell(Here(tuple(sorted(others))))

    def _run(self) -> None:
        unlisten = on_event(self._wake.set)
        try:
            while self._goes_on():
                self._wake.wait(LOOK_SECONDS)
                self._wake.clear()
                self._round()
                time.sleep(GATHER_SECONDS)  # a flood is told in twenty pieces a second, not in thousands
        finally:
            unlisten()

    def _goes_on(self) -> bool:
        with self._lock:
            self._running = bool(self._listeners) and not self._desk.closing
            return self._running

    def _round(self) -> None:
        with self._lock:
            readers = {key: frozenset(one.reader_id for one in all_) for key, all_ in self._listeners.items()}
            waiting = [(key, seen, readers.get(key, frozenset())) for key, seen in self._seen.items()]
        for merchant_id, seen, who in waiting:
            try:
                news = self._desk.db.read(merchant_id, partial(read_news, after_id=seen, readers=who))
            except Exception as fault:  # noqa: BLE001 - the next round asks again
                _log.error("live_round_failed", exc_info=fault)
                continue
            if news is not None:
                self._hand_out(merchant_id, news)

    def _hand_out(self, merchant_id: int, news: News) -> None:
        with self._lock:
            if merchant_id in self._seen:
                self._seen[merchant_id] = news.last_id
            listeners = list(self._listeners.get(merchant_id, ())) if news.is_told else []
        for listener in listeners:
            listener.tell(news)


@get("/events", sync_to_thread=True, media_type="text/event-stream")
def get_events(request: PageRequest) -> Stream:
    """Tell a page what moves; `after`, or Last-Event-ID, tells first what was missed."""
    desk, actor = enter(request)
    require(actor, "query")
    seen = _read_seen(request.headers.get("last-event-id", "") or request.query_params.get("after", ""))
    headers = {"x-accel-buffering": "no"}
    return Stream(_frames(request, desk, actor, seen), media_type="text/event-stream", headers=headers)


def feed_of(request: PageRequest, desk: Desk) -> Feed:
    """Return the one feed of the application."""
    state = request.app.state
    if not hasattr(state, "live_feed"):
        state.live_feed = Feed(desk)
    feed: Feed = state.live_feed
    return feed


async def _frames(request: PageRequest, desk: Desk, actor: Actor, seen: int) -> AsyncIterator[bytes]:
    locale, feed = locale_of(request, actor), feed_of(request, desk)
    at, who = request.query_params.get("at", "")[:_AT_MOST], frozenset({actor.id})
    listener = Listener(actor.merchant_id, reader_id=actor.id, name=actor.name, at=at)

    async def read(after_id: int) -> News:
        verb = partial(read_present, readers=who, after_id=after_id)
        return await asyncio.to_thread(desk.db.read, actor.merchant_id, verb)

    present = await read(seen)
    begins = feed.join(listener, seen=present.last_id)

    def show(news: News | Here) -> bytes:
        if isinstance(news, Here):
            return frame_here(news, locale=locale)
        return frame(news, locale=locale, reader=actor, desks=feed.count(actor.merchant_id))

    try:
        yield show(present)
        # What the others were told before this one had joined; ids are no order on PostgreSQL.
        if begins != present.last_id and (missed := await read(present.last_id)).changed:
            yield show(missed)
        with desk.streams.open((actor.kind, actor.session_id or actor.id)) as place:
            async for news in hear(desk, listener, place, may=lambda: visitor(request) is not None):
                # A comment would not reach the page's script, which says when it hears nothing any more.
                yield show(news) if news else b"event: alive\ndata: 1\n\n"
            if desk.streams.draining:
                yield ELSEWHERE
    finally:
        feed.leave(listener)


async def hear(
    desk: Desk, listener: Listener, place: Place, *, may: Callable[[], bool]
) -> AsyncIterator[News | Here | None]:
    """Yield news, and None for a heartbeat, while who listens may.

    That is asked before each piece that tells of the alarm or of access, and by the clock, however much moves.
    """
    asked = told = time.monotonic()
    while not desk.closing and not place.ended:
        news = await listener.wait(LOOK_SECONDS)
        now = time.monotonic()
        if now - asked >= ASK_SECONDS or (isinstance(news, News) and news.is_close):
            asked = now
            if not await asyncio.to_thread(may):
                return
        late = now - told >= HEARTBEAT_SECONDS
        if late:
            told = now
        if news is not None or late:
            yield news


def _read_seen(given: str) -> int:
    try:
        return read_number(given) if given else 0
    except AddressWrong:
        return 0


LIVE = [get_events]
