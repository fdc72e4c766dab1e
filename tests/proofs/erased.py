"""Where an erased person is searched for, byte by byte: needles in every writing, files, and tables with their seals opened."""

import base64
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.db import Database, Tx
from tocsin.core.party import GET_PARTY, Party, open_beside, open_party, plain_phone
from tocsin.core.statement import Statement, own
from tocsin.core.vault import SealBroken, unseal
from tocsin.migrations.tables import all_tables, is_directory
from tocsin.orders.kept_files import members_of
from tocsin.orders.table import import_batch

_STREAM = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)
_EMPTY = bytes(512)  # most of a fresh log: no needle has as many zeros
JOURNAL, SPOOL = ("journal", "event"), ("print_job",)


class Found(Struct, frozen=True):
    """One place: how many bytes were searched, and how many needles stood in it."""

    name: str
    size: int
    hits: int


def texts_of(him: Party, *phones: str) -> list[str]:
    """Return what tells of him: name, address, e-mail, and his phones as people write them."""
    spaced = [f"{phone[:3]}{by}{phone[3:7]}{by}{phone[7:]}" for phone in (him.phone, *phones) for by in " -"]
    return [him.name, him.address, him.buyer_note, him.phone, *phones, *spaced]


def needles_of(texts: Iterable[str]) -> list[bytes]:
    """Return each text in each writing: four encodings, JSON's escapes, hexadecimal, base64 at three offsets."""
    found = dict[bytes, None]()
    for text in texts:
        plain = text.encode()
        for encoding in ("utf-8", "utf-16-le", "utf-16-be", "gb18030"):
            found[text.encode(encoding)] = None
        found[text.encode("ascii", "backslashreplace").replace(b"\\x", b"\\u00")] = None
        found[plain.hex().encode()] = None
        for offset in range(3):
            whole = base64.b64encode(b"\0" * offset + plain)
            found[whole[-(-offset * 8 // 6) : (offset + len(plain)) * 8 // 6]] = None
    return list(found)


def digests_of(tx: Tx, him: Party) -> list[bytes]:
    """Return the keyed digests that a copy of the files could be asked with: of his phone, and of what he was asked by."""
    keys, phone = tx.vault.keys(tx), plain_phone(him.phone)
    asked = [
        keys.digest("person", phone), keys.digest("search", f"p{phone}"), keys.digest("query", him.phone),
        keys.digest("receiver", f"{him.name}\0{phone}\0{him.address}"),
    ]  # fmt: skip
    return [one.encode() for one in asked]


def count_in(data: bytes, wanted: list[bytes]) -> int:
    """Return how many needles stand in some bytes, or in what is packed in them."""
    inner = [data.replace(_EMPTY, b""), *members_of(data)]
    if data[:5] == b"%PDF-":
        inner += [part for found in _STREAM.finditer(data) if (part := _inflate(found[1]))]
    return sum(any(one in part for part in inner) for one in wanted)


def search_files(name: str, paths: Iterable[Path], wanted: list[bytes]) -> Found:
    """Search files, each whole; their names too."""
    size, hits = 0, 0
    for path in paths:
        try:
            data = path.read_bytes()
        except FileNotFoundError:  # PostgreSQL's own files come and go
            continue
        size += len(data)
        hits += count_in(data, wanted) + sum(one in path.name.encode() for one in wanted)
    return Found(name, size, hits)


def files_in(folder: Path) -> list[Path]:
    """Return all files under a folder."""
    return sorted(path for path in folder.rglob("*") if path.is_file()) if folder.exists() else []


def search_tables(db: Database, merchant_id: int, wanted: list[bytes]) -> list[Found]:
    """Search each table as its rows read, with every seal opened that the desk's keys can open."""
    return [_search_table(db, merchant_id, table, wanted) for table in all_tables().sorted_tables]


def _search_table(db: Database, merchant_id: int, table: sa.Table, wanted: list[bytes]) -> Found:
    mine = sa.select(table) if is_directory(table) else sa.select(table).where(own(table))

    def read(tx: Tx) -> Found:
        names, size, hits = list(table.columns.keys()), 0, 0
        for row in tx.rows(Statement[Any](mine)):
            values = dict(zip(names, row, strict=True))
            data = b"\0".join([
                *(bytes(one) if isinstance(one, bytes | memoryview) else str(one).encode() for one in row),
                *_opened(tx, table.name, values),
            ])  # fmt: skip
            size, hits = size + len(data), hits + count_in(data, wanted)
        return Found(table.name, size, hits)

    return db.read(merchant_id, read)


def _opened(tx: Tx, table: str, row: dict[str, Any]) -> Iterator[bytes]:
    """Yield what a row has sealed; nothing where the key is gone, or the seal is none of a person's."""
    if table in _SEALS:
        try:
            yield from _SEALS[table](tx, row)
        except SealBroken:
            return


def _wrapped(column: str, bound: str) -> Callable[[Tx, dict[str, Any]], Iterator[bytes]]:
    def open_(tx: Tx, row: dict[str, Any]) -> Iterator[bytes]:
        if row[column]:
            seal = bound.format(**row).encode()
            yield unseal(tx.vault.keys(tx).wrapping, bytes(row[column]), bound_to=seal)

    return open_


def _open_party(tx: Tx, row: dict[str, Any]) -> Iterator[bytes]:
    found = tx.one(GET_PARTY, order_id=row["order_id"], version=row["version"])
    if found and found.sealed:
        yield msgspec.json.encode(open_party(tx, found))


def _open_conflict(tx: Tx, row: dict[str, Any]) -> Iterator[bytes]:
    bound = b"conflict %d:%d" % (tx.merchant_id, row["order_id"])
    yield open_beside(tx, person_id=row["person_id"], sealed=bytes(row["sealed"]), bound_to=bound)


def _open_import(tx: Tx, row: dict[str, Any]) -> Iterator[bytes]:
    for plain in _wrapped("sealed_file", "import {id}")(tx, row):
        source = msgspec.msgpack.decode(plain)
        yield bytes(source["data"])
        yield from members_of(bytes(source["data"]))


_SEALS: dict[str, Callable[[Tx, dict[str, Any]], Iterator[bytes]]] = {
    "party": _open_party, "conflict_draft": _open_conflict, "import_batch": _open_import,
    "lookup": _wrapped("sealed_query", "lookup {merchant_id}"), "quarantine": _wrapped("sealed_raw", "quarantine {id}"),
    "idempotency": _wrapped("answer", "idempotency {merchant_id} {key}"), "print_job": _wrapped("sealed_content", "job {id}"),
    "erasure": _wrapped("sealed", "erasure {id}"), "watch": _wrapped("sealed", "watch {id}"),
}  # fmt: skip


def waiting_files(tx: Tx) -> list[bytes]:
    """Return the beginning of each sheet that waits, as it is sealed: too long for a row, it lies apart."""
    kept = sa.select(import_batch.c.sealed_file).where(
        own(import_batch), import_batch.c.status == "previewed"
    )
    return [bytes(row[0])[:64] for row in tx.rows(Statement[tuple[bytes]](kept)) if row[0]]


def postgres_files(url: str) -> dict[str, list[Path]]:
    """Return the files of a PostgreSQL server by what they are, with what it had in memory written."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CHECKPOINT")
        ((folder,),) = connection.execute("SHOW data_directory").fetchall()
        kinds = dict[str, str](connection.execute(
            "SELECT pg_relation_filepath(oid), relkind FROM pg_class WHERE pg_relation_filepath(oid) IS NOT NULL"
        ).fetchall())  # fmt: skip
    named = {"r": "heap", "i": "indexes", "t": "TOAST"}
    places: dict[str, list[Path]] = {}
    for path in files_in(Path(folder)):
        inside = path.relative_to(folder)
        relation = str(inside).partition(".")[0].partition("_vm")[0].partition("_fsm")[0]
        kind = (
            "write-ahead log"
            if inside.parts[0] == "pg_wal"
            else named.get(kinds.get(relation, ""), "rest of its files")
        )
        places.setdefault(f"PostgreSQL {kind}", []).append(path)
    return places


def _inflate(data: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(data)
    except zlib.error:
        return b""
