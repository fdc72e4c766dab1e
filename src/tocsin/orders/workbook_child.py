"""The child that reads a workbook: it takes bytes from its standard input and writes CSV in UTF-8, or says why not.

It is run by path, alone and with an empty environment, so that a workbook made to burst bursts here. What a
packed file would unpack to is counted before anything reads it.
"""

import csv
import datetime as dt
import io
import json
import math
import resource
import sys
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from typing import NoReturn

import python_calamine

MEMORY_BYTES, CPU_SECONDS, UNPACKED_BYTES = 1 << 30, 60, 400 << 20
MEMBER_LIMIT, RATIO_LIMIT, RATIO_FROM_BYTES = 2_000, 200, 1 << 20
WIDTH_LIMIT, ROW_LIMIT, EXACT = 512, 200_020, 10**15
_ENTITY = (b"<!DOCTYPE", b"<!ENTITY")
_ONE_LINE = str.maketrans("\r\n\t\v\f\x85\u2028\u2029", " " * 8)


def main() -> None:
    """Read the workbook and write its sheet; the sheet's name, where one is asked for, is the only argument."""
    limit_self()
    data = sys.stdin.buffer.read()
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    if data.startswith(b"PK\x03\x04"):
        check_packed(data)
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheet = choose_sheet(book, wanted)
    except python_calamine.PasswordError:
        refuse("workbook_locked")
    except (python_calamine.CalamineError, zipfile.BadZipFile, OSError, ValueError):
        refuse("workbook_broken")
    write_rows(sheet)


def limit_self() -> None:
    """Bound memory and processor time; write no core and no file."""
    for what, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        resource.setrlimit(what, (most, most))


def check_packed(data: bytes) -> None:
    """Refuse a packed file that would unpack to more than a sheet of orders is, or that declares entities."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            members = packed.infolist()
            if len(members) > MEMBER_LIMIT:
                refuse("workbook_bomb", measure=len(members))
            for one in members:
                ratio = one.file_size // max(one.compress_size, 1)
                if one.file_size > RATIO_FROM_BYTES and ratio > RATIO_LIMIT:
                    refuse("workbook_bomb", measure=f"{ratio}:1")
            if sum(one.file_size for one in members) > UNPACKED_BYTES:
                refuse("workbook_bomb", measure=f"> {UNPACKED_BYTES >> 20} MiB")
            for one in members:
                if one.filename.endswith((".xml", ".rels")):
                    refuse_entities(packed, one)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, ValueError, RuntimeError):
        refuse("workbook_broken")
    except Exception as wrong:  # zlib.error and what else a damaged archive gives
        if type(wrong).__name__ != "error":
            raise
        refuse("workbook_broken")


def refuse_entities(packed: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """Refuse a member that declares a document type: none of a workbook does."""
    kept = b""
    with packed.open(member) as opened:
        while block := opened.read(1 << 18):
            if any(mark in kept + block for mark in _ENTITY):
                refuse("workbook_bomb", measure="<!DOCTYPE")
            kept = block[-16:]


def choose_sheet(book: python_calamine.CalamineWorkbook, wanted: str) -> python_calamine.CalamineSheet:
    """Return the sheet that is asked for, else the first visible one that holds anything."""
    names = book.sheet_names
    if wanted:
        if wanted not in names:
            refuse("workbook_sheet_missing", sheet=wanted[:40])
        return book.get_sheet_by_name(wanted)
    visible = python_calamine.SheetVisibleEnum.Visible
    shown = [one.name for one in book.sheets_metadata if one.visible == visible]
    for name in shown or names:
        sheet = book.get_sheet_by_name(name)
        if sheet.height:
            return sheet
    return refuse("workbook_empty")


def write_rows(sheet: python_calamine.CalamineSheet) -> None:
    """Write each row at its own line; empty ones before the first stay, so that the lines are the sheet's rows."""
    if sheet.width > WIDTH_LIMIT:
        refuse("workbook_too_wide", columns=sheet.width)
    if sheet.height > ROW_LIMIT:
        refuse("workbook_too_long")
    begin = sheet.start or (0, 0)
    out = io.TextIOWrapper(sys.stdout.buffer, "utf-8", errors="replace", newline="", write_through=False)
    if begin[0] < ROW_LIMIT:
        out.write("\r\n" * begin[0])
    csv.writer(out).writerows(rows_of(sheet))
    out.flush()


def rows_of(sheet: python_calamine.CalamineSheet) -> Iterator[list[str]]:
    """Yield the rows as text; cells that stand alone in a row are quoted by csv itself."""
    for cells in sheet.iter_rows():
        yield [cell if type(cell) is str and cell.isprintable() else cell_text(cell) for cell in cells]


def cell_text(cell: object) -> str:
    """Return a cell as it means: whole numbers without a point, dates in ISO 8601, nothing in a power of ten.

    A number of more than 15 digits whose last ones are noughts was rounded by the spreadsheet: it is written so that
    a number of an order or a phone in it is refused, not taken wrong.
    """
    if isinstance(cell, str):
        return cell.translate(_ONE_LINE)
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, (int, float)):
        return number_text(cell)
    if isinstance(cell, dt.datetime):
        return cell.isoformat(" ", "seconds")
    return str(cell)


def number_text(number: float) -> str:
    """Return a number as people write it."""
    if not math.isfinite(number):
        return ""
    if number == int(number):
        whole = int(number)
        rounded = abs(whole) >= 2**53 or (
            abs(whole) >= EXACT and not whole % 10 ** (len(str(abs(whole))) - 15)
        )
        return f"{whole:.14E}" if rounded else str(whole)
    return format(Decimal(format(number, ".15g")), "f")


def refuse(code: str, **data: object) -> NoReturn:
    """Say why and end."""
    sys.stderr.write(json.dumps({"code": code, **data}))
    sys.stderr.flush()
    raise SystemExit(3)


if __name__ == "__main__":
    main()
