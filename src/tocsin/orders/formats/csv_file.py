"""CSV as spreadsheets open it: UTF-8 with BOM, CRLF, every cell in quotation marks, no live formula.

Source: RFC 4180; OWASP ASVS 5.0 requirement 1.2.10.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import BinaryIO

_ROWS_AT_ONCE = 2_000
_BORDER = '","'
# A cell that a spreadsheet may run, also after blanks; `'` too, since our own mark must come off again unambiguously.
_live = re.compile(r"^\s*[=+\-@\t\r\n\x00'＝＋－＠]|^[\t\r\n\x00]")
_live_after_border = re.compile(r'","[\s=+\-@\x00\'＝＋－＠]')
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
            out.write(_encode("".join(_write_rows(chunk))))
        return count


def make_safe(cell: str) -> str:
    """Return a cell that no spreadsheet runs: a leading apostrophe where needed; plain negative numbers stay."""
    return f"'{cell}" if _live.match(cell) and not _number.match(cell) else cell


def _write_rows(rows: list[tuple[str, ...]]) -> Iterator[str]:
    """Write rows; one that holds no quotation mark and no suspicious beginning is joined as it is."""
    for row in rows:
        joined = _BORDER.join(row)
        if (
            joined.count('"') == 2 * len(row) - 2
            and not _live_after_border.search(joined)
            and not _live.match(joined)
        ):
            yield f'"{joined}"\r\n'
        else:
            yield _write_row(row)


def _write_row(row: tuple[str, ...]) -> str:
    cells = _BORDER.join(make_safe(cell).replace('"', '""') for cell in row)
    return f'"{cells}"\r\n'


def _encode(text: str) -> bytes:
    # a lone surrogate can't be written in UTF-8: a question mark stands for it
    return text.encode("utf-8", "replace")


PLUGIN = CsvFormat()
