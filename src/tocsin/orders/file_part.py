"""A part of a file that does not change: who was broken off takes up where he was.

Source: RFC 9110 §8.8.3 (ETag), §13.1.5 (If-Range), §14.2 (Range); one part only, several are answered with the whole.
"""

import re
from collections.abc import Iterator
from pathlib import Path

_RANGE = re.compile(r"bytes=(?P<first>\d{0,18})-(?P<last>\d{0,18})", re.ASCII)
_CHUNK_BYTES = 1 << 18


def read_range(asked: str, if_range: str, *, etag: str, size: int) -> range | None:
    """Return the bytes that are asked for; None for the whole file, empty where it has none of them.

    Args:
        if_range: the ETag that the beginning came with; another file's is answered with the whole.
    """
    found = _RANGE.fullmatch(asked.strip())
    if found is None or (if_range and if_range != etag):
        return None
    first, last = found["first"], found["last"]
    if not first:
        return range(max(size - int(last), 0), size) if last else None
    if last and int(last) < int(first):
        return None
    end = min(int(last) + 1, size) if last else size
    return range(int(first), end) if int(first) < end else range(0)


def read_part(path: Path, part: range) -> Iterator[bytes]:
    """Yield the bytes of a part."""
    with path.open("rb") as file:
        file.seek(part.start)
        left = len(part)
        while left and (chunk := file.read(min(left, _CHUNK_BYTES))):
            left -= len(chunk)
            yield chunk
    if left:
        raise EOFError(path.name)
