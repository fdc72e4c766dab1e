"""Workbooks (XLSX, XLS, ODS) become text before anything reads them: unpacked in a child with limits.

The parent never opens the packed file: it hands the bytes over and takes CSV back, so much and no more. What
bursts, bursts in the child.
"""

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, cast

from msgspec.structs import replace

from tocsin.core.errors import Refusal
from tocsin.orders.incoming import Source, show_name

WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # zip and the old compound file
WALL_SECONDS = 90.0
TEXT_LIMIT_BYTES = 160 << 20
_BLOCK_BYTES = 1 << 20
_CHILD = Path(__file__).with_name("workbook_child.py")
# Two at a time: each may take a gibibyte.
_turns = threading.BoundedSemaphore(2)


class WorkbookBroken(Refusal):
    """{filename} is a workbook that can't be read, it may be cut off: open it in the spreadsheet and save it again"""

    kind, code = "invalid", "workbook_broken"


class WorkbookLocked(Refusal):
    """{filename} is a workbook with a password: open it, save it without the password, and choose that file"""

    kind, code = "invalid", "workbook_locked"


class WorkbookEmpty(Refusal):
    """{filename} is a workbook without a row: choose another file"""

    kind, code = "invalid", "workbook_empty"


class WorkbookSheetMissing(Refusal):
    """{filename} has no sheet “{sheet}”: name one that it has, or none"""

    kind, code = "invalid", "workbook_sheet_missing"


class WorkbookBomb(Refusal):
    """{filename} is packed to burst ({measure}): it was not unpacked; export it again from the shop"""

    kind, code = "invalid", "workbook_bomb"


class WorkbookTooWide(Refusal):
    """{filename} has {columns} columns, a sheet of orders has at most {limit}: delete those without headings"""

    kind, code = "invalid", "workbook_too_wide"


class WorkbookTooLong(Refusal):
    """{filename} has more rows than {limit}: split it into several files"""

    kind, code = "invalid", "workbook_too_long"


class WorkbookTooMuch(Refusal):
    """{filename} needs more memory or time than a sheet of orders may: save the sheet alone as CSV, or split it"""

    kind, code = "invalid", "workbook_too_much"


_REFUSALS: dict[str, type[Refusal]] = {
    each.code: each
    for each in (
        WorkbookBroken, WorkbookLocked, WorkbookEmpty, WorkbookSheetMissing, WorkbookBomb, WorkbookTooWide,
        WorkbookTooLong,
    )
}  # fmt: skip
_LIMITS = {"workbook_too_wide": 512, "workbook_too_long": 200_000}


def is_workbook(source: Source) -> bool:
    """Tell whether a source begins as a workbook does."""
    return source.data.startswith(WORKBOOKS)


def unpack_workbook(source: Source, *, sheet: str = "") -> Source:
    """Return the sheet of a workbook as CSV in UTF-8; line n is row n.

    Raises:
        WorkbookBroken, WorkbookLocked, WorkbookEmpty, WorkbookSheetMissing: it holds no sheet to read.
        WorkbookBomb, WorkbookTooWide, WorkbookTooLong, WorkbookTooMuch: it is more than a sheet of orders.
    """
    with _turns:
        text, said, ended = _run(source.data, sheet)
    if ended == 0 and len(text) <= TEXT_LIMIT_BYTES:
        return replace(source, content_type="text/csv", data=bytes(text), unpacked=True)
    raise _refusal(said if ended == 3 else b"", show_name(source))


def _refusal(said: bytes, filename: str) -> Refusal:
    try:
        told = json.loads(said)
        code = str(told.pop("code"))
        return _REFUSALS[code](**{"filename": filename, "limit": _LIMITS.get(code, 0), **told})
    except (ValueError, KeyError, AttributeError):  # a signal ended it, or it died of memory
        return WorkbookTooMuch(filename=filename)


def _run(data: bytes, sheet: str) -> tuple[bytearray, bytes, int]:
    command = [sys.executable, "-I", str(_CHILD), *([sheet] if sheet else [])]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, stdin=pipe, stdout=pipe, stderr=pipe, env={}, cwd="/", bufsize=0
    ) as child:  # fmt: skip
        late = threading.Timer(WALL_SECONDS, child.kill)
        late.start()
        try:
            _feed(cast("IO[bytes]", child.stdin), data)
            text = _take(cast("IO[bytes]", child.stdout))
            if len(text) > TEXT_LIMIT_BYTES:
                child.kill()
            said = cast("IO[bytes]", child.stderr).read(4096)
            return text, said, child.wait()
        finally:
            late.cancel()
            child.kill()


def _feed(pipe: IO[bytes], data: bytes) -> None:
    with pipe:
        left = memoryview(data)
        try:
            while left:
                left = left[pipe.write(left) :]
        except BrokenPipeError:  # it ended before it had read everything: its last word says why
            return


def _take(pipe: IO[bytes]) -> bytearray:
    text = bytearray()
    while len(text) <= TEXT_LIMIT_BYTES and (block := pipe.read(_BLOCK_BYTES)):
        text += block
    return text
