"""Follow events as they happen: what a stream to a browser or a program reads from."""

import asyncio
from collections.abc import AsyncIterator, Callable

from tocsin.core.db import Database
from tocsin.core.event import Event, latest_event_id, on_event, replay_events

LOOK_SECONDS = 1.0
_BATCH = 200


async def follow_events(
    db: Database,
    merchant_id: int,
    *,
    after_id: int | None,
    is_closing: Callable[[], bool],
    heartbeat_seconds: float = 15,
) -> AsyncIterator[list[Event]]:
    """Yield batches of a merchant's events, in order; an empty batch is a heartbeat.

    Args:
        after_id: the last event that was seen; None begins with what happens from now on.
        is_closing: asked every second; the stream ends where it says so.
    """
    loop, woken = asyncio.get_running_loop(), asyncio.Event()

    def wake() -> None:
        loop.call_soon_threadsafe(woken.set)

    unlisten = on_event(wake)
    try:
        seen = (
            await asyncio.to_thread(db.read, merchant_id, latest_event_id) if after_id is None else after_id
        )
        yield []
        quiet_since = loop.time()
        while not is_closing():
            woken.clear()
            found = await asyncio.to_thread(_read, db, merchant_id, seen)
            if found:
                seen, quiet_since = found[-1].id, loop.time()
                yield found
                continue
            if loop.time() - quiet_since >= heartbeat_seconds:
                quiet_since = loop.time()
                yield []
            await _wait(woken)
    finally:
        unlisten()


def _read(db: Database, merchant_id: int, seen: int) -> list[Event]:
    return db.read(merchant_id, lambda tx: replay_events(tx, after_id=seen, limit=_BATCH))


async def _wait(woken: asyncio.Event) -> None:
    # On PostgreSQL an event may stay behind an open transaction that ends without one: look again by oneself.
    try:
        await asyncio.wait_for(woken.wait(), LOOK_SECONDS)
    except TimeoutError:
        return
