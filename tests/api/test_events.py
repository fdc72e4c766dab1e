"""Events over the API, by the frames themselves: the real stream is walked in tests/test_server.py."""

import asyncio

import pytest

from tests.api.door import Door
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
