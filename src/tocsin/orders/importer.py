"""The importer contract: bytes from outside become drafts and bad rows, and nothing else happens.

An importer is pure. A row that can't be read is a value beside the good ones; only a file that
can't be read at all is a refusal. One bad row of an order keeps the whole order out: never a half order.
"""

import re
from functools import cache
from typing import Protocol

from msgspec import Struct

from tocsin.core.errors import Refusal
from tocsin.core.plugins import load_plugins
from tocsin.orders.draft import Draft

FILE_LIMIT_BYTES = 32 * 1024 * 1024
ROW_LIMIT = 200_000
CELL_LIMIT_CHARACTERS = 8_000
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # zip and the old compound file
# What refusals call text of a cell. A column may have slipped: then it is a name or a phone.
_QUOTED = frozenset({"text", "currency", "zone", "code", "shop", "key", "name"})
_SHORT_NUMBER = re.compile(r"[.,:+/-]*(?:\d[.,:+/-]*){0,6}\Z", re.ASCII)


class SourceTooLarge(Refusal):
    """{filename} is larger than {limit_mib} MiB: split it into several files"""

    kind, code = "invalid", "source_too_large"


class SourceEmpty(Refusal):
    """{filename} is empty: choose the file again, or paste the text again"""

    kind, code = "invalid", "source_empty"


class TooManyRows(Refusal):
    """{filename} has more than {limit} rows: split it into several files"""

    kind, code = "invalid", "too_many_rows"


class FormatUnknown(Refusal):
    """{filename} can't be read as a sheet of orders: save it as CSV in UTF-8, with a heading row that has the order number"""

    kind, code = "invalid", "format_unknown"


class WorkbookNotRead(Refusal):
    """{filename} is a workbook, not a CSV: open it in the spreadsheet, save the sheet as CSV (UTF-8), and choose that file"""

    kind, code = "invalid", "workbook_not_read"


class ImporterUnknown(Refusal):
    """There is no importer “{importer}”: choose one of {formats}"""

    kind, code = "invalid", "importer_unknown"


class Source(Struct, frozen=True):
    """What came in: a file, a request body, or pasted text in UTF-8."""

    filename: str
    content_type: str
    data: bytes


class ImportOptions(Struct, frozen=True, kw_only=True):
    """What the file itself doesn't say. Empty encoding and header row 0 mean: find it."""

    channel: str = ""
    shop: str = ""
    zone: str = "Asia/Shanghai"
    currency: str = "CNY"
    encoding: str = ""
    header_row: int = 0


class BadRow(Struct, frozen=True, kw_only=True):
    """A row that was not read: where, why (an English template over `data`), and its text.

    `row` is the 1-based line of the file. `data` never holds personal text; `raw` does.
    """

    row: int
    field: str
    code: str
    reason: str
    data: dict[str, str]
    raw: str
    number: str = ""
    """The order's number where it reads like one; a column may have slipped, then it could be a phone."""


class ParsedOrder(Struct, frozen=True, gc=False):
    """A draft with the 1-based line of the file where it begins."""

    row: int
    draft: Draft


class Parsed(Struct, frozen=True, kw_only=True):
    """What a file held. `columns` pairs each heading that was read with its neutral field."""

    orders: tuple[ParsedOrder, ...]
    bad: tuple[BadRow, ...]
    encoding: str = "utf-8"
    columns: tuple[tuple[str, str], ...] = ()
    unread_columns: tuple[str, ...] = ()


class Importer(Protocol):
    """A plug-in of `orders/importers`: one way in which orders are written."""

    name: str
    title: str

    def accepts(self, source: Source) -> int:
        """Return how sure this importer is that it can read the source, 0 (not at all) to 100. Never raises."""
        ...

    def parse(self, source: Source, options: ImportOptions) -> Parsed:
        """Read all orders.

        Raises:
            Refusal: the source as a whole can't be read; the message names the place and the cure.
        """
        ...


@cache
def every_importer() -> dict[str, Importer]:
    """Return each importer by name."""
    return {plugin.name: plugin for plugin in load_plugins("orders.importers").values()}


def choose_importer(source: Source) -> Importer:
    """Return the importer that is surest of a source.

    Raises:
        SourceTooLarge, SourceEmpty: before anything is looked at.
        FormatUnknown: none recognises it.
    """
    check_source(source)
    found = every_importer()
    sureness = {name: importer.accepts(source) for name, importer in found.items()}
    best = max(sureness, key=lambda name: sureness[name])
    if not sureness[best]:
        raise FormatUnknown(filename=show_name(source))
    return found[best]


def parse_source(source: Source, options: ImportOptions, importer: str = "") -> Parsed:
    """Read a source with the named importer, or with the one that is surest.

    Raises:
        ImporterUnknown: no importer has that name.
        Refusal: the source as a whole can't be read.
    """
    if not importer:
        return choose_importer(source).parse(source, options)
    check_source(source)
    if importer not in every_importer():
        raise ImporterUnknown(importer=importer[:40], formats=", ".join(every_importer()))
    return every_importer()[importer].parse(source, options)


def check_source(source: Source) -> None:
    """Refuse what is empty or too large to be read.

    Raises:
        SourceTooLarge: above 32 MiB.
        SourceEmpty: not a byte.
        WorkbookNotRead: an .xlsx, .ods or .xls, by its first bytes.
    """
    if len(source.data) > FILE_LIMIT_BYTES:
        raise SourceTooLarge(filename=show_name(source), limit_mib=FILE_LIMIT_BYTES >> 20)
    if not source.data:
        raise SourceEmpty(filename=show_name(source))
    if source.data.startswith(_WORKBOOKS):
        raise WorkbookNotRead(filename=show_name(source))


def show_name(source: Source) -> str:
    """Return the file's name as a message may show it."""
    return source.filename[:80] or "text"


def bad_row(refusal: Refusal, row: int, *, field: str, raw: str) -> BadRow:
    """Return a refusal of one cell as a value; what it quotes of the cell is left out, but for a short number."""
    data = {
        name: str(value) if name not in _QUOTED or _SHORT_NUMBER.match(str(value)) else "…"
        for name, value in refusal.data.items()
    }
    return BadRow(row=row, field=field, code=refusal.code, reason=refusal.template(), data=data, raw=raw)
