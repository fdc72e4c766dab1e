"""Rows of a sheet gathered into orders; one bad row keeps its whole order out."""

import re
from collections.abc import Callable, Sequence
from functools import partial
from operator import itemgetter
from typing import NoReturn, TypeVar

from msgspec.structs import replace

from tocsin.core.collector import collector_paused
from tocsin.core.errors import Refusal
from tocsin.core.money import minor_digits
from tocsin.orders.draft import Draft
from tocsin.orders.importer import BadRow, ImportOptions, Parsed, ParsedOrder, bad_row
from tocsin.orders.sheet_cells import read_amount, read_exact, read_instant, read_micro, zone_of
from tocsin.orders.sheet_reading import Row, Sheet, row_text

T = TypeVar("T")
# An order's number that may be shown: no name, and not of the length of a phone's digits.
_NUMBER = re.compile(r"(?!\+?\d{7,13}\Z)(?=.*\d)[A-Za-z0-9#_.-]{1,40}", re.ASCII)
Group = list[Row]
Build = Callable[[str, Group], Draft]

# Such a word alone, with what it sums up, or before an amount; goods may be called 小计时器.
_totals = re.compile(
    r"(?:本页)?(?:合计|总计|小计|共计|汇总)(?:金额|数量|件数|笔数|单数|人民币|表|行)?(?:[\d\W].*)?", re.DOTALL
)
_totals_en = frozenset({"total", "total:", "totals", "grand total", "subtotal", "sum"})
# What a draft calls the cells that people write text in; other columns keep their own name.
_parts = ("name", "phone", "country", "province", "city", "district", "address", "postcode")
_DRAFT_FIELDS = {
    **{part: f"receiver.{part}" for part in (*_parts[1:], "buyer_note")},
    **{f"{side} {part}": f"receiver.{part}" for side in ("shipping", "billing") for part in _parts},
    **{f"lineitem {name}": f"lines.{{line}}.{field}" for name, field in (("name", "title"), ("sku", "sku"))},
    **{name: f"lines.{{line}}.{name}" for name in ("title", "sku", "spec", "unit")},
    "receiver": "receiver.name", "phone_other": "receiver.phone", "address_other": "receiver.address", "community": "receiver.address",
    "shipping address1": "receiver.address", "notes": "receiver.buyer_note", "order_number": "external_id",
    "name": "external_id", "status": "external_status",
}  # fmt: skip


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


class Columns:
    """A few columns of an opened sheet, read together; a missing one reads as empty cells."""

    def __init__(self, sheet: Sheet, *fields: str) -> None:
        self._fields = fields
        positions = [sheet.at.get(field, -1) for field in fields]
        # itemgetter gives a tuple for two and more: the empty cell is added, so that it always does
        self._take: Callable[[Sequence[str]], tuple[str, ...]] = itemgetter(*positions, -1, -1)
        self._count = len(fields)

    def texts(self, row: Row) -> tuple[str, ...]:
        """Return the cells' text."""
        return self._take(row.cells)[: self._count]

    def amounts(self, row: Row, currency: str) -> list[int | None]:
        """Return amounts in minor units, None for a blank. Raises CellRefused: one is not an amount."""
        try:
            return [read_amount(text, currency) for text in self._take(row.cells)[: self._count]]
        except Refusal:
            return self._read(row, lambda text: read_amount(text, currency))

    def micros(self, row: Row) -> list[int | None]:
        """Return quantities or prices in millionths, None for a blank. Raises CellRefused: not a number."""
        return self._read(row, read_micro)

    def instants(self, row: Row, zone: str) -> list[int | None]:
        """Return instants in UTC microseconds, None for a blank. Raises CellRefused: one is not a time."""
        return self._read(row, lambda text: read_instant(text, zone))

    def exacts(self, row: Row) -> Sequence[str]:
        """Return ids and phones. Raises CellRefused: a spreadsheet has rounded one."""
        texts = self._take(row.cells)
        return self._read(row, read_exact) if "+" in "".join(texts) else texts[: self._count]

    def _read(self, row: Row, read: Callable[[str], T]) -> list[T]:
        texts = self._take(row.cells)[: self._count]
        try:
            return [read(text) for text in texts]
        except Refusal:
            return [
                self._read_one(row, field, partial(read, text))
                for field, text in zip(self._fields, texts, strict=True)
            ]

    def _read_one(self, row: Row, field: str, read: Callable[[], T]) -> T:
        try:
            return read()
        except Refusal as refusal:
            refuse_cell(row, field, refusal)


def check_options(options: ImportOptions) -> None:
    """Refuse a time zone or currency that does not exist, before any row is read.

    Raises:
        ZoneUnknown, CurrencyUnknown.
    """
    zone_of(options.zone)
    minor_digits(options.currency)


def parse_groups(sheet: Sheet, build: Build, *, number: str) -> Parsed:
    """Gather the rows by the field `number`, adjacent or not, and build each order.

    Raises:
        SheetUnreadable, TooManyRows: while the rows are read.
    """
    with collector_paused():  # rows and drafts hold no cycles, and its passes cost a third of the time
        return _parse(sheet, build, number)


def _parse(sheet: Sheet, build: Build, number: str) -> Parsed:
    groups, bad = _gather(sheet, number)
    orders: list[ParsedOrder] = []
    for order_number in list(groups):
        group = groups.pop(order_number)  # its rows are let go as its order is made: not both at once
        try:
            _check_rows(group)
            draft = _tell_stripped(build(order_number, group), sheet, group)
            orders.append(ParsedOrder(group[0].line, draft))
        except CellRefused as refused:
            bad += [_quarantine(row, refused.field, refused.refusal, number=order_number) for row in group]
        except Refusal as refusal:  # of the order as a whole, such as a sum that is too large
            bad += [_quarantine(row, "", refusal, number=order_number) for row in group]
    return Parsed(
        orders=tuple(orders), bad=tuple(sorted(bad, key=lambda each: each.row)), encoding=sheet.encoding,
        columns=sheet.columns, unread_columns=sheet.unread, headings=sheet.headings,
    )  # fmt: skip


def _tell_stripped(draft: Draft, sheet: Sheet, group: Group) -> Draft:
    """Return the draft with the fields whose cells held control or bidi characters."""
    if not any(row.stripped for row in group):
        return draft
    names = {position: field for field, position in sheet.at.items()}
    found = [
        _DRAFT_FIELDS.get(names[at], names[at]).format(line=place)
        for place, row in enumerate(group)
        for at in row.stripped
        if at in names
    ]
    return replace(draft, stripped=tuple(dict.fromkeys(found)))


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
    if key[:1].isdigit():
        return False
    first = key or next(filter(None, row.cells), "")
    return bool(_totals.fullmatch(first)) or first.casefold() in _totals_en


def _check_rows(group: Group) -> None:
    for row in group:
        if row.refusal is not None:
            refuse_cell(row, "row", row.refusal)


def _quarantine(row: Row, field: str, refusal: Refusal, *, number: str = "") -> BadRow:
    found = bad_row(refusal, row.line, field=field, raw=row_text(row))
    return replace(found, number=number) if _NUMBER.fullmatch(number) else found
