"""What comes in from outside before anything looks into it: its bytes, its name, and how much of it is too much."""

from msgspec import Struct

from tocsin.core.errors import Refusal

FILE_LIMIT_BYTES = 32 * 1024 * 1024


class SourceTooLarge(Refusal):
    """{filename} is larger than {limit_mib} MiB: split it into several files"""

    kind, code = "invalid", "source_too_large"


class SourceEmpty(Refusal):
    """{filename} is empty: choose the file again, or paste the text again"""

    kind, code = "invalid", "source_empty"


class Source(Struct, frozen=True):
    """What came in: a file, a request body, or pasted text in UTF-8."""

    filename: str
    content_type: str
    data: bytes
    unpacked: bool = False
    """It was a workbook, and is text now; it may be larger than a file."""


def check_source(source: Source) -> None:
    """Refuse what is empty or too large to be read.

    Raises:
        SourceTooLarge: above 32 MiB.
        SourceEmpty: not a byte.
    """
    if len(source.data) > FILE_LIMIT_BYTES and not source.unpacked:
        raise SourceTooLarge(filename=show_name(source), limit_mib=FILE_LIMIT_BYTES >> 20)
    if not source.data:
        raise SourceEmpty(filename=show_name(source))


def show_name(source: Source) -> str:
    """Return the file's name as a message may show it."""
    return source.filename[:80] or "text"
