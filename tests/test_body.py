"""Bodies: as much of large ones is held as memory is meant for; who sends more is told so, and small ones go through."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.api.door import BASE, Door, order_in
from tests.api.door import door as door
from tocsin import body
from tocsin.body import BodiesFull, Held

KIB = 1 << 10
LARGE = body.UNCOUNTED_BYTES + 36 * KIB


def test_what_one_merchant_sends_leaves_room_for_another_s_and_all_is_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(body, "HELD_MOST_BYTES", 100)
    monkeypatch.setattr(body, "HELD_MOST_BYTES_OF_ONE", 60)
    held = Held()
    held.take(50, group=1)
    with pytest.raises(BodiesFull):
        held.take(11, group=1)
    held.take(50, group=2)
    with pytest.raises(BodiesFull):
        held.take(1, group=3)
    held.give(50, group=1)
    held.take(50, group=3)


def test_one_that_is_alone_has_room_however_large_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body, "HELD_MOST_BYTES", 100)
    monkeypatch.setattr(body, "HELD_MOST_BYTES_OF_ONE", 60)
    held = Held()
    held.take(90, group=1)
    held.take(200, group=1, own=90)
    with pytest.raises(BodiesFull):
        held.take(1, group=2)
    held.give(290, group=1)
    held.take(1, group=2)


def test_twenty_large_bodies_at_once_are_not_all_held_and_orders_go_on(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body, "HELD_MOST_BYTES_OF_ONE", 9 * 36 * KIB)
    headers = {"content-type": "application/x-ndjson", **door.key("import"), "origin": BASE}
    # Whose key it is is known from now on: a stranger's bodies are counted apart.
    assert door.client.post("/api/v1/orders/import", content=b"\n", headers=headers).status_code == 200

    async def ask() -> tuple[list[httpx.Response], httpx.Response, httpx.Response]:
        let_go, refused = asyncio.Event(), asyncio.Event()
        answered: list[httpx.Response] = []

        async def sheet() -> AsyncIterator[bytes]:
            for _ in range(LARGE // KIB):
                yield b"\n" * KIB
            await let_go.wait()

        async def send(client: httpx.AsyncClient) -> None:
            answered.append(
                await client.post("/api/v1/orders/import", content=sheet(), headers=headers, timeout=60)
            )
            if len(answered) == 11:
                refused.set()

        transport = httpx.ASGITransport(door.client.app)
        async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
            sent = [asyncio.create_task(send(client)) for _ in range(20)]
            await asyncio.wait_for(refused.wait(), 30)
            assert {one.status_code for one in answered} == {503}
            small = await client.post("/api/v1/orders", json=order_in(), headers=door.key())
            let_go.set()
            await asyncio.gather(*sent)
            after = await client.post("/api/v1/orders/import", content=sheet(), headers=headers)
        return answered, small, after

    answered, small, after = asyncio.run(ask())
    assert Counter(one.status_code for one in answered) == {503: 11, 200: 9}
    assert (answered[0].json()["code"], answered[0].headers["retry-after"]) == ("bodies_full", "2")
    assert small.status_code == 201 and after.status_code == 200


def test_a_page_says_so_too_and_when_to_come_again(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise BodiesFull(retry_after_seconds=2)

    monkeypatch.setattr(Held, "take", refuse)
    sheet = {"sheet": ("a.csv", b"\n" * LARGE)}
    answer = door.client.post("/imports", files=sheet, headers=door.headers("owner"))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert "bodies_full" in answer.text
