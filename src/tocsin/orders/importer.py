"""The importer contract: bytes from outside become drafts and bad rows, and nothing else happens.

An importer is pure. A row that can't be read is a value beside the good ones; only a file that
can't be read at all is a refusal. One bad row of an order keeps the whole order out: never a half order.
"""

import re
from functools import cache
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.errors import Refusal
from tocsin.core.plugins import load_plugins
from tocsin.orders.draft import Draft
from tocsin.orders.incoming import FILE_LIMIT_BYTES as FILE_LIMIT_BYTES
from tocsin.orders.incoming import Source as Source
from tocsin.orders.incoming import SourceEmpty as SourceEmpty
from tocsin.orders.incoming import SourceTooLarge as SourceTooLarge
from tocsin.orders.incoming import check_source as check_source
from tocsin.orders.incoming import show_name as show_name
from tocsin.orders.workbook import is_workbook, unpack_workbook

ROW_LIMIT = 200_000
CELL_LIMIT_CHARACTERS = 8_000
# What refusals call text of a cell. A column may have slipped: then it is a name or a phone.
_QUOTED = frozenset({"text", "currency", "zone", "code", "shop", "key", "name"})
_SHORT_NUMBER = re.compile(r"[.,:+/-]*(?:\d[.,:+/-]*){0,6}\Z", re.ASCII)


class TooManyRows(Refusal):
    """{filename} has more than {limit} rows: split it into several files"""

    kind, code = "invalid", "too_many_rows"


class FormatUnknown(Refusal):
    """{filename} can't be read as a sheet of orders: save it as CSV in UTF-8, with a heading row that has the order number"""

    kind, code = "invalid", "format_unknown"


class ImporterUnknown(Refusal):
    """There is no importer “{importer}”: choose one of {formats}"""

    kind, code = "invalid", "importer_unknown"


class ImportOptions(Struct, frozen=True, kw_only=True):
    """What the file itself doesn't say. Empty encoding and sheet, and header row 0 mean: find it."""

    channel: str = ""
    shop: str = ""
    zone: str = "Asia/Shanghai"
    currency: str = "CNY"
    encoding: str = ""
    header_row: int = 0
    sheet: str = ""
    columns: dict[str, str] = {}
    values: dict[str, dict[str, str]] = {}
    defaults: dict[str, str] = {}
    masked: bool = False


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
    headings: tuple[str, ...] = ()


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
        Refusal: it is a workbook that can't be unpacked.
    """
    return _choose(open_source(source))


def parse_source(source: Source, options: ImportOptions, importer: str = "") -> Parsed:
    """Read a source with the named importer, or with the one that is surest.

    Raises:
        ImporterUnknown: no importer has that name.
        Refusal: the source as a whole can't be read.
    """
    check_source(source)
    if importer and importer not in every_importer():
        raise ImporterUnknown(importer=importer[:40], formats=", ".join(every_importer()))
    text = open_source(source, sheet=options.sheet)
    chosen = every_importer()[importer] if importer else _choose(text)
    parsed = chosen.parse(text, options)
    return replace(parsed, encoding="workbook") if text.unpacked else parsed


def open_source(source: Source, *, sheet: str = "") -> Source:
    """Return a source as text: a workbook's sheet becomes CSV, anything else stays as it is.

    Raises:
        SourceTooLarge, SourceEmpty
        Refusal: it is a workbook that can't be unpacked.
    """
    check_source(source)
    return unpack_workbook(source, sheet=sheet) if is_workbook(source) else source


def _choose(source: Source) -> Importer:
    found = every_importer()
    sureness = {name: importer.accepts(source) for name, importer in found.items()}
    best = max(sureness, key=lambda name: sureness[name])
    if not sureness[best]:
        raise FormatUnknown(filename=show_name(source))
    return found[best]


def bad_row(refusal: Refusal, row: int, *, field: str, raw: str) -> BadRow:
    """Return a refusal of one cell as a value; what it quotes of the cell is left out, but for a short number."""
    data = {
        name: str(value) if name not in _QUOTED or _SHORT_NUMBER.match(str(value)) else "…"
        for name, value in refusal.data.items()
    }
    return BadRow(row=row, field=field, code=refusal.code, reason=refusal.template(), data=data, raw=raw)
