"""Events as they happen, as a stream that takes up where it broke off.

Source: WHATWG HTML, server-sent events; a reader that comes back sends Last-Event-ID.
"""

import asyncio
from collections.abc import AsyncIterator

from litestar import get
from litestar.response import Stream

from tocsin.api.guard import ApiRequest, enter, read_id
from tocsin.core.actor import Actor, require
from tocsin.core.errors import Refusal
from tocsin.core.event import Event
from tocsin.core.follow import follow_events
from tocsin.desk import Desk
from tocsin.streams import ELSEWHERE


@get("/events", sync_to_thread=True, media_type="text/event-stream")
def get_events(request: ApiRequest) -> Stream:
    """Stream what happens at the merchant; Last-Event-ID replays what was missed."""
    desk, actor = enter(request, quiet=True)
    require(actor, "query")
    given = request.headers.get("last-event-id", "")
    after_id = read_id(given) if given else None
    headers = {"x-accel-buffering": "no"}
    return Stream(_frames(request, desk, actor, after_id), media_type="text/event-stream", headers=headers)


async def _frames(
    request: ApiRequest, desk: Desk, actor: Actor, after_id: int | None
) -> AsyncIterator[bytes]:
    with desk.streams.open((actor.kind, actor.session_id or actor.id)) as place:
        async for batch in follow_events(
            desk.db, actor.merchant_id, after_id=after_id, is_closing=lambda: desk.closing or place.ended
        ):  # fmt: skip
            # A session that has ended, or a key that was revoked, hears no more.
            if not await asyncio.to_thread(_still_may, request):
                return
            yield b"".join(map(_frame, batch)) or b": still here\n\n"
        if desk.streams.draining:
            yield ELSEWHERE


def _frame(event: Event) -> bytes:
    shown = f'{{"subject":"{event.subject_id}","at_us":{event.at_us},"data":{event.data}}}'
    return f"id: {event.id}\nevent: {event.kind}\ndata: {shown}\n\n".encode()


def _still_may(request: ApiRequest) -> bool:
    try:
        return enter(request, quiet=True)[1].may("query")
    except Refusal:  # signed out, locked, out of hours, out of place, too many tries: the stream ends
        return False


EVENTS = [get_events]
