"""A sheet read by a profile: its headings, what its texts stand for, and what stands where it is blank."""

from collections.abc import Callable, Iterator, Mapping

from msgspec.structs import replace

from tocsin.orders.headings import plain_heading
from tocsin.orders.importer import ImportOptions
from tocsin.orders.sheet_reading import Row, Sheet


def map_headings(columns: Mapping[str, str], heading: Callable[[str], str]) -> Callable[[str], str]:
    """Return what gives the field of a heading: the profile's where it has it, before all others."""

    def find(cell: str) -> str:
        field = columns.get(plain_heading(cell))
        if field is None:
            return heading(cell)
        return f"{field}:-1" if field else ""

    return find if columns else heading


def fill_sheet(sheet: Sheet, options: ImportOptions) -> Sheet:
    """Return the sheet with the profile's values and defaults in its rows; a field without a column gets one."""
    if not options.values and not options.defaults:
        return sheet
    missing = [field for field in options.defaults if field not in sheet.at]
    at = {**sheet.at, **{field: sheet.width + place for place, field in enumerate(missing)}}
    return replace(sheet, at=at, rows=_filled(sheet, at, options=options, more=len(missing)))


def _filled(sheet: Sheet, at: Mapping[str, int], *, options: ImportOptions, more: int) -> Iterator[Row]:
    values = [(at[field], texts) for field, texts in options.values.items() if field in at]
    defaults = [(at[field], text) for field, text in options.defaults.items()]
    for row in sheet.rows:
        if row.refusal is not None:
            yield row
            continue
        cells = [*row.cells[:-1], *[""] * more, ""]
        for place, texts in values:
            cells[place] = texts.get(cells[place], cells[place])
        for place, text in defaults:
            cells[place] = cells[place] or text
        yield replace(row, cells=tuple(cells))
