"""A line to a device: bytes out, bytes in, each within a time; a socket, a serial port or a device file alike."""

import os
import select
import time
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Self

_CHUNK_BYTES = 16_384


class DeviceLine:
    """An open file descriptor that does not block, and how to close what it belongs to; a context manager.

    Trouble is an `OSError` of the system, `TimeoutError` where the time is up.
    """

    def __init__(self, fd: int, close: Callable[[], None]) -> None:
        os.set_blocking(fd, False)
        self._fd, self._close = fd, close

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def write(self, data: bytes, *, deadline: float, taken: Callable[[int], object] = lambda _: None) -> None:
        """Write all of it before a moment of the monotonic clock; `taken` hears of each part that the system took."""
        rest = memoryview(data)
        while rest:
            self._wait(select.POLLOUT, deadline)
            try:
                count = os.write(self._fd, rest[:_CHUNK_BYTES])
            except BlockingIOError:
                continue
            taken(count)
            rest = rest[count:]

    def read_byte(self, *, deadline: float, wanted: Callable[[int], bool]) -> int:
        """Return the next byte that is wanted, passing others over, before a moment of the monotonic clock."""
        while True:
            self._wait(select.POLLIN, deadline)
            try:
                got = os.read(self._fd, 1)
            except BlockingIOError:
                continue
            if not got:
                raise ConnectionResetError("the device closed the line")
            if wanted(got[0]):
                return got[0]

    def _wait(self, event: int, deadline: float) -> None:
        left = deadline - time.monotonic()
        poll = select.poll()
        poll.register(self._fd, event)
        # A line that was hung up is ready too: the call that follows says why.
        if left <= 0 or not poll.poll(left * 1000):
            raise TimeoutError("no answer in time")


def open_device(path: str) -> DeviceLine:
    """Return a line to a device file, which the kernel gives to one at a time; no terminal of ours must it become.

    Raises:
        OSError: there is none, or somebody else has it.
    """
    fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    return DeviceLine(fd, partial(os.close, fd))
