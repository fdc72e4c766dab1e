"""The sweep behind an erasure: every place that may hold a person's text beside his parties, in small pieces.

Each place is read by its key, unsealed, and emptied where a needle is in it. What can't be read as text (a
workbook that waits to be committed) goes whole: it can be uploaded again.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.db import Database, Tx
from tocsin.core.forget import overwrite_freed
from tocsin.core.idempotency import forget_answers
from tocsin.core.party import Party, plain_phone
from tocsin.core.statement import Statement, bind, own
from tocsin.core.vault import unseal
from tocsin.orders.table import download, import_batch, lookup, quarantine, screen

PIECE = 500
_ENCODINGS = ("utf-8", "gb18030", "utf-16")
_LEAST_NAME, _LEAST_ADDRESS, _LEAST_PHONE = 2, 4, 6


class Needles(Struct, frozen=True):
    """Texts that tell of one person: names, addresses, and phones without spaces and prefix."""

    texts: tuple[str, ...]
    phones: tuple[str, ...]

    def are_in(self, text: str) -> bool:
        """Tell whether a text tells of him."""
        plain = plain_phone(text)
        return any(one in text for one in self.texts) or any(one in plain for one in self.phones)

    def may_be_in(self, data: bytes) -> bool:
        """Tell whether a file may tell of him: any that is packed may."""
        if data[:2] == b"PK" or data[:4] == b"\xd0\xcf\x11\xe0":
            return True
        return any(self.are_in(data.decode(encoding, "replace")) for encoding in _ENCODINGS)


def needles_of(parties: Iterable[Party]) -> Needles:
    """Return what to look for."""
    parties = list(parties)
    names = {one.name.strip() for one in parties if len(one.name.strip()) >= _LEAST_NAME}
    places = {one.address.strip() for one in parties if len(one.address.strip()) >= _LEAST_ADDRESS}
    phones = {plain_phone(one.phone) for one in parties}
    return Needles(tuple(sorted(names | places)), tuple(sorted(p for p in phones if len(p) >= _LEAST_PHONE)))


def _select(table: sa.Table, *names: str) -> Statement[Any]:
    columns = [table.c[name] for name in names]
    return Statement(
        sa.select(table.c.id, *columns).where(own(table), table.c.id > bind("after"))
        .order_by(table.c.id).limit(bind("limit"))
    )  # fmt: skip


def _change(table: sa.Table, *names: str) -> Statement[None]:
    return Statement[None](sa.update(table).where(own(table), table.c.id == bind("b_id")), sets=names)


_LOOKUPS, _LOOKUP = _select(lookup, "sealed_query"), _change(lookup, "sealed_query", "query_digest")
_ROWS, _ROW = _select(quarantine, "sealed_raw", "data"), _change(quarantine, "sealed_raw", "data", "status")
_FILES, _FILE = _select(import_batch, "sealed_file", "status"), _change(import_batch, "sealed_file")
_DOWNLOADS, _DOWNLOAD = _select(download, "filter"), _change(download, "filter")
_SCREENS = _select(screen, "name", "filter")
_DROP_SCREEN = Statement[None](sa.delete(screen).where(own(screen), screen.c.id == bind("b_id")))
Piece = Callable[[Tx, Needles, list[Any]], int]


def _blank_lookups(tx: Tx, needles: Needles, rows: list[Any]) -> int:
    key, bound, count = tx.vault.keys(tx).wrapping, b"lookup %d" % tx.merchant_id, 0
    for row_id, sealed in rows:
        if sealed and needles.are_in(unseal(key, sealed, bound_to=bound).decode()):
            count += tx.run(_LOOKUP, b_id=row_id, sealed_query=b"", query_digest="")
    return count


def _blank_rows(tx: Tx, needles: Needles, rows: list[Any]) -> int:
    key, count = tx.vault.keys(tx).wrapping, 0
    for row_id, sealed, data in rows:
        raw = unseal(key, sealed, bound_to=b"quarantine %d" % row_id).decode() if sealed else ""
        if needles.are_in(raw) or needles.are_in(data):
            count += tx.run(_ROW, b_id=row_id, sealed_raw=b"", data="{}", status="dropped")
    return count


def _drop_files(tx: Tx, needles: Needles, rows: list[Any]) -> int:
    key, count = tx.vault.keys(tx).wrapping, 0
    for row_id, sealed, status in rows:
        if sealed and status not in (
            "committed",
            "committing",
        ):  # then it is, or will be, the list of its orders
            plain = unseal(key, sealed, bound_to=b"import %d" % row_id)
            source: dict[str, Any] = msgspec.msgpack.decode(plain)
            if needles.may_be_in(bytes(source["data"])):
                count += tx.run(_FILE, b_id=row_id, sealed_file=None)
    return count


def _blank_filters(tx: Tx, needles: Needles, rows: list[Any]) -> int:
    return sum(tx.run(_DOWNLOAD, b_id=row_id, filter="{}") for row_id, text in rows if needles.are_in(text))


def _drop_screens(tx: Tx, needles: Needles, rows: list[Any]) -> int:
    return sum(
        tx.run(_DROP_SCREEN, b_id=row_id)
        for row_id, name, text in rows
        if needles.are_in(name) or needles.are_in(text)
    )


PLACES: dict[str, tuple[Statement[Any], Piece]] = {
    "lookups": (_LOOKUPS, _blank_lookups),
    "quarantine": (_ROWS, _blank_rows),
    "imports": (_FILES, _drop_files),
    "downloads": (_DOWNLOADS, _blank_filters),
    "screens": (_SCREENS, _drop_screens),
}
"""The places of a merchant's database beside the party, each by name: how it is read, and how it is emptied."""


def sweep_places(db: Database, merchant_id: int, needles: Needles) -> dict[str, int]:
    """Empty what tells of a person in every place; return how much was found in each."""
    found = dict.fromkeys((*PLACES, "answers"), 0)
    for name, (statement, empty) in PLACES.items():
        after = 0
        while True:
            after, count, ended = db.write(
                merchant_id, _piece(statement, empty, needles=needles, after=after)
            )
            found[name] += count
            if ended:
                break
    found["answers"] = db.write(merchant_id, lambda tx: forget_answers(tx, tells_of=needles.are_in))
    return found


def _piece(
    statement: Statement[Any], empty: Piece, *, needles: Needles, after: int
) -> Callable[[Tx], tuple[int, int, bool]]:
    def sweep(tx: Tx) -> tuple[int, int, bool]:
        overwrite_freed(tx)
        rows = tx.rows(statement, after=after, limit=PIECE)
        return (rows[-1][0] if rows else after), empty(tx, needles, rows), len(rows) < PIECE

    return sweep


def sweep_files(paths: list[Path]) -> None:
    """Remove files; one that is gone already is."""
    for path in paths:
        path.unlink(missing_ok=True)
