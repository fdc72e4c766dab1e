"""A sheet that nobody knows: kept sealed while its columns are given their fields, foreseen under each mapping.

It is an import that can't be committed yet; with a profile it becomes one like any other.
"""

from functools import partial

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.actor import Actor, require
from tocsin.core.db import Database, Tx
from tocsin.core.statement import Statement, among, any_of, bind, own
from tocsin.orders.importer import ImportOptions, Parsed, Source, open_source, parse_source
from tocsin.orders.importing import MAPPING, ImportMissing, Previewed, foresee_parsed, keep_import, read_kept
from tocsin.orders.profile import Column, Profile, save_profile, suggest_columns
from tocsin.orders.table import import_batch, order_head

PREVIEW_BYTES = 1 << 18


class Mapping(Struct, frozen=True):
    """What a mapping makes of a sheet, or of its beginning where it is long; `printed` have been on paper."""

    previewed: Previewed
    printed: frozenset[int]
    whole: bool


_PRINTED = Statement[tuple[int]](
    sa.select(order_head.c.id).where(
        own(order_head), any_of(order_head.c.id, "ids"), among(order_head.c.desk_state, "printed", "archived")
    )
)
_SETTLE = Statement[None](
    sa.update(import_batch).where(
        own(import_batch), import_batch.c.id == bind("b_id"), import_batch.c.status == bind("b_from", str)
    ),
    sets=("status", "importer", "options", "orders", "bad_rows", "headings"),
)


def keep_sheet(db: Database, actor: Actor, *, source: Source, sheet: str = "", header_row: int = 0) -> int:
    """Keep a sheet, sealed, until its columns are known; return its id. A worksheet is kept as text.

    Raises:
        NotAllowed: the actor may not import.
        HeadingsMissing: it has no row of headings.
        Refusal: the file as a whole can't be read.
    """
    require(actor, "import")
    text = open_source(source, sheet=sheet)
    header_row, columns = suggest_columns(text, header_row=header_row)
    options = ImportOptions(header_row=header_row)
    parsed = Parsed(orders=(), bad=(), headings=tuple(column.heading for column in columns))
    keep = partial(
        keep_import,
        actor=actor,
        source=text,
        options=options,
        importer="sheet",
        parsed=parsed,
        status=MAPPING,
    )
    return db.write(actor.merchant_id, keep)


def read_sheet(db: Database, actor: Actor, *, import_id: int) -> tuple[str, int, tuple[Column, ...]]:
    """Return a kept sheet's name, its heading row and its columns with what they hold.

    Raises:
        NotAllowed
        ImportMissing: there is none, or its columns are known already.
    """
    source, options = _read(db, actor, import_id)
    return source.filename, *suggest_columns(source, header_row=options.header_row)


def preview_mapping(db: Database, actor: Actor, *, import_id: int, profile: Profile) -> Mapping:
    """Return what an import under a profile would make of a kept sheet; nothing is stored.

    Raises:
        NotAllowed, ImportMissing
        Refusal: the sheet can't be read in this way.
    """
    source, _ = _read(db, actor, import_id)
    whole = len(source.data) <= PREVIEW_BYTES
    beginning = source.data if whole else source.data[: source.data.rfind(b"\n", 0, PREVIEW_BYTES) + 1]
    options = profile.options()
    parsed = parse_source(
        Source(source.filename, source.content_type, beginning, unpacked=True), options, importer="sheet"
    )

    def foresee(tx: Tx) -> Mapping:
        found = foresee_parsed(tx, import_id=import_id, parsed=parsed)
        return Mapping(found, printed_among(tx, found), whole)

    return db.read(actor.merchant_id, foresee)


def settle_mapping(db: Database, actor: Actor, *, import_id: int, profile: Profile) -> None:
    """Keep the profile and let the sheet be imported by it.

    Raises:
        NotAllowed, ImportMissing
        Refusal: the profile is wrong, or the sheet can't be read in this way.
    """
    source, _ = _read(db, actor, import_id)
    options = replace(profile.options(), sheet="")
    parsed = parse_source(source, options, importer="sheet")

    def settle(tx: Tx) -> None:
        save_profile(tx, actor, profile=profile)
        settled = tx.run(
            _SETTLE, b_id=import_id, b_from=MAPPING, status="previewed", importer="sheet", orders=len(parsed.orders),
            options=msgspec.json.encode(options).decode(), bad_rows=len(parsed.bad),
            headings=msgspec.json.encode(parsed.headings).decode(),
        )  # fmt: skip
        if not settled:
            raise ImportMissing

    db.write(actor.merchant_id, settle)


def printed_among(tx: Tx, previewed: Previewed) -> frozenset[int]:
    """Return those of a preview's orders that have been on paper, and would be another order than their ticket says."""
    ids = [each.taken.order_id for each in previewed.foreseen if each.taken.result == "changed"]
    return frozenset(row[0] for row in tx.rows(_PRINTED, ids=ids)) if ids else frozenset()


def _read(db: Database, actor: Actor, import_id: int) -> tuple[Source, ImportOptions]:
    require(actor, "import")
    found, source = db.read(actor.merchant_id, partial(read_kept, import_id=import_id))
    if found.status != MAPPING:
        raise ImportMissing
    return source, msgspec.json.decode(found.options, type=ImportOptions)
