"""Rows of a sheet gathered into orders; one bad row keeps its whole order out."""

from collections.abc import Callable
from typing import NoReturn

from tocsin.core.errors import Refusal
from tocsin.core.money import minor_digits
from tocsin.orders.draft import Draft
from tocsin.orders.importer import BadRow, ImportOptions, Parsed, ParsedOrder, bad_row
from tocsin.orders.sheet_cells import read_amount, read_exact, read_instant, read_micro, zone_of
from tocsin.orders.sheet_reading import Row, Sheet, row_text

Group = list[Row]
Build = Callable[[str, Group], Draft]

_totals = ("合计", "总计", "小计", "共计", "汇总")
_totals_en = frozenset({"total", "total:", "totals", "grand total", "subtotal", "sum"})


class OrderNumberMissing(Refusal):
    """The row names no order and follows none: give each row its order number"""

    kind, code = "invalid", "order_number_missing"


class CellRefused(Exception):
    """One cell of an order can't be read; carries the row, the neutral field and the refusal."""

    def __init__(self, row: Row, field: str, refusal: Refusal) -> None:
        super().__init__(field)
        self.row, self.field, self.refusal = row, field, refusal


def refuse_cell(row: Row, field: str, refusal: Refusal) -> NoReturn:
    """Keep this order out, because of this cell."""
    raise CellRefused(row, field, refusal)


class Cells:
    """Reads cells of an opened sheet by neutral field; what can't be read is a `CellRefused`."""

    def __init__(self, sheet: Sheet, options: ImportOptions) -> None:
        zone_of(options.zone)
        minor_digits(options.currency)
        self._at, self.zone, self.has = dict(sheet.at), options.zone, sheet.at.keys()

    def position(self, field: str) -> int:
        """Return the position of a field's column, that of the empty cell where it is missing."""
        return self._at.get(field, -1)

    def text(self, row: Row, field: str) -> str:
        """Return a cell's text, empty where the column is missing."""
        return row.cells[self._at.get(field, -1)]

    def exact(self, row: Row, field: str) -> str:
        """Return an id or phone that a spreadsheet must not have rounded."""
        try:
            return read_exact(row.cells[self._at.get(field, -1)])
        except Refusal as refusal:
            refuse_cell(row, field, refusal)

    def amount(self, row: Row, field: str, currency: str) -> int | None:
        """Return an amount in minor units, None where it is blank or the column is missing."""
        try:
            return read_amount(row.cells[self._at.get(field, -1)], currency)
        except Refusal as refusal:
            refuse_cell(row, field, refusal)

    def micro(self, row: Row, field: str) -> int | None:
        """Return a quantity or unit price in millionths, None where it is blank or missing."""
        try:
            return read_micro(row.cells[self._at.get(field, -1)])
        except Refusal as refusal:
            refuse_cell(row, field, refusal)

    def instant(self, row: Row, field: str) -> int | None:
        """Return an instant in UTC microseconds, None where it is blank or missing."""
        try:
            return read_instant(row.cells[self._at.get(field, -1)], self.zone)
        except Refusal as refusal:
            refuse_cell(row, field, refusal)


def parse_groups(sheet: Sheet, build: Build, *, number: str) -> Parsed:
    """Gather the rows by the field `number`, adjacent or not, and build each order.

    Raises:
        SheetUnreadable, TooManyRows: while the rows are read.
    """
    groups, bad = _gather(sheet, number)
    orders: list[ParsedOrder] = []
    for order_number, group in groups.items():
        try:
            _check_rows(group)
            orders.append(ParsedOrder(group[0].line, build(order_number, group)))
        except CellRefused as refused:
            bad += [_quarantine(row, refused.field, refused.refusal) for row in group]
    return Parsed(
        orders=tuple(orders), bad=tuple(sorted(bad, key=lambda each: each.row)), encoding=sheet.encoding,
        columns=sheet.columns, unread_columns=sheet.unread,
    )  # fmt: skip


def _gather(sheet: Sheet, number: str) -> tuple[dict[str, Group], list[BadRow]]:
    at = sheet.at[number]
    groups: dict[str, Group] = {}
    bad: list[BadRow] = []
    group: Group | None = None
    for row in sheet.rows:
        key = row.cells[at]
        if _is_total(key, row):
            continue
        if key:
            group = groups.setdefault(key, [])
        # a row without a number goes on with the order above it: merged cells come out so
        if group is None:
            bad.append(_quarantine(row, number, OrderNumberMissing()))
        else:
            group.append(row)
    return groups, bad


def _is_total(key: str, row: Row) -> bool:
    first = key or next(filter(None, row.cells), "")
    return first.startswith(_totals) or first.casefold() in _totals_en


def _check_rows(group: Group) -> None:
    for row in group:
        if row.refusal is not None:
            refuse_cell(row, "row", row.refusal)


def _quarantine(row: Row, field: str, refusal: Refusal) -> BadRow:
    return bad_row(refusal, row.line, field=field, raw=row_text(row))
