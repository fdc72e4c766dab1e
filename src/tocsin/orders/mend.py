"""Quarantined rows of a sheet mended and taken in, all rows of an order together; and their list as a sheet."""

import csv
import io
from collections.abc import Iterable, Iterator
from functools import partial

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.actor import Actor, require
from tocsin.core.db import Database, Tx
from tocsin.core.errors import Refusal
from tocsin.core.journal import write_journal
from tocsin.core.statement import Statement, bind, own
from tocsin.orders.claim import name_orders
from tocsin.orders.headings import field_of
from tocsin.orders.importer import BadRow, ImportOptions, Parsed, ParsedOrder, Source, parse_source
from tocsin.orders.intake import Taken, take_in
from tocsin.orders.quarantine import Quarantined, RowMissing, read_raw
from tocsin.orders.sheet_filling import map_headings
from tocsin.orders.table import import_batch, quarantine

TEXT_MOST = 100_000
_ROWS_BESIDE = 2_500


class RowsStillBad(Refusal):
    """Row {row} can't be read yet: {reason}"""

    kind, code = "invalid", "rows_still_bad"


class RowNotASheets(Refusal):
    """This row is of no sheet that the desk knows: enter the order by hand"""

    kind, code = "invalid", "row_not_a_sheets"


class Mendable(Struct, frozen=True):
    """The rows of one order that wait, with the sheet's headings and their text as it came."""

    rows: tuple[Quarantined, ...]
    headings: tuple[str, ...]
    text: str


class _Sheet(Struct, frozen=True):
    importer: str
    options: str
    headings: str


_fields = tuple(quarantine.c[name] for name in Quarantined.__struct_fields__)
_ONE = Statement(sa.select(*_fields).where(own(quarantine), quarantine.c.id == bind("id")), Quarantined)
_of_batch = sa.select(*_fields).where(
    own(quarantine), quarantine.c.batch_id == bind("batch_id"), quarantine.c.status == "open"
)
_OF_BATCH = Statement(_of_batch.order_by(quarantine.c.id), Quarantined)
_FROM_ROW = Statement(
    _of_batch.where(quarantine.c.id >= bind("row_id")).order_by(quarantine.c.id).limit(bind("limit")),
    Quarantined,
)
_BEFORE_ROW = Statement(
    _of_batch.where(quarantine.c.id < bind("row_id")).order_by(quarantine.c.id.desc()).limit(bind("limit")),
    Quarantined,
)
_SHEET = Statement(
    sa.select(import_batch.c.importer, import_batch.c.options, import_batch.c.headings).where(
        own(import_batch), import_batch.c.id == bind("id")
    ),
    _Sheet,
)
_SETTLE = Statement[None](
    sa.update(quarantine).where(
        own(quarantine), quarantine.c.id == bind("b_id"), quarantine.c.status == "open"
    ),
    sets=("status",),
)


def read_mendable(tx: Tx, actor: Actor, *, row_id: int) -> Mendable:
    """Return the open rows of the order that a quarantined row is of; that somebody reads them is recorded.

    Raises:
        NotAllowed: the actor may not import.
        RowMissing: it is not there, or not open.
    """
    require(actor, "import")
    found = tx.one(_ONE, id=row_id)
    if found is None or found.status != "open":
        raise RowMissing
    sheet = tx.one(_SHEET, id=found.batch_id)
    headings = _headings(sheet)
    rows: tuple[Quarantined, ...] = (found,)
    if sheet is not None and headings:
        rows = _of_same_order(tx, actor, found, at=_number_column(sheet, headings))
    write_journal(
        tx, actor, verb="orders.read_quarantined", subject=f"quarantine:{row_id}", data={"rows": len(rows)}
    )
    return Mendable(rows, headings, "\n".join(read_raw(tx, actor, each) for each in rows))


def retry_rows(db: Database, actor: Actor, *, row_id: int, text: str) -> list[Taken]:
    """Take in what a mended text holds, in one transaction with its rows' end; nothing while any row is bad.

    Raises:
        NotAllowed, RowMissing
        RowNotASheets: the import that it is of is not known.
        RowsStillBad: with the first row and its reason.
        Refusal: intake refuses the order.
    """
    require(actor, "import")
    waiting = db.write(actor.merchant_id, partial(read_mendable, actor=actor, row_id=row_id))
    sheet = db.read(actor.merchant_id, lambda tx: tx.one(_SHEET, id=waiting.rows[0].batch_id))
    if sheet is None:
        raise RowNotASheets
    parsed = _parse(text[:TEXT_MOST], sheet, waiting.headings)
    if parsed.bad or not parsed.orders:
        raise _still_bad(parsed.bad, waiting)
    return db.write(actor.merchant_id, partial(_take, actor=actor, waiting=waiting, orders=parsed.orders))


def begin_error_sheet(tx: Tx, actor: Actor, *, import_id: int) -> tuple[str, ...]:
    """Record that an import's bad rows are taken away, before the first of them; return their headings.

    Raises:
        NotAllowed: the actor may not import.
    """
    require(actor, "import")
    write_journal(
        tx,
        actor,
        verb="orders.error_sheet",
        subject=f"import:{import_id}",
        data={"real": actor.may("reveal")},
    )
    return headings_of(tx, import_id=import_id)


def bad_rows_of(tx: Tx, actor: Actor, *, import_id: int) -> Iterator[tuple[Quarantined, list[str]]]:
    """Yield every open row of an import with its cells, in an open snapshot; without the right to reveal, without a cell."""
    real = actor.may("reveal")
    for row in tx.stream(_OF_BATCH, batch_id=import_id):
        yield row, _cells(read_raw(tx, actor, row)) if real else []


def headings_of(tx: Tx, *, import_id: int) -> tuple[str, ...]:
    """Return the headings of an import's sheet, none where it was no sheet."""
    return _headings(tx.one(_SHEET, id=import_id))


def _take(tx: Tx, *, actor: Actor, waiting: Mendable, orders: Iterable[ParsedOrder]) -> list[Taken]:
    for row in waiting.rows:
        if not tx.run(_SETTLE, b_id=row.id, status="mended"):
            raise RowMissing
    first = waiting.rows[0]
    placed = [replace(each, row=first.row + place) for place, each in enumerate(orders)]
    taken = [take_in(tx, actor, each.draft) for each in name_orders(placed, first.batch_id)]
    write_journal(
        tx, actor, verb="orders.mend_rows", subject=f"quarantine:{first.id}", data={"orders": len(taken)}
    )
    return taken


def _parse(text: str, sheet: _Sheet, headings: tuple[str, ...]) -> Parsed:
    options = msgspec.json.decode(sheet.options, type=ImportOptions)
    if not headings:
        return parse_source(
            Source("", "text/plain", text.encode("utf-8", "replace")), options, sheet.importer
        )
    out = io.StringIO()
    written = csv.writer(out)
    written.writerow(headings)
    written.writerows(_cells(line, len(headings)) for line in text.splitlines() if line.strip())
    plain = replace(options, encoding="utf-8", header_row=1, sheet="")
    return parse_source(
        Source("rows.csv", "text/csv", out.getvalue().encode("utf-8", "replace")), plain, sheet.importer
    )


def _cells(line: str, width: int = 0) -> list[str]:
    """Return the cells of a line; blank ones behind the last heading go, a profile may have added them."""
    cells = next(csv.reader([line]), [])
    while width and len(cells) > width and not cells[-1]:
        cells.pop()
    return cells


def _still_bad(bad: tuple[BadRow, ...], waiting: Mendable) -> Refusal:
    if not bad:
        return RowsStillBad(row=waiting.rows[0].row, reason="there is no order in it")
    row = waiting.rows[0].row + max(bad[0].row - 2, 0) if waiting.headings else waiting.rows[0].row
    return RowsStillBad(row=row, reason=bad[0].reason.format(**bad[0].data))


def _of_same_order(tx: Tx, actor: Actor, found: Quarantined, *, at: int) -> tuple[Quarantined, ...]:
    """Return the open rows with the number of this one; a row without one goes on with the row above it."""
    groups: dict[str, list[Quarantined]] = {}
    key, above = "", -1
    near = {"batch_id": found.batch_id, "row_id": found.id, "limit": _ROWS_BESIDE}
    rows = [*tx.rows(_BEFORE_ROW, **near), *tx.rows(_FROM_ROW, **near)]
    for row in sorted(rows, key=lambda each: each.row):
        cells = _cells(read_raw(tx, actor, row))
        number = cells[at] if 0 <= at < len(cells) else ""
        key = number or (key if row.row == above + 1 else "")
        above = row.row
        if key:
            groups.setdefault(key, []).append(row)
    return next((tuple(rows) for rows in groups.values() if found in rows), (found,))


def _number_column(sheet: _Sheet, headings: tuple[str, ...]) -> int:
    columns = msgspec.json.decode(sheet.options, type=ImportOptions).columns
    find = map_headings(columns, field_of)
    ranked = [
        (int(rank or 0), at)
        for at, heading in enumerate(headings)
        for field, _, rank in [find(heading).partition(":")]
        if field == "order_number"
    ]
    return min(ranked)[1] if ranked else -1


def _headings(sheet: _Sheet | None) -> tuple[str, ...]:
    return msgspec.json.decode(sheet.headings, type=tuple[str, ...]) if sheet and sheet.headings else ()
