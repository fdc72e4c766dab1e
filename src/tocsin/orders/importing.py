"""Sheets on their way in: stored sealed, previewed as a commit would take them, listed."""

import hashlib
from functools import partial

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.actor import Actor, require
from tocsin.core.db import Database, Tx
from tocsin.core.errors import Refusal
from tocsin.core.ident import new_id
from tocsin.core.journal import write_journal
from tocsin.core.mask import mask_name
from tocsin.core.money import plain_minor
from tocsin.core.statement import Statement, bind, insert_into, own
from tocsin.core.vault import seal, unseal
from tocsin.orders.claim import name_orders
from tocsin.orders.draft import Draft
from tocsin.orders.importer import (
    ImportOptions,
    Parsed,
    ParsedOrder,
    Source,
    bad_row,
    open_source,
    parse_source,
)
from tocsin.orders.intake import Taken, foresee
from tocsin.orders.profile import find_profile
from tocsin.orders.table import import_batch

MAPPING = "mapping"
"""The state of a sheet whose columns are not known yet."""


class ImportMissing(Refusal):
    """There is no such import, or it was committed already: upload the file again"""

    kind, code = "missing", "import_missing"


class Import(Struct, frozen=True):
    """An uploaded sheet and what became of it; `committing`, until it is whole."""

    id: int
    filename: str
    sha256: str
    importer: str
    options: str
    status: str
    orders: int
    created: int
    changed: int
    unchanged: int
    conflicts: int
    bad_rows: int
    actor_name: str
    at_us: int
    done_at_us: int | None


class Foreseen(Struct, frozen=True):
    """One order of a preview: its row in the file, and what a commit would make of it."""

    row: int
    external_id: str
    receiver_name: str
    payable: str
    lines: int
    taken: Taken


class Previewed(Struct, frozen=True):
    """A stored upload, its orders as a commit would take them, and its bad rows."""

    import_id: int
    parsed: Parsed
    foreseen: tuple[Foreseen, ...]

    def counts(self) -> dict[str, int]:
        """Return how many orders would be new, changed, moved, unchanged, in conflict or older; and bad rows."""
        found = dict.fromkeys(("new", "changed", "moved", "unchanged", "conflict", "older"), 0)
        for each in self.foreseen:
            found[each.taken.result] += 1
        return {**found, "bad": len(self.parsed.bad)}


_COLUMNS = tuple(import_batch.c[name] for name in Import.__struct_fields__)
_ADD = insert_into(import_batch)
_ONE = Statement(sa.select(*_COLUMNS).where(own(import_batch), import_batch.c.id == bind("id")), Import)
_LIST = Statement(
    sa.select(*_COLUMNS).where(own(import_batch)).order_by(import_batch.c.id.desc()).limit(bind("limit")),
    Import,
)
_FILE = Statement[tuple[bytes]](
    sa.select(import_batch.c.sealed_file).where(own(import_batch), import_batch.c.id == bind("id"))
)


def upload_sheet(
    db: Database, actor: Actor, *, source: Source, options: ImportOptions, importer: str = ""
) -> Previewed:
    """Read a sheet, store it sealed, and tell what a commit would make of each order.

    Raises:
        NotAllowed: the actor may not import.
        Refusal: the file as a whole can't be read.
    """
    require(actor, "import")
    text, sheet = open_source(source, sheet=options.sheet), options.sheet
    if not importer:
        found = db.read(actor.merchant_id, partial(find_profile, text=text))
        options, importer = (found.options(), found.importer) if found else (options, importer)
    parsed = parse_source(text if options.sheet == sheet else source, options, importer=importer)
    del text  # beside the orders the file alone is held
    import_id = db.write(
        actor.merchant_id,
        partial(keep_import, actor=actor, source=source, options=options, importer=importer, parsed=parsed),
    )
    return db.read(actor.merchant_id, partial(foresee_parsed, import_id=import_id, parsed=parsed))


def preview_import(db: Database, actor: Actor, *, import_id: int) -> Previewed:
    """Return the preview of an uploaded sheet again.

    Raises:
        NotAllowed, ImportMissing
    """
    require(actor, "import")
    parsed = read_import(db, actor, import_id=import_id)
    return db.read(actor.merchant_id, partial(foresee_parsed, import_id=import_id, parsed=parsed))


def get_import(tx: Tx, *, import_id: int) -> Import:
    """Return an import.

    Raises:
        ImportMissing: there is none.
    """
    found = tx.one(_ONE, id=import_id)
    if found is None:
        raise ImportMissing
    return found


def list_imports(tx: Tx, *, limit: int = 50) -> list[Import]:
    """Return the newest imports."""
    return tx.rows(_LIST, limit=limit)


def keep_import(
    tx: Tx, actor: Actor, *, source: Source, options: ImportOptions, importer: str, parsed: Parsed, status: str = "previewed",
) -> int:  # fmt: skip
    """Keep a sheet, sealed, as an import that was not committed yet; return its id."""
    import_id = new_id()
    sealed = seal(
        tx.vault.keys(tx).wrapping, msgspec.msgpack.encode(source), bound_to=b"import %d" % import_id
    )
    tx.run(
        _ADD, id=import_id, filename=source.filename[:200], sha256=hashlib.sha256(source.data).hexdigest(),
        importer=importer, options=msgspec.json.encode(options).decode(), status=status,
        orders=len(parsed.orders), created=0, changed=0, unchanged=0, conflicts=0, bad_rows=len(parsed.bad),
        actor_id=actor.id, actor_name=actor.name, at_us=tx.now_us, done_at_us=None, sealed_file=sealed,
        headings=msgspec.json.encode(parsed.headings).decode(),
    )  # fmt: skip
    write_journal(
        tx, actor, verb="orders.upload", subject=f"import:{import_id}", data={"orders": len(parsed.orders)}
    )
    return import_id


def read_import(db: Database, actor: Actor, *, import_id: int) -> Parsed:
    """Return the orders of an uploaded sheet, read again.

    Raises:
        ImportMissing: it is not there, was committed, or its columns are not known yet.
    """
    found, source = db.read(actor.merchant_id, partial(read_kept, import_id=import_id))
    if found.status == MAPPING:
        raise ImportMissing
    options = msgspec.json.decode(found.options, type=ImportOptions)
    return parse_source(source, options, importer=found.importer)


def read_kept(tx: Tx, *, import_id: int) -> tuple[Import, Source]:
    """Return an import with its file.

    Raises:
        ImportMissing: it is not there, or was committed.
    """
    found, row = get_import(tx, import_id=import_id), tx.one(_FILE, id=import_id)
    if row is None or row[0] is None or found.status == "committed":
        raise ImportMissing
    plain = unseal(tx.vault.keys(tx).wrapping, row[0], bound_to=b"import %d" % import_id)
    return found, msgspec.msgpack.decode(plain, type=Source)


def foresee_parsed(tx: Tx, *, import_id: int, parsed: Parsed) -> Previewed:
    """Foresee each order; one that a commit would refuse stands among the bad rows already."""
    foreseen, good, bad = list[Foreseen](), list[ParsedOrder](), list(parsed.bad)
    for each, named in zip(parsed.orders, name_orders(parsed.orders, import_id), strict=True):
        try:
            foreseen.append(_foresee(tx, each, named.draft))
            good.append(each)
        except Refusal as refusal:
            field = str(refusal.data.get("field", ""))
            bad.append(bad_row(refusal, each.row, field=field, raw=each.draft.external_id))
    return Previewed(import_id, replace(parsed, orders=tuple(good), bad=tuple(bad)), tuple(foreseen))


def _foresee(tx: Tx, each: ParsedOrder, named: Draft) -> Foreseen:
    draft = each.draft
    payable = draft.totals.payable_minor
    shown = "" if payable is None else plain_minor(payable, draft.currency)
    return Foreseen(
        each.row,
        draft.external_id,
        mask_name(draft.receiver.name),
        shown,
        len(draft.lines),
        foresee(tx, named),
    )
