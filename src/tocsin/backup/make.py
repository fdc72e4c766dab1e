"""Makes a backup: the database in one state, its key and what lies beside it, as one sealed file in a place."""

import os
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO, cast

import msgspec
from msgspec import Struct

from tocsin.backup.archive import DATABASE, JOBS, TABLES, ArchiveWriter, Manifest, files_of
from tocsin.backup.erased import keep_erased
from tocsin.backup.place import Place, name_backup
from tocsin.backup.sealed_file import require_passphrase
from tocsin.backup.work import PREFIX, clear_work
from tocsin.core.clock import now_us, to_datetime
from tocsin.core.errors import Refusal
from tocsin.core.vault import open_vault
from tocsin.orders.erased_list import Pairs
from tocsin.settings import Settings

Tell = Callable[[str, int, int], None]
ERASURES = "erasure"  # no table of the first schemas


class NothingToBackUp(Refusal):
    """There is no desk in {folder}: give the data folder of the desk that is meant (--data-dir)"""

    kind, code = "missing", "nothing_to_back_up"


class Made(Struct, frozen=True):
    """A backup that was made."""

    name: str
    size: int
    rows: int
    seconds: float


class _Held(Struct, frozen=True):
    """What a backup holds: rows by table, and who was erased."""

    rows: dict[str, int]
    erased: Pairs


def make_backup(settings: Settings, place: Place, passphrase: str, *, tell: Tell) -> Made:
    """Make a backup while others use the database; return what was made.

    Args:
        tell: is called with (step, done, all); what it raises ends the backup, and nothing is kept of it.

    Raises:
        PassphraseShort, NothingToBackUp, PlaceBroken
        KeyFileMissing, KeyFileWrong: the key that opens the data is not there.
    """
    require_passphrase(passphrase)
    if not settings.database_url and not settings.path("desk.sqlite").is_file():
        raise NothingToBackUp(folder=str(settings.path().resolve()))
    began, mark = now_us(), installation_mark(settings)
    name = name_backup(mark, to_datetime(began))
    manifest = Manifest(
        made_at_us=began, engine="postgresql" if settings.database_url else "sqlite", schema="", version=version("tocsin"),
        installation=mark,
    )  # fmt: skip
    make = _from_postgres if settings.database_url else _from_sqlite
    with place.writing(name) as file:
        counted = _Counted(file)
        held = make(settings, cast("BinaryIO", counted), passphrase, manifest=manifest, tell=tell)
    keep_erased(place, mark, beside=settings.path("erased.txt"), known=held.erased)
    return Made(name, counted.size, sum(held.rows.values()), (now_us() - began) / 1e6)


def installation_mark(settings: Settings) -> str:
    """Return eight characters that tell an installation's backups from others'.

    Raises:
        KeyFileMissing, KeyFileWrong
    """
    return open_vault(settings.key_path(), create=False).key_check()[:4].hex()


def _from_sqlite(
    settings: Settings, file: BinaryIO, passphrase: str, *, manifest: Manifest, tell: Tell
) -> _Held:
    from tocsin.backup.sqlite_copy import copy_file, describe_copy, erased_of

    kept = _read_files(settings)
    clear_work(settings.path())
    handle, path = tempfile.mkstemp(prefix=PREFIX, dir=settings.path())
    os.close(handle)
    copy = Path(path)
    try:
        copy_file(settings.path("desk.sqlite"), copy, tell=lambda done, all_: tell("copy", done, all_))
        schema, rows = describe_copy(copy)
        erased = erased_of(copy) if ERASURES in rows else set()
        with copy.open("rb") as copied:
            copy.unlink()  # from now on it is gone with this process, however that ends
            writer = ArchiveWriter(file, passphrase, msgspec.structs.replace(manifest, schema=schema))
            _add_files(writer, kept)
            size = os.fstat(copied.fileno()).st_size
            writer.add_file(DATABASE, cast("BinaryIO", _Told(copied, size, tell)), size=size)
        writer.close(rows)
        return _Held(rows, erased)
    finally:
        copy.unlink(missing_ok=True)


def _from_postgres(
    settings: Settings, file: BinaryIO, passphrase: str, *, manifest: Manifest, tell: Tell
) -> _Held:
    from tocsin.backup.postgres_copy import Snapshot, count_rows

    kept = _read_files(settings)
    snapshot = Snapshot(settings.database_url)
    try:
        writer = ArchiveWriter(file, passphrase, msgspec.structs.replace(manifest, schema=snapshot.schema))
        _add_files(writer, kept)
        writer.add(JOBS, msgspec.json.encode(snapshot.jobs()))
        rows, done = dict[str, int](), 0
        for table in snapshot.tables:
            rows[table.name] = 0
            writer.add(f"{TABLES}{table.name}/columns", msgspec.json.encode(table))
            for place, part in enumerate(snapshot.parts(table)):
                rows[table.name] += count_rows(part)
                done += len(part)
                tell("write", done, max(done, snapshot.bytes))
                writer.add(f"{TABLES}{table.name}/{place:08d}", part)
        writer.close(rows)
        return _Held(rows, snapshot.erased() if ERASURES in rows else set())
    finally:
        snapshot.close()


def _read_files(settings: Settings) -> list[tuple[str, bytes]]:
    """Read what lies beside the database, before it: a checkpoint that is newer than the database would say that the journal was cut."""
    return [(name, path.read_bytes()) for name, path in files_of(settings.path(), settings.key_path())]


def _add_files(writer: ArchiveWriter, kept: list[tuple[str, bytes]]) -> None:
    for name, data in kept:
        writer.add(name, data)


class _Counted:
    """A file that knows how much was written to it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.size = file, 0

    def write(self, data: bytes) -> int:
        self.size += len(data)
        return self._file.write(data)


class _Told:
    """A file that tells how much of it was read."""

    def __init__(self, file: BinaryIO, size: int, tell: Tell) -> None:
        self._file, self._size, self._tell, self._done = file, size, tell, 0

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._done += len(data)
        self._tell("write", self._done, self._size)
        return data
