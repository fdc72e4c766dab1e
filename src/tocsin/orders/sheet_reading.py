"""Sheets as text: encoding, delimiter, heading row, and rows with their line in the file."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from unicodedata import is_normalized

from msgspec import Struct

from tocsin.core.errors import Refusal
from tocsin.core.text import removed_characters
from tocsin.orders.importer import (
    CELL_LIMIT_CHARACTERS,
    ROW_LIMIT,
    ImportOptions,
    Source,
    TooManyRows,
    check_source,
    show_name,
)
from tocsin.orders.sheet_cells import unwrap_cell

HEADER_WITHIN_ROWS = 20
_PEEK_BYTES = 64 * 1024
_PEEK_CHARACTERS = HEADER_WITHIN_ROWS * CELL_LIMIT_CHARACTERS
_ENCODINGS = {
    "utf-8": "utf-8-sig", "utf8": "utf-8-sig", "utf-8-sig": "utf-8-sig", "gb18030": "gb18030", "gbk": "gb18030",
    "gb2312": "gb18030", "utf-16": "utf-16",
}  # fmt: skip

_SECOND = ("phone", "address", "spec", "sku")

Heading = Callable[[str], str]


class EncodingUnreadable(Refusal):
    """{filename} is neither UTF-8 nor GB18030 (byte {offset}): save it again as CSV in UTF-8"""

    kind, code = "invalid", "encoding_unreadable"


class EncodingUnknown(Refusal):
    """“{encoding}” is not an encoding that can be read: choose one of {encodings}"""

    kind, code = "invalid", "encoding_unknown"


class WorkbookNotSheet(Refusal):
    """{filename} is a workbook or another packed file, not text: open it and save it as CSV in UTF-8"""

    kind, code = "invalid", "workbook_not_sheet"


class SheetUnreadable(Refusal):
    """{filename}, line {line}: a quotation mark is not closed, or text follows a closing one: mend it or export again"""

    kind, code = "invalid", "sheet_unreadable"


class HeadingsUnknown(Refusal):
    """None of the first {rows} rows of {filename} has the heading “{needed}”: name its columns, or give the heading row"""

    kind, code = "invalid", "headings_unknown"


class CellTooLong(Refusal):
    """A cell is longer than {limit} characters: a quotation mark may be missing before it"""

    kind, code = "invalid", "cell_too_long"


class RowTooWide(Refusal):
    """The row has {cells} cells, the headings are {headings}: put quotation marks around a cell with a comma in it"""

    kind, code = "invalid", "row_too_wide"


class Row(Struct, frozen=True, gc=False):
    """A row: its 1-based line in the file, and its clean cells with one empty cell after the last heading.

    `stripped` are the positions of the cells that held control or bidi characters.
    """

    line: int
    cells: tuple[str, ...]
    refusal: Refusal | None = None
    stripped: tuple[int, ...] = ()


class Sheet(Struct, frozen=True, kw_only=True):
    """An opened sheet. `at` gives the position of each neutral field; -1, for a missing one, is an empty cell."""

    filename: str
    encoding: str
    at: Mapping[str, int]
    columns: tuple[tuple[str, str], ...]
    unread: tuple[str, ...]
    width: int
    headings: tuple[str, ...]
    rows: Iterator[Row]


def decode_source(source: Source, encoding: str = "") -> tuple[str, str]:
    """Return the text and the name of its encoding: UTF-8 where it is, else GB18030, else what is asked.

    Raises:
        EncodingUnreadable: it is in none of them, with the offset of the first wrong byte.
        EncodingUnknown: the asked one is not supported.
        WorkbookNotSheet: it is a packed file.
    """
    check_source(source)
    data, name = source.data, show_name(source)
    encoding = "" if source.unpacked else encoding
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF", b"\x1f\x8b")):
        raise WorkbookNotSheet(filename=name)
    if encoding and encoding.lower() not in _ENCODINGS:
        raise EncodingUnknown(encoding=encoding[:20], encodings=", ".join(_ENCODINGS))
    utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    tried = [_ENCODINGS[encoding.lower()]] if encoding else ["utf-16"] if utf16 else ["utf-8-sig", "gb18030"]
    offset = 0
    for each in tried:
        try:
            return data.decode(each), each.removesuffix("-sig")
        except UnicodeDecodeError as failed:
            offset = max(offset, failed.start)
    raise EncodingUnreadable(filename=name, offset=offset)


def peek_text(source: Source) -> str:
    """Return the beginning of a source as text, up to its last whole line; empty where it is none."""
    data = source.data[:_PEEK_BYTES]
    if len(source.data) > _PEEK_BYTES:
        data = data[: data.rfind(b"\n") + 1]
    try:
        return decode_source(Source(source.filename, source.content_type, data))[0]
    except Refusal:
        return ""


def open_sheet(source: Source, options: ImportOptions, *, heading: Heading, needed: str) -> Sheet:
    """Open a sheet: find its delimiter and its heading row.

    Args:
        heading: gives the neutral field of a heading with its rank after a colon (`phone:1`), or "".
        needed: the field without which the sheet can't be read.

    Raises:
        HeadingsUnknown: no row among the first 20 has that heading.
        Refusal: the text can't be decoded.
    """
    text, encoding = decode_source(source, options.encoding)
    beginning = text[:_PEEK_CHARACTERS]
    del text  # the rows are decoded once more as they are read: a sheet is not held as text beside its rows
    delimiter, header = find_header(beginning, heading, needed=needed, header_row=options.header_row)
    if header is None:
        raise HeadingsUnknown(filename=show_name(source), rows=HEADER_WITHIN_ROWS, needed=needed)
    at, columns, unread = _match(header.cells, heading)
    codec = "utf-8-sig" if encoding == "utf-8" else encoding
    lines = io.TextIOWrapper(io.BytesIO(source.data), codec, newline="")
    rows = _rows(lines, delimiter, after=header.line, width=len(header.cells), filename=show_name(source))
    return Sheet(
        filename=show_name(source), encoding=encoding, at=at, columns=columns, unread=unread,
        width=len(header.cells), headings=header.cells, rows=rows,
    )  # fmt: skip


def find_header(text: str, heading: Heading, *, needed: str, header_row: int = 0) -> tuple[str, Row | None]:
    """Return the delimiter and the heading row: the one among the first 20 with most known headings."""
    best, found, delimiter = 1, None, ","
    for tried in ",;\t":
        for row in first_rows(text, tried):
            if header_row and row.line != header_row:
                continue
            fields = {field.partition(":")[0] for field in map(heading, row.cells) if field}
            if needed in fields and len(fields) > best:
                best, found, delimiter = len(fields), row, tried
    return delimiter, found


def row_text(row: Row) -> str:
    """Return a row as one line of CSV, as quarantine keeps it."""
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(row.cells[:-1])
    return out.getvalue()


def first_rows(text: str, delimiter: str) -> list[Row]:
    """Return the first 20 rows of a text, their cells unwrapped."""
    found: list[Row] = []
    reader = csv.reader(io.StringIO(text[:_PEEK_CHARACTERS], newline=""), delimiter=delimiter)
    try:
        for cells in reader:
            found.append(Row(reader.line_num, tuple(map(unwrap_cell, cells))))
            if len(found) == HEADER_WITHIN_ROWS:
                break
    except csv.Error:
        return found
    return found


def _match(
    cells: tuple[str, ...], heading: Heading
) -> tuple[dict[str, int], tuple[tuple[str, str], ...], tuple[str, ...]]:
    """Give each field the column whose heading names it best; what is left over is not read."""
    taken: dict[str, tuple[int, int]] = {}
    for position, cell in enumerate(cells):
        field, _, rank = heading(cell).partition(":")
        if field and (field not in taken or int(rank or 0) < taken[field][0]):
            taken[field] = (int(rank or 0), position)
    at = {field: position for field, (_, position) in taken.items()}
    # a mobile and a landline number apart, an address as it was changed: the next column is read where the first is blank
    for field in _SECOND:
        ranked = sorted(
            (int(rank or 0), position)
            for position, cell in enumerate(cells)
            for each, _, rank in [heading(cell).partition(":")]
            if each == field and position != at[field]
        )
        if ranked:
            at[f"{field}_other"] = ranked[0][1]
    by_position = {position: field for field, position in at.items()}
    columns = tuple((cell, by_position[p]) for p, cell in enumerate(cells) if p in by_position)
    return at, columns, tuple(cell for p, cell in enumerate(cells) if p not in by_position and cell)


def _rows(lines: Iterable[str], delimiter: str, *, after: int, width: int, filename: str) -> Iterator[Row]:
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    begin, count = 1, 0
    once = dict[str, str]()  # most cells of a sheet repeat another one: each text is kept once
    try:
        for read in reader:
            cells = [once.setdefault(cell, cell) for cell in read]
            line, begin = begin, reader.line_num + 1
            if reader.line_num <= after:
                continue
            row = _row(line, cells, width)
            if row is None:
                continue
            count += 1
            if count > ROW_LIMIT:
                raise TooManyRows(filename=filename, limit=ROW_LIMIT)
            yield row
    except csv.Error:
        raise SheetUnreadable(filename=filename, line=begin) from None


def _row(line: int, cells: list[str], width: int) -> Row | None:
    """Trim and clean the cells; the row is looked at as a whole first, since most rows need nothing."""
    joined = "|".join(cells)
    refusal: Refusal | None = None
    if len(joined) > CELL_LIMIT_CHARACTERS and max(map(len, cells)) > CELL_LIMIT_CHARACTERS:
        refusal = CellTooLong(limit=CELL_LIMIT_CHARACTERS)
        cells = [cell[:CELL_LIMIT_CHARACTERS] for cell in cells]
    stripped: tuple[int, ...] = ()
    if not _is_clean(joined):
        if removed_characters(joined):
            stripped = tuple(place for place, cell in enumerate(cells) if removed_characters(cell))
        cells = [cell and unwrap_cell(cell) for cell in cells]
    if not any(cells):
        return None
    if len(cells) > width and any(cells[width:]):
        refusal = refusal or RowTooWide(cells=len(cells), headings=width)
        return Row(line, (*cells, ""), refusal)
    if len(cells) != width:
        cells = cells[:width] + [""] * (width - len(cells))
    return Row(line, (*cells, ""), refusal, stripped)


def _is_clean(joined: str) -> bool:
    """Tell whether no cell needs trimming, unwrapping or normalising."""
    return (
        joined.isprintable()
        and "'" not in joined
        and "=" not in joined
        and "| " not in joined
        and " |" not in joined
        and joined.strip() == joined
        and is_normalized("NFC", joined)
    )
