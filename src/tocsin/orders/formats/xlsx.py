"""XLSX: one sheet, each cell text but for amounts, which are numbers; no cell is a formula.

A cell is of a type in this format: what begins with `=` is text as long as it is written as text.
Source: ECMA-376 part 1, 18.3.1.4 (a cell is a formula only where it has an element `f`).
"""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from shutil import copyfileobj
from typing import BinaryIO

from rustpy_xlsxwriter import write_worksheet

from tocsin.orders.format import NUMBER_COLUMNS, read_number

SHEET = "Orders"


class XlsxFormat:
    """Writes a workbook in constant memory, through a file beside, since a zip's directory comes last."""

    name, title, suffix = "xlsx", "Excel", ".xlsx"
    media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    most = 1_048_575
    """Source: Excel's specification, 1,048,576 rows with the heading."""

    def write(self, columns: Sequence[str], rows: Iterable[tuple[str, ...]], out: BinaryIO) -> int:
        """Write a heading row and the rows; return how many rows."""
        records = _Records(columns, rows)
        with tempfile.TemporaryDirectory(prefix="tocsin-xlsx-") as folder:
            path = Path(folder) / "orders.xlsx"
            write_worksheet(iter(records), str(path), sheet_name=SHEET, freeze_row=1)
            with path.open("rb") as file:
                copyfileobj(file, out)
        return records.count


class _Records:
    """Rows as the writer takes them, counted."""

    def __init__(self, columns: Sequence[str], rows: Iterable[tuple[str, ...]]) -> None:
        self._columns, self._rows, self.count = list(columns), rows, 0

    def __iter__(self) -> Iterator[dict[str, str | int | float]]:
        numbers = [column if column in NUMBER_COLUMNS else "" for column in self._columns]
        for row in self._rows:
            self.count += 1
            yield {
                column: read_number(column, cell) if number else cell
                for column, number, cell in zip(self._columns, numbers, row, strict=True)
            }
        if not self.count:  # a sheet of headings alone is made of one blank row
            yield dict.fromkeys(self._columns, "")


PLUGIN = XlsxFormat()
