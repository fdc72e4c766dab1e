"""Rows in quarantine as pages: mended in place and tried again, or taken away as a sheet of errors."""

from collections.abc import Iterator
from functools import partial
from typing import Any, BinaryIO

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import Redirect, Stream

from tocsin.core.actor import require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.orders.export import Piped
from tocsin.orders.format import Content, find_format, write_file
from tocsin.orders.mend import Mendable, bad_rows_of, begin_error_sheet, read_mendable, retry_rows
from tocsin.orders.quarantine import Quarantined
from tocsin.web.form import read_form, read_number
from tocsin.web.guard import PageRequest, enter
from tocsin.web.say import say
from tocsin.web.shell import go, show, status_of, told, words_of
from tocsin.web.words import Words


@get("/quarantine/{row_id:str}", sync_to_thread=True)
def get_row(request: PageRequest, *, row_id: FromPath[str]) -> Response[str]:
    """Show the waiting rows of one order as they came, to be mended; recorded."""
    desk, actor = enter(request)
    require(actor, "import")
    wanted = read_number(row_id)
    found = desk.db.write(actor.merchant_id, lambda tx: read_mendable(tx, actor, row_id=wanted))
    return _show(request, found, wanted=wanted, text=found.text)


@post("/quarantine/{row_id:str}/retry", sync_to_thread=True, status_code=200)
def post_retry(request: PageRequest, *, row_id: FromPath[str], body: RawBody) -> Response[str] | Redirect:
    """Try mended rows again: taken in whole, or shown again with what is still wrong."""
    desk, actor = enter(request)
    text = read_form(request, body).get("rows", "")
    require(actor, "import")
    wanted = read_number(row_id)
    try:
        retry_rows(desk.db, actor, row_id=wanted, text=text)
    except Refusal as refusal:
        if refusal.kind != "invalid":
            raise
        found = desk.db.write(actor.merchant_id, lambda tx: read_mendable(tx, actor, row_id=wanted))
        return _show(request, found, wanted=wanted, text=text, refusal=refusal)
    return go("/quarantine", done="issued")


@get("/imports/{import_id:str}/errors.csv", sync_to_thread=True)
def get_errors(request: PageRequest, *, import_id: FromPath[str]) -> Stream:
    """Send all bad rows of an import as a sheet, as they are read: row, reason and cure, and the cells for who may reveal."""
    desk, actor = enter(request)
    wanted, words = read_number(import_id), words_of(request, actor)
    begin = partial(begin_error_sheet, actor=actor, import_id=wanted)
    headings = desk.db.write(actor.merchant_id, begin)
    names = [
        *(words.translate(name) for name in ("Row", "Field", "Reason")),
        *(headings if actor.may("reveal") else ()),
    ]

    def rows(tx: Tx) -> Iterator[tuple[str, ...]]:
        for row, cells in bad_rows_of(tx, actor, import_id=wanted):
            told_row = (str(row.row), row.field, _reason(row, words), *cells)
            yield told_row + ("",) * (len(names) - len(told_row))

    def write(tx: Tx, out: BinaryIO) -> None:
        write_file(find_format("csv"), Content(names, lambda: rows(tx), lambda: ()), out)

    return Stream(
        iter(Piped(desk.db, actor.merchant_id, write=write)), media_type="text/csv", headers={"content-disposition": f'attachment; filename="errors-{wanted}.csv"'}
    )  # fmt: skip


def _show(
    request: PageRequest, found: Mendable, *, wanted: int, text: str, refusal: Refusal | None = None
) -> Response[str]:
    _, actor = enter(request)
    words = words_of(request, actor)
    reasons = [{"row": row.row, "reason": _reason(row, words)} for row in found.rows]
    context: dict[str, Any] = {
        "row_id": wanted, "headings": found.headings, "text": text, "reasons": reasons,
        "lines": min(max(len(found.rows) + 2, 4), 16), "error": told(refusal, words) if refusal else "",
    }  # fmt: skip
    status = status_of(refusal) if refusal else 200
    return show(request, "orders/mend.html", actor=actor, section="import", status=status, **context)


def _reason(row: Quarantined, words: Words) -> str:
    return say(row.reason, msgspec.json.decode(row.data, type=dict[str, str]), words)


MENDING = [get_row, post_retry, get_errors]
