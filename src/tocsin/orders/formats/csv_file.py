"""CSV as spreadsheets open it: UTF-8 with BOM, CRLF, every cell in quotation marks, no live formula.

Source: RFC 4180; OWASP ASVS 5.0 requirement 1.2.10.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import BinaryIO

_ROWS_AT_ONCE = 2_000
_BORDER, _BETWEEN = '","', '"\r\n"'
# A cell that a spreadsheet may run, also after blanks; `'` too, since our own mark must come off again unambiguously.
_live = re.compile(r"^\s*[=+\-@\t\r\n\x00'＝＋－＠]|^[\t\r\n\x00]")
_live_cell, _live_row = (re.compile(border + r"[\s=+\-@\x00'＝＋－＠]") for border in ('","', '\n"'))
_number = re.compile(r"^-\d+(\.\d+)?$", re.ASCII)


class CsvFormat:
    """Writes CSV; the sheet importer takes the marks off again."""

    name, title, media_type, suffix = "csv", "CSV", "text/csv; charset=utf-8", ".csv"
    most = 0

    def write(self, columns: Sequence[str], rows: Iterable[tuple[str, ...]], out: BinaryIO) -> int:
        """Write a heading row and the rows; return how many rows."""
        out.write(b"\xef\xbb\xbf" + _encode(_write_row(tuple(columns))))
        count, waiting = 0, iter(rows)
        while chunk := list(islice(waiting, _ROWS_AT_ONCE)):
            count += len(chunk)
            out.write(_encode(_write_rows(chunk)))
        return count


def make_safe(cell: str) -> str:
    """Return a cell that no spreadsheet runs: a leading apostrophe where needed; plain negative numbers stay."""
    return f"'{cell}" if _live.match(cell) and not _number.match(cell) else cell


def _write_rows(rows: list[tuple[str, ...]]) -> str:
    """Write rows: joined as they are where no cell of them holds a quotation mark or may be live, else each on its own."""
    text = "".join(['"', _BETWEEN.join([_BORDER.join(row) for row in rows]), '"\r\n'])
    plain = text.count('"') == 2 * sum(map(len, rows))
    if plain and not _live.match(rows[0][0]) and not _live_cell.search(text) and not _live_row.search(text):
        return text
    return _write_row(rows[0]) if len(rows) == 1 else "".join([_write_rows([row]) for row in rows])


def _write_row(row: tuple[str, ...]) -> str:
    cells = _BORDER.join(make_safe(cell).replace('"', '""') for cell in row)
    return f'"{cells}"\r\n'


def _encode(text: str) -> bytes:
    # a lone surrogate can't be written in UTF-8: a question mark stands for it
    return text.encode("utf-8", "replace")


PLUGIN = CsvFormat()
