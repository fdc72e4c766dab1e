"""The C library's memory, told to give back what a process of many threads needs no longer."""

import ctypes
import os

# <malloc.h>; other libraries than glibc have no such call.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
_ARENAS, _BYTES = 2, 128 << 10


def limit_arenas() -> None:
    """Let all threads share two arenas, and large pieces and free ends go back to the system; before there are threads.

    By itself glibc makes eight arenas a core, and each keeps what it ever held: a server that SQLite's pages go through
    had grown by a fifth after an hour of steady work, and by half from its start. Who sets `MALLOC_…` in the environment
    has chosen.

    Source: mallopt(3).
    """
    if any(name.startswith("MALLOC_") for name in os.environ) or "GLIBC_TUNABLES" in os.environ:
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for name, value in (
            (_ARENA_MAX, _ARENAS),
            (_TRIM_THRESHOLD, _BYTES),
            (_MMAP_THRESHOLD, _BYTES),
        ):
            mallopt(name, value)


def give_back() -> int:
    """Return free pages to the system, also those that lie between others which are in use; tell that no more is to do.

    What stays long is laid among pages of SQLite's caches that come and go with every commit: an hour of steady work left
    30 MB of 83 in holes. It takes some milliseconds, in which who wants memory of the same arena waits.

    Source: malloc_trim(3).
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
    return 0
