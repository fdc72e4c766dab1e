"""Intake of many orders over the API: JSON Lines, a JSON list, or a sheet as CSV."""

from functools import partial

from litestar import Response, post
from litestar.params import FromQuery, RawBody
from msgspec import Struct

from tocsin.api.guard import ApiRequest, work_once
from tocsin.core.actor import Actor, NotAllowed
from tocsin.core.tenant import get_shop
from tocsin.desk import Desk
from tocsin.orders.bulk import take_in_all
from tocsin.orders.importer import BadRow, ImportOptions, Source, parse_source
from tocsin.orders.quarantine import quarantine_rows


class RowOut(Struct, frozen=True):
    """What became of the order that begins in a row."""

    row: int
    result: str
    number: str
    revision: int


class BadRowOut(Struct, frozen=True):
    """A row that was not taken in: where and why."""

    row: int
    field: str
    code: str
    reason: str


class ImportedOut(Struct, frozen=True, kw_only=True):
    """What became of all rows, counted by result."""

    counts: dict[str, int]
    rows: tuple[RowOut, ...]
    bad_rows: tuple[BadRowOut, ...]


@post("/orders/import", sync_to_thread=True, status_code=200)
def import_orders(request: ApiRequest, *, body: RawBody, shop: FromQuery[str] = "") -> Response[ImportedOut]:
    """Take in many orders, each by itself: JSON Lines, a JSON list, or CSV by `Content-Type: text/csv`."""
    kind = request.headers.get("content-type", "").partition(";")[0]

    def run(desk: Desk, actor: Actor) -> ImportedOut:
        if not (actor.may("import") or actor.may("amend")):
            raise NotAllowed(right="import")
        place = desk.db.read(actor.merchant_id, lambda tx: get_shop(tx, code=shop))
        options = ImportOptions(channel="api", shop=place.code, zone=place.zone, currency=place.currency)
        parsed = parse_source(
            Source("body", kind, body), options, "" if kind == "text/csv" else "orders_json"
        )
        done = take_in_all(desk.db, actor, parsed.orders)
        wrong = [*parsed.bad, *done.bad]
        desk.db.write(actor.merchant_id, partial(quarantine_rows, batch_id=0, rows=wrong))
        bad = tuple(bad_row_out(row) for row in wrong)
        rows = tuple(RowOut(r.row, r.taken.result, r.taken.number, r.taken.revision) for r in done.rows)
        return ImportedOut(counts=_count([row.result for row in rows], len(bad)), rows=rows, bad_rows=bad)

    return work_once(request, body, run)


def bad_row_out(row: BadRow) -> BadRowOut:
    """Return a bad row with its reason in English."""
    return BadRowOut(row.row, row.field, row.code, row.reason.format_map(_Lenient(row.data)))


def _count(results: list[str], bad: int) -> dict[str, int]:
    counts = {
        name: results.count(name) for name in ("new", "unchanged", "changed", "moved", "conflict", "older")
    }
    return {**counts, "bad": bad}


class _Lenient(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "?"


IMPORTS = [import_orders]
