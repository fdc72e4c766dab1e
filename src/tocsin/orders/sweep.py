"""The sweep behind an erasure: every place that may hold a person's text beside his parties, in small pieces.

Each place is read by its key, unsealed, and emptied where a needle is in it. An old workbook that can't be read here
goes whole while it waits to be committed: it can be uploaded again.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.db import Database, Tx
from tocsin.core.forget import overwrite_freed
from tocsin.core.idempotency import forget_answers
from tocsin.core.party import Party, plain_phone
from tocsin.core.preference import preference
from tocsin.core.statement import Statement, bind, own
from tocsin.core.vault import unseal
from tocsin.orders.conflict import KEPT, forget_conflict, tells_conflict
from tocsin.orders.kept_files import download_files, members_of, remove_after, remove_telling
from tocsin.orders.table import (
    download,
    erasure,
    hold,
    import_batch,
    legal_hold,
    lookup,
    quarantine,
    screen,
    second_ask,
    watch,
)

PIECE = 500
_ENCODINGS = ("utf-8", "gb18030", "utf-16-le", "utf-16-be")
_LEAST_NAME, _LEAST_ADDRESS, _LEAST_PHONE = 2, 4, 6
_OLD_WORKBOOK = b"\xd0\xcf\x11\xe0"


class Needles(Struct, frozen=True):
    """Texts that tell of one person: names, addresses, and phones without spaces and prefix."""

    texts: tuple[str, ...]
    phones: tuple[str, ...]

    def are_in(self, text: str) -> bool:
        """Tell whether a text tells of him."""
        plain = plain_phone(text)
        return any(one in text for one in self.texts) or any(one in plain for one in self.phones)

    def are_in_bytes(self, data: bytes) -> bool:
        """Tell whether a file tells of him, in an encoding of our sheets; an old workbook may."""
        return data[:4] == _OLD_WORKBOOK or any(
            self.are_in(data.decode(encoding, "ignore")) for encoding in _ENCODINGS
        )

    def are_in_file(self, data: bytes) -> bool:
        """Tell whether a file or one of its members tells of him."""
        return self.are_in_bytes(data) or any(map(self.are_in_bytes, members_of(data)))

    def hide(self, text: str, *, name: str = "***", phone: str = "***") -> str:
        """Return a text with other words in the place of his; a phone also where it is written with spaces."""
        for one in sorted(self.texts, key=len, reverse=True):
            text = text.replace(one, name)
        for one in self.phones:
            text = re.sub(r"[\s\-()]*".join(map(re.escape, one)), phone, text)
        return text


def needles_of(parties: Iterable[Party]) -> Needles:
    """Return what to look for."""
    parties = list(parties)
    names = {one.name.strip() for one in parties if len(one.name.strip()) >= _LEAST_NAME}
    places = {one.address.strip() for one in parties if len(one.address.strip()) >= _LEAST_ADDRESS}
    phones = {plain_phone(one.phone) for one in parties}
    return Needles(tuple(sorted(names | places)), tuple(sorted(p for p in phones if len(p) >= _LEAST_PHONE)))


def _select(table: sa.Table, *names: str, key: str = "id") -> Statement[Any]:
    columns = [table.c[name] for name in (key, *names)]
    return Statement(
        sa.select(*columns).where(own(table), table.c[key] > bind("after"))
        .order_by(table.c[key]).limit(bind("limit"))
    )  # fmt: skip


def _change(table: sa.Table, *names: str, key: str = "id") -> Statement[None]:
    return Statement[None](sa.update(table).where(own(table), table.c[key] == bind("b_id")), sets=names)


_LOOKUPS, _LOOKUP = _select(lookup, "sealed_query"), _change(lookup, "sealed_query", "query_digest")
_ROWS, _ROW = _select(quarantine, "sealed_raw", "data"), _change(quarantine, "sealed_raw", "data", "status")
_FILES = _select(import_batch, "sealed_file", "status", "filename")
_FILE, _FILENAME = _change(import_batch, "sealed_file"), _change(import_batch, "filename")
_DOWNLOADS, _DOWNLOAD = (
    _select(download, "name", "filter", "reason"),
    _change(download, "filter", "reason"),
)
_SCREENS = _select(screen, "name", "filter")
_DROP_SCREEN = Statement[None](sa.delete(screen).where(own(screen), screen.c.id == bind("b_id")))
_CHOSEN = Statement[tuple[int, str, int, str]](
    sa.select(preference.c.shop_id, preference.c.box, preference.c.revision, preference.c.value)
    .where(own(preference), preference.c.shop_id >= bind("least"))
)  # fmt: skip
_CHOOSE = Statement[None](
    sa.update(preference).where(
        own(preference), preference.c.shop_id == bind("b_shop"), preference.c.box == bind("b_box", str),
        preference.c.revision == bind("b_revision"),
    ),
    sets=("value",),
)  # fmt: skip
_WATCHES = _select(watch, "sealed", "reason")
_DROP_WATCH = Statement[None](sa.delete(watch).where(own(watch), watch.c.id == bind("b_id")))
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
    for row_id, sealed, status, filename in rows:
        if needles.are_in(filename):
            count += tx.run(_FILENAME, b_id=row_id, filename=needles.hide(filename))
        # What is committed is the list of its orders, and what is being committed will be.
        if sealed and status not in ("committed", "committing"):
            plain = unseal(key, sealed, bound_to=b"import %d" % row_id)
            source: dict[str, Any] = msgspec.msgpack.decode(plain)
            if needles.are_in(str(source["filename"])) or needles.are_in_file(bytes(source["data"])):
                count += tx.run(_FILE, b_id=row_id, sealed_file=None)
    return count


def _drop_conflicts(tx: Tx, needles: Needles, rows: list[Any]) -> int:
    return sum(
        forget_conflict(tx, order_id=order_id)
        for order_id, person_id, sealed in rows
        if tells_conflict(tx, order_id=order_id, person_id=person_id, sealed=sealed, told=needles.are_in)
    )


def _blank_downloads(tx: Tx, needles: Needles, rows: list[Any]) -> int:
    count = 0
    for row_id, name, wanted, reason in rows:
        remove_after(tx, download_files(name))
        if needles.are_in(wanted) or needles.are_in(reason):
            kept = "{}" if needles.are_in(wanted) else wanted
            count += tx.run(_DOWNLOAD, b_id=row_id, filter=kept, reason=needles.hide(reason))
    return count


def _drop_screens(tx: Tx, needles: Needles, rows: list[Any]) -> int:
    return sum(
        tx.run(_DROP_SCREEN, b_id=row_id)
        for row_id, name, text in rows
        if needles.are_in(name) or needles.are_in(text)
    )


def _drop_watches(tx: Tx, needles: Needles, rows: list[Any]) -> int:
    key, count = tx.vault.keys(tx).wrapping, 0
    for row_id, sealed, reason in rows:
        if needles.are_in(unseal(key, sealed, bound_to=b"watch %d" % row_id).decode()) or needles.are_in(
            reason
        ):
            count += tx.run(_DROP_WATCH, b_id=row_id)
    return count


def hide_in(table: sa.Table, *names: str, key: str = "id") -> tuple[Statement[Any], Piece]:
    """Return the place of reasons: his texts become stars in them."""
    change = _change(table, *names, key=key)

    def hide(tx: Tx, needles: Needles, rows: list[Any]) -> int:
        told = [row for row in rows if any(map(needles.are_in, row[1:]))]
        return sum(
            tx.run(change, b_id=row[0], **dict(zip(names, map(needles.hide, row[1:]), strict=True)))
            for row in told
        )

    return _select(table, *names, key=key), hide


PLACES: dict[str, tuple[Statement[Any], Piece]] = {
    "lookups": (_LOOKUPS, _blank_lookups),
    "quarantine": (_ROWS, _blank_rows),
    "imports": (_FILES, _drop_files),
    "conflicts": (KEPT, _drop_conflicts),
    "downloads": (_DOWNLOADS, _blank_downloads),
    "screens": (_SCREENS, _drop_screens),
    "holds": hide_in(hold, "reason", "closed_reason"),
    "legal_holds": hide_in(legal_hold, "reason", key="order_id"),
    "erasures": hide_in(erasure, "reason"),
    "watches": (_WATCHES, _drop_watches),
    "second_asks": hide_in(second_ask, "reason"),
}
"""The places of a merchant's database beside the party, each by name: how it is read, and how it is emptied."""


def sweep_places(db: Database, merchant_id: int, needles: Needles) -> dict[str, int]:
    """Empty what tells of a person in every place; return how much was found in each."""
    found = dict.fromkeys(PLACES, 0)
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
    found["rules"] = db.write(merchant_id, lambda tx: _hide_in_rules(tx, needles))
    found["watched_files"] = remove_telling(needles.are_in_bytes)
    return found


def _hide_in_rules(tx: Tx, needles: Needles) -> int:
    """Put words that a rule can still be read with in the place of his, in every revision of what was chosen."""
    tx.kept.clear()
    return sum(
        tx.run(_CHOOSE, b_shop=shop, b_box=box, b_revision=revision, value=needles.hide(value, name="erased", phone="0000000"))
        for shop, box, revision, value in tx.rows(_CHOSEN, least=0) if needles.are_in(value)
    )  # fmt: skip


def _piece(
    statement: Statement[Any], empty: Piece, *, needles: Needles, after: int
) -> Callable[[Tx], tuple[int, int, bool]]:
    def sweep(tx: Tx) -> tuple[int, int, bool]:
        overwrite_freed(tx)
        rows = tx.rows(statement, after=after, limit=PIECE)
        return (rows[-1][0] if rows else after), empty(tx, needles, rows), len(rows) < PIECE

    return sweep
