"""News by SSE: what moved reaches each page, also what was missed; nobody hears another's."""

import asyncio
import time
from typing import Any

import pytest
from litestar.testing import RequestFactory
from msgspec.structs import replace

from tests.house import make_draft, make_house
from tests.web.pages import Pages, text_of
from tocsin.core.event import append_event, latest_event_id
from tocsin.web import live
from tocsin.web.banner import Alarm
from tocsin.web.guard import visitor
from tocsin.web.live import Feed, Listener
from tocsin.web.news import AREAS, News, frame, read_news, read_present


def tell(pages: Pages, kind: str, merchant_id: int = 0) -> None:
    """Append an event."""
    pages.db.write(merchant_id or pages.house.merchant_id, lambda tx: append_event(tx, kind, subject_id=1))


def hear(pages: Pages, count: int, act: Any, *, listeners: int = 1, merchant_id: int = 0) -> list[list[News]]:
    """Return what listeners heard of an act."""

    async def run() -> list[list[News]]:
        feed = Feed(pages.desk)
        seen = await asyncio.to_thread(pages.db.read, pages.house.merchant_id, latest_event_id)
        all_ = [Listener(merchant_id or pages.house.merchant_id) for _ in range(listeners)]
        for one in all_:
            feed.join(one, seen=seen)
        await asyncio.to_thread(act)
        heard = []
        for one in all_:
            heard.append([news for _ in range(count) if (news := await one.wait(5 if count else 0.1))])
            feed.leave(one)
        return heard

    return asyncio.run(run())


def test_each_listener_hears_what_moved(pages: Pages) -> None:
    heard = hear(pages, 1, lambda: pages.take(make_draft(lines=())), listeners=20)
    assert all("orders" in news[0].changed for news in heard)


def test_a_failed_print_is_a_toast_in_the_reader_s_language(pages: Pages) -> None:
    ((news,),) = hear(pages, 1, lambda: tell(pages, "print.failed"))
    text = frame(news, locale="en", reader=pages.house.actor()).decode()
    assert "event: toast\ndata: <div" in text and "A ticket failed to print" in text
    assert text.startswith(f"id: {news.last_id}\nevent: count\ndata: 0 0\n\n")


def test_another_merchant_s_events_are_not_heard(pages: Pages) -> None:
    other = make_house(pages.db, code="ZZ")

    def act() -> None:
        tell(pages, "order.held", other.merchant_id)
        tell(pages, "print.sending")

    ((news,),) = hear(pages, 1, act)
    assert news.changed == ("jobs",)


def test_what_was_missed_is_told_again(pages: Pages) -> None:
    tell(pages, "order.produced")
    seen = pages.db.read(pages.house.merchant_id, latest_event_id)
    tell(pages, "download.complete")
    missed = pages.db.read(pages.house.merchant_id, lambda tx: read_news(tx, after_id=seen))
    assert missed is not None and missed.changed == ("downloads",)


def test_a_page_that_missed_nothing_fetches_nothing_and_one_that_missed_too_much_looks_once(
    pages: Pages,
) -> None:
    reader = frozenset({1})
    pages.take(make_draft(lines=()))
    seen = pages.db.read(pages.house.merchant_id, latest_event_id)

    def told(after_id: int) -> News:
        return pages.db.read(
            pages.house.merchant_id, lambda tx: read_present(tx, readers=reader, after_id=after_id)
        )

    assert told(seen).changed == () and told(seen).alarm is not None
    tell(pages, "print.sending")
    missed = told(seen)
    assert (missed.changed, missed.moved, missed.last_id) == (("jobs",), (1,), seen + 1)
    assert b"event: moved\ndata: 1\n\nid:" in frame(missed, locale="en", reader=pages.house.actor())
    tell(pages, "print.moved")
    assert told(seen).moved is None, "its subject is no order: any may have moved"
    pages.db.write(
        pages.house.merchant_id,
        lambda tx: [append_event(tx, "print.sending", subject_id=n) for n in range(500)],
    )
    assert told(seen).changed == AREAS and told(seen).moved is None


def test_the_stream_begins_with_the_count_and_ends_with_the_desk(pages: Pages) -> None:
    pages.take(make_draft(lines=()))
    pages.desk.closing = True
    for given in ("", "0", "nonsense"):
        answer = pages.get("/events", **{"last-event-id": given})
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert "event: count\ndata: 1 1\n" in answer.text
    assert "event: changed" in pages.get("/events", **{"last-event-id": "0"}).text


def test_the_desk_describes_itself_as_an_app(pages: Pages) -> None:
    found = pages.get("/manifest.webmanifest", role="").json()
    icons = [pages.get(one["src"], role="").content for one in found["icons"]]
    assert found["start_url"] == "/orders" and all(icon.startswith(b"\x89PNG") for icon in icons)
    assert {one["purpose"] for one in found["icons"]} == {"any", "maskable"}
    for unknown in ("/icons/7.png", "/offline/fr"):
        assert pages.get(unknown, role="").status_code == 404
    kept = text_of(pages.get("/sw.js", role="")).splitlines()[:2]
    assert "/offline/zh_CN" in kept[1] and "/orders" not in kept[1]


def test_a_session_that_has_ended_hears_no_more_however_much_moves(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "HEARTBEAT_SECONDS", 0.3)
    monkeypatch.setattr(live, "ASK_SECONDS", 0.5)
    who = pages.headers("owner")
    request = RequestFactory(app=pages.client.app).get("/events", headers={"cookie": who["cookie"]})
    actor = visitor(request)
    assert actor is not None

    async def walk() -> float:
        frames = live._frames(request, pages.desk, actor, 0)
        await anext(frames)
        assert await anext(frames) == b"event: alive\ndata: 1\n\n", "a live session goes on"
        await asyncio.to_thread(pages.post, "/sign-out")
        feed, began = live.feed_of(request, pages.desk), time.monotonic()

        async def flow() -> None:
            while True:
                feed._hand_out(pages.house.merchant_id, News(1, (0, 0), ("orders",), ()))
                await asyncio.sleep(0.02)

        flowing = asyncio.create_task(flow())
        heard = [frame async for frame in frames]
        flowing.cancel()
        assert heard, "news did flow"
        return time.monotonic() - began

    assert asyncio.run(asyncio.wait_for(walk(), 10)) < 2


@pytest.mark.parametrize(
    "news",
    [News(1, (0, 0), ("desk",), ()), News(1, (0, 0), ("alarm",), (), Alarm("alert", 1, 0, 0, "UTC"))],
    ids=["access", "alarm"],
)
def test_who_was_signed_out_hears_no_word_of_the_alarm_or_of_access(
    pages: Pages, monkeypatch: pytest.MonkeyPatch, news: News
) -> None:
    """Not even the first piece, long before the clock would have asked."""
    monkeypatch.setattr(live, "HEARTBEAT_SECONDS", 60.0)
    request = RequestFactory(app=pages.client.app).get(
        "/events", headers={"cookie": pages.headers("owner")["cookie"]}
    )
    actor = visitor(request)
    assert actor is not None

    async def walk() -> list[bytes]:
        frames = live._frames(request, pages.desk, actor, 0)
        await anext(frames)
        hearing = asyncio.ensure_future(anext(frames, b"over"))
        await asyncio.sleep(0.1)
        feed = live.feed_of(request, pages.desk)
        feed._hand_out(pages.house.merchant_id, news)
        heard = [await hearing]
        await asyncio.to_thread(pages.post, "/sign-out")
        feed._hand_out(pages.house.merchant_id, news)
        return heard + [frame async for frame in frames if b"event: alarm" in frame or b"data: desk" in frame]

    heard = asyncio.run(asyncio.wait_for(walk(), 10))
    assert heard[0] != b"over" and b"event: changed" in heard[0], "while he was signed in he heard it"
    assert len(heard) == 1


def test_a_line_of_who_is_not_signed_in_ends_without_a_page(pages: Pages) -> None:
    asked = pages.get("/events", role="", accept="text/event-stream")
    assert asked.status_code == 204 and asked.content == b""
    assert pages.get("/events", role="", accept="text/html").status_code == 303


def test_who_goes_alone_from_page_to_page_hears_what_came_between(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page is drawn while nobody listens: it begins where the one before it ended, not with all that there is."""
    merchant_id = pages.house.merchant_id
    tell(pages, "order.produced")

    async def run() -> None:
        feed = pages.client.app.state.live_feed = Feed(pages.desk)
        assert feed.seen(merchant_id) == 0
        newest = await asyncio.to_thread(pages.db.read, merchant_id, latest_event_id)
        for _ in range(2):
            one = Listener(merchant_id)
            feed.join(one, seen=newest)
            feed.leave(one)
            feed.leave(one)
            assert feed.seen(merchant_id) == newest > 0
        shown = await asyncio.to_thread(pages.get, "/orders")
        assert f'data-seen="{newest}"' in shown.text
        monkeypatch.setattr("tocsin.web.live.RECENT_SECONDS", 0.0)
        assert feed.seen(merchant_id) == 0, "too long ago: what was told then is no news any more"

    asyncio.run(run())


def test_what_is_told_while_a_page_begins_to_listen_reaches_it(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others hear of something after it has read what there is, and before it is among them."""
    monkeypatch.setattr(live, "HEARTBEAT_SECONDS", 0.3)
    merchant_id, reading = pages.house.merchant_id, live.read_present
    tell(pages, "order.produced")
    before = pages.db.read(merchant_id, latest_event_id)
    tell(pages, "download.complete")
    readings = iter([lambda present: replace(present, last_id=before, changed=()), lambda present: present])
    monkeypatch.setattr(live, "read_present", lambda tx, **given: next(readings)(reading(tx, **given)))
    request = RequestFactory(app=pages.client.app).get(
        "/events", headers={"cookie": pages.headers("owner")["cookie"]}
    )

    async def walk() -> list[bytes]:
        other, newest = (
            Listener(merchant_id),
            await asyncio.to_thread(pages.db.read, merchant_id, latest_event_id),
        )
        live.feed_of(request, pages.desk).join(other, seen=newest)
        frames = live._frames(request, pages.desk, pages.house.actor(), before)
        told = [await anext(frames) for _ in range(2)]
        await frames.aclose()  # type: ignore[attr-defined]
        live.feed_of(request, pages.desk).leave(other)
        return told

    first, second = asyncio.run(asyncio.wait_for(walk(), 10))
    assert b"event: changed" not in first
    assert b"event: changed\ndata: downloads\n" in second and b"event: alarm" in second
