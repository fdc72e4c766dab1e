"""Bodies of requests: as they are, not compressed, from who sends them fast enough, and no more at once than memory is meant for.

Source: RFC 9110 §15.5.16 (415), §15.5.9 (408). A compressed body may be a thousand times what it weighs; nobody's
platform sends one, so none is opened.
"""

import asyncio
import threading
import time
from collections import Counter

from litestar.types import HTTPScope, Receive, ReceiveMessage

from tocsin.core.errors import Refusal

SLOWEST_BYTES_A_SECOND = 16 << 10
# How much of large bodies is held at once, of all and of one merchant: so that nobody's imports keep all others' out.
HELD_MOST_BYTES, HELD_MOST_BYTES_OF_ONE = 256 << 20, 128 << 20
# The beginning of each is not counted: how many requests wait is bounded, and an order goes through while sheets do not.
UNCOUNTED_BYTES = 64 << 10
_PLAIN = frozenset({b"", b"identity"})


class BodyCompressed(Refusal):
    """The body is compressed ({encoding}): send it as it is, without Content-Encoding"""

    kind, code = "invalid", "body_compressed"


class BodySlow(Refusal):
    """The body came too slowly and was given up: send it again over a better line"""

    kind, code = "invalid", "body_slow"


class BodiesFull(Refusal):
    """The desk holds as much of large bodies as it may: send it again in a moment"""

    kind, code = "locked", "bodies_full"


STATUS_OF_BODY: dict[type[Refusal], int] = {BodyCompressed: 415, BodySlow: 408, BodiesFull: 503}


def require_plain(scope: HTTPScope) -> None:
    """Refuse a compressed body before a byte of it is read.

    Raises:
        BodyCompressed
    """
    for name, value in scope["headers"]:
        if name == b"content-encoding" and value.strip().lower() not in _PLAIN:
            raise BodyCompressed(encoding=value.decode("latin-1")[:40])


class Held:
    """How many bytes of large bodies a desk holds, by the group of who sent them."""

    def __init__(self) -> None:
        self._lock, self._of, self._all = threading.Lock(), Counter[int](), 0

    def take(self, size: int, *, group: int, own: int = 0) -> None:
        """Count bytes that are about to be kept.

        Args:
            own: how many are kept of the same body: one that is alone has room, however large uploads may be here.

        Raises:
            BodiesFull: of all, or of this group, as much is held already.
        """
        with self._lock:
            if self._is_full(self._all, size, own=own, most=HELD_MOST_BYTES) or self._is_full(
                self._of[group], size, own=own, most=HELD_MOST_BYTES_OF_ONE
            ):
                raise BodiesFull(retry_after_seconds=2)
            self._of[group] += size
            self._all += size

    @staticmethod
    def _is_full(held: int, size: int, *, own: int, most: int) -> bool:
        return held > own and held + size > most

    def give(self, size: int, *, group: int) -> None:
        """Count bytes that are no more kept."""
        with self._lock:
            self._all -= size
            self._of[group] -= size
            if not self._of[group]:
                del self._of[group]


class Paced:
    """Hands on a request's body; who is slower than 16 KiB a second after the grace is given up.

    Args:
        grace_seconds: so long nobody is too slow.
        held: where what is held of it is counted, until `end`.
        group: whose it is, as far as that is known when it comes.
    """

    def __init__(self, receive: Receive, *, grace_seconds: float, held: Held, group: int) -> None:
        self._receive, self._grace_seconds, self._whole = receive, grace_seconds, False
        self._held, self._group, self._come, self._counted = held, group, 0, 0
        self._until = 0.0  # counted from the first reading: a busy desk is not the sender's fault

    def end(self) -> None:
        """The request is over: nothing is held of it any more."""
        self._held.give(self._counted, group=self._group)
        self._counted = 0

    def _count(self, size: int) -> None:
        self._come += size
        more = max(0, self._come - UNCOUNTED_BYTES) - self._counted
        if more > 0:
            self._held.take(more, group=self._group, own=self._counted)
            self._counted += more

    async def __call__(self) -> ReceiveMessage:
        """Return the next message.

        Raises:
            BodySlow, BodiesFull
        """
        if self._whole:  # from now on it is only told that the client has gone
            return await self._receive()
        self._until = self._until or time.monotonic() + self._grace_seconds
        try:
            message = await asyncio.wait_for(self._receive(), max(0.0, self._until - time.monotonic()))
        except TimeoutError:
            self._whole = True
            raise BodySlow from None
        if message["type"] == "http.request":
            self._whole = not message["more_body"]
            self._until += len(message["body"]) / SLOWEST_BYTES_A_SECOND
            self._count(len(message["body"]))
        return message
