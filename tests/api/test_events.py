"""Events over the API, by the frames themselves: the real stream is walked in tests/test_server.py."""

import asyncio

import pytest

from tests.api.door import Door
from tocsin.access.session import Seen
from tocsin.api import guard
from tocsin.api.events import _frames
from tocsin.core.event import replay_events
from tocsin.core.follow import follow_events


class Asked:
    """A request as the stream reads it again at each batch."""

    def __init__(self, door: Door, headers: dict[str, str]) -> None:
        self.app, self.headers, self.method = door.client.app, headers, "GET"
        self.cookies, self.client, self.scope = {}, None, {"method": "GET"}


def test_a_stream_replays_what_was_missed_and_ends_when_the_key_does(door: Door):
    door.order()
    key = door.key("query")
    listed = door.ask("GET", "/keys").json()
    first = door.db.read(door.house.merchant_id, lambda tx: replay_events(tx, after_id=0))[0]

    async def walk() -> list[bytes]:
        frames = _frames(Asked(door, key), door.desk, door.actor(), 0)
        seen = [await anext(frames), await anext(frames)]
        await asyncio.to_thread(door.ask, "DELETE", f"/keys/{listed[0]['id']}")
        await asyncio.to_thread(door.order)
        return [*seen, *[frame async for frame in frames]]

    hello, frame = asyncio.run(asyncio.wait_for(walk(), 10))
    assert hello == b": still here\n\n"
    assert frame.startswith(
        f'id: {first.id}\nevent: order.produced\ndata: {{"subject":"{first.subject_id}"'.encode()
    )


def test_a_stream_from_now_on_hears_new_events_heartbeats_and_the_end(door: Door):
    door.order()
    closing: list[bool] = []

    async def walk() -> list[int]:
        counts = []
        stream = follow_events(
            door.db,
            door.house.merchant_id,
            after_id=None,
            is_closing=lambda: bool(closing),
            heartbeat_seconds=0.1,
        )
        counts += [len(await anext(stream)), len(await anext(stream))]
        await asyncio.to_thread(door.order)
        while not (count := len(await anext(stream))):
            continue
        counts.append(count)
        closing.append(True)
        return [*counts, *[len(batch) async for batch in stream]]

    counts = asyncio.run(asyncio.wait_for(walk(), 10))
    assert counts[:2] == [0, 0]
    assert counts[2] >= 1
    assert sum(counts[3:]) == 0


@pytest.mark.parametrize("given", ["x", "-1"])
def test_a_last_event_that_is_none_is_missing(door: Door, given: str):
    assert door.ask("GET", "/events", headers={"last-event-id": given}).status_code == 404


@pytest.mark.parametrize("bar", ["locked", "out_of_hours", "out_of_place"])
def test_a_stream_ends_cleanly_for_who_is_kept_out(door: Door, monkeypatch: pytest.MonkeyPatch, bar: str):
    door.order()
    cookie = dict([door.headers("owner")["cookie"].split("=", 1)])

    async def walk() -> list[bytes]:
        asked = Asked(door, {})
        asked.cookies = cookie
        frames = _frames(asked, door.desk, door.actor(), 0)
        seen = [await anext(frames)]
        monkeypatch.setattr(guard, "look_at_session", lambda *_, **__: Seen(None, bar))
        return [*seen, *[frame async for frame in frames]]

    assert asyncio.run(asyncio.wait_for(walk(), 10)) == [b": still here\n\n"]


def test_a_stream_is_no_use_of_a_session(door: Door, monkeypatch: pytest.MonkeyPatch):
    """Neither its beginning nor what it asks while it goes on."""
    door.order()
    quiet: list[bool] = []

    def look(*_: object, **given: bool) -> Seen:
        quiet.append(given.get("quiet", False))
        return Seen(door.actor(), "" if len(quiet) < 3 else "ended")

    monkeypatch.setattr(guard, "look_at_session", look)
    answer = door.client.get("/api/v1/events", headers={"cookie": "x=y", "last-event-id": "0"})
    assert answer.status_code == 200
    assert len(quiet) == 3 and all(quiet), quiet
