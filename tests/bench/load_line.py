"""A connection that costs its client little: it shares the machine with what it measures."""

import asyncio
import re
from typing import NamedTuple

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)


class Answer(NamedTuple):
    """What came back."""

    status: int
    body: bytes


class Line(asyncio.Protocol):
    """One connection, kept open, with one request on its way at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[Answer] | None = None
        self._got, self._status, self._body_at, self._end = bytearray(), 0, 0, 0

    async def ask(self, request: bytes) -> Answer:
        """Send a request; return its answer once it is whole.

        Raises:
            OSError: the system has hung up, before or meanwhile.
        """
        assert self._transport is not None
        if self._transport.is_closing():
            raise ConnectionResetError("the system hung up")
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._waiting

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what is written to."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail who waits."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(exc or ConnectionResetError("the system hung up"))

    def data_received(self, data: bytes) -> None:
        """Answer who waits, once all of it has come."""
        self._got += data
        if not self._body_at and not self._read_head():
            return
        if len(self._got) >= self._end and (self._end or self._got.endswith(b"0\r\n\r\n")):
            self._settle()

    def _read_head(self) -> bool:
        at = self._got.find(b"\r\n\r\n")
        if at < 0:
            return False
        head = bytes(self._got[: at + 2])
        self._status, self._body_at = int(head[9:12]), at + 4
        length = _LENGTH.search(head)
        # Without either the body is empty: none of the systems ends an answer by hanging up.
        self._end = 0 if _CHUNKED.search(head) else self._body_at + (int(length[1]) if length else 0)
        return True

    def _settle(self) -> None:
        answer = Answer(
            self._status, bytes(self._got[self._body_at :])
        )  # of parts that were announced as they came
        self._got, self._body_at = bytearray(), 0
        waiting, self._waiting = self._waiting, None
        assert waiting is not None
        waiting.set_result(answer)


async def open_line(host: str, port: int) -> Line:
    """Return a connection to a system."""
    _, line = await asyncio.get_running_loop().create_connection(Line, host, port)
    return line
