"""Bodies of requests: as they are, not compressed, and from who sends them fast enough.

Source: RFC 9110 §15.5.16 (415), §15.5.9 (408). A compressed body may be a thousand times what it weighs; nobody's
platform sends one, so none is opened.
"""

import asyncio
import time

from litestar.types import HTTPScope, Receive, ReceiveMessage

from tocsin.core.errors import Refusal

SLOWEST_BYTES_A_SECOND = 16 << 10
_PLAIN = frozenset({b"", b"identity"})


class BodyCompressed(Refusal):
    """The body is compressed ({encoding}): send it as it is, without Content-Encoding"""

    kind, code = "invalid", "body_compressed"


class BodySlow(Refusal):
    """The body came too slowly and was given up: send it again over a better line"""

    kind, code = "invalid", "body_slow"


STATUS_OF_BODY: dict[type[Refusal], int] = {BodyCompressed: 415, BodySlow: 408}


def require_plain(scope: HTTPScope) -> None:
    """Refuse a compressed body before a byte of it is read.

    Raises:
        BodyCompressed
    """
    for name, value in scope["headers"]:
        if name == b"content-encoding" and value.strip().lower() not in _PLAIN:
            raise BodyCompressed(encoding=value.decode("latin-1")[:40])


class Paced:
    """Hands on a request's body; who is slower than 16 KiB a second after the grace is given up.

    Args:
        grace_seconds: so long nobody is too slow.
    """

    def __init__(self, receive: Receive, *, grace_seconds: float) -> None:
        self._receive, self._grace_seconds, self._whole = receive, grace_seconds, False
        self._until = 0.0  # counted from the first reading: a busy desk is not the sender's fault

    async def __call__(self) -> ReceiveMessage:
        """Return the next message.

        Raises:
            BodySlow
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
        return message
