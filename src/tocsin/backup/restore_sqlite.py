"""A backup of the embedded database becomes a data folder: filled and settled aside, put in its place by one rename."""

import os
from contextlib import closing
from pathlib import Path

from tocsin.backup.archive import DATABASE, FILES, ArchiveReader
from tocsin.backup.files import Files, NotEmpty, write_whole
from tocsin.backup.make import Tell
from tocsin.backup.sealed_file import BackupUnreadable
from tocsin.backup.settle import settle_restored
from tocsin.backup.sqlite_copy import describe_copy
from tocsin.core.durable import flush_folder
from tocsin.core.queue import queue_for
from tocsin.core.sqlite import SqliteDatabase, engine, lock_folder
from tocsin.settings import Settings


def fill_folder(settings: Settings, reader: ArchiveReader, *, skip: int, erased: bytes, tell: Tell) -> None:
    """Fill an empty data folder.

    Raises:
        NotEmpty, BackupUnreadable
        FileLocked: a desk is being served from there.
    """
    lock = lock_folder(settings.path())
    try:
        # What was written ahead and is left without its file would be written into the restored one.
        if any(settings.path(f"desk.sqlite{end}").exists() for end in ("", "-wal", "-shm", "-journal")):
            raise NotEmpty(place=str(settings.path().resolve()))
        with Files(settings, erased=erased) as files:
            _fill(settings, files, reader, skip=skip, tell=tell)
    finally:
        os.close(lock)


def _fill(settings: Settings, files: Files, reader: ArchiveReader, *, skip: int, tell: Tell) -> None:
    copy = files.work / "desk.sqlite"
    for part in reader.parts():
        if part.name.startswith(FILES):
            files.take(part)
        elif part.name == DATABASE:
            write_whole(copy, part.file, told=lambda done, size=part.size: tell("read", done, size))  # type: ignore[misc]
    _require_whole(copy, reader)
    _bring_up(copy, files, made_at_us=reader.manifest.made_at_us, skip=skip)
    files.put()
    copy.replace(settings.path("desk.sqlite"))
    flush_folder(settings.path())


def _require_whole(copy: Path, reader: ArchiveReader) -> None:
    if not copy.is_file() or describe_copy(copy) != (reader.manifest.schema, reader.rows):
        raise BackupUnreadable(problem="its database has not the rows that it had")
    with closing(engine.connect(f"file:{copy}?immutable=1", uri=True)) as connection:
        if connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise BackupUnreadable(problem="its database is broken")


def _bring_up(copy: Path, files: Files, *, made_at_us: int, skip: int) -> None:
    from tocsin.migrations.upgrade import upgrade_sqlite

    upgrade_sqlite(copy)
    db = SqliteDatabase(copy, files.vault(), readers=1)
    try:
        settle_restored(db.write, made_at_us=made_at_us, skip=skip, queue=queue_for(db))
        if not db.settle_freed():
            raise BackupUnreadable(problem="its database can't be settled: somebody else reads it")
    finally:
        db.close()
