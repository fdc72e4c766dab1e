"""Intake of many orders over the API: JSON Lines, a JSON list, or a sheet as CSV."""

from dataclasses import dataclass
from functools import partial
from typing import Annotated

from litestar import Response, post
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema
from litestar.params import FromQuery, QueryParameter, RawBody
from msgspec import Struct

from tocsin.api.guard import ApiRequest, work_once
from tocsin.core.actor import Actor, NotAllowed
from tocsin.core.tenant import get_shop
from tocsin.desk import Desk
from tocsin.orders.bulk import take_in_all
from tocsin.orders.importer import BadRow, ImportOptions, Source, parse_source
from tocsin.orders.quarantine import quarantine_rows

Channel = Annotated[str, QueryParameter(max_length=40)]
# Read by the route itself: each row may be wrong by itself, so the framework knows of no body.
_ORDER = Schema(type=OpenAPIType.OBJECT, description="As the body of `POST /api/v1/orders`")
_BODIES = {
    "application/json": Schema(type=OpenAPIType.ARRAY, items=_ORDER),
    "application/x-ndjson": Schema(type=OpenAPIType.STRING, description="One order per line"),
    "text/csv": Schema(type=OpenAPIType.STRING, description="A sheet: a row of headings, then the orders"),
}


@dataclass
class _Import(Operation):
    """The operation with the bodies that it takes."""

    def __post_init__(self) -> None:
        self.request_body = RequestBody(
            content={kind: OpenAPIMediaType(schema=schema) for kind, schema in _BODIES.items()}, required=True
        )


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


@post("/orders/import", sync_to_thread=True, status_code=200, operation_class=_Import)
def import_orders(
    request: ApiRequest, *, body: RawBody, shop: FromQuery[str] = "", channel: Channel = ""
) -> Response[ImportedOut]:
    """Take in many orders, each by itself: JSON Lines, a JSON list, or CSV by `Content-Type: text/csv`.

    `channel` is that of each order that names none itself; without it JSON is `api`, and CSV what the page for sheets takes.
    """
    kind = request.headers.get("content-type", "").partition(";")[0]

    def run(desk: Desk, actor: Actor) -> ImportedOut:
        if not (actor.may("import") or actor.may("amend")):
            raise NotAllowed(right="import")
        place = desk.db.read(actor.merchant_id, lambda tx: get_shop(tx, code=shop))
        options = ImportOptions(
            channel=channel.strip() or ("" if kind == "text/csv" else "api"), shop=place.code, zone=place.zone,
            currency=place.currency,
        )  # fmt: skip
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
