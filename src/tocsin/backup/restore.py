"""Restores a backup into an empty data folder or an empty database: all of it or nothing, and settled before it is there."""

from typing import BinaryIO

from msgspec import Struct

from tocsin.backup.archive import ArchiveReader, Manifest
from tocsin.backup.make import Tell
from tocsin.backup.settle import NUMBERS_SKIPPED
from tocsin.core.clock import now_us, to_datetime
from tocsin.core.errors import Refusal
from tocsin.settings import Settings


class OtherEngine(Refusal):
    """The backup is of {engine}: set database_url for one of postgresql, and leave it empty for one of sqlite"""

    kind, code = "invalid", "other_engine"


class BackupNewer(Refusal):
    """The backup is of a later version of Tocsin ({version}): install that one, and restore it there"""

    kind, code = "invalid", "backup_newer"


class ClockBehind(Refusal):
    """The clock of this machine is behind the backup's time ({made_at}): set it first, or numbers and ids would come twice"""

    kind, code = "invalid", "clock_behind"


class Restored(Struct, frozen=True):
    """What was restored, or only read through."""

    manifest: Manifest
    rows: int


def restore_backup(
    settings: Settings, file: BinaryIO, passphrase: str, *, skip: int = NUMBERS_SKIPPED, erased: bytes = b"", tell: Tell
) -> Restored:  # fmt: skip
    """Restore a backup; until all of it is there, and settled, nothing is.

    Args:
        skip: order numbers that the days around now skip at least, so that none that was given since comes again.
        erased: a newer list of who was erased, `erased.txt` of the desk that is gone.
        tell: is called with (step, done, all).

    Raises:
        NotEmpty, OtherEngine, BackupNewer, ClockBehind, BackupUnreadable
    """
    from tocsin.backup.restore_postgres import fill_database
    from tocsin.backup.restore_sqlite import fill_folder

    reader = ArchiveReader(file, passphrase)
    require_fit(settings, reader.manifest)
    settings.path().mkdir(parents=True, exist_ok=True, mode=0o700)
    fill = fill_database if settings.database_url else fill_folder
    fill(settings, reader, skip=skip, erased=erased, tell=tell)
    return Restored(reader.manifest, sum(reader.rows.values()))


def check_backup(file: BinaryIO, passphrase: str, *, tell: Tell) -> Restored:
    """Read a backup to its end without keeping anything: its seal holds, and it was not cut off.

    Raises:
        BackupUnreadable
    """
    reader, done = ArchiveReader(file, passphrase), 0
    for part in reader.parts():
        while block := part.file.read(1 << 20):
            done += len(block)
            tell("read", done, done)
    return Restored(reader.manifest, sum(reader.rows.values()))


def require_fit(settings: Settings, manifest: Manifest) -> None:
    """Refuse a backup that can't be restored here, whatever is in it.

    Raises:
        OtherEngine, BackupNewer, ClockBehind
    """
    from tocsin.migrations.upgrade import HEAD

    if (manifest.engine == "postgresql") != bool(settings.database_url):
        raise OtherEngine(engine=manifest.engine)
    if manifest.schema > HEAD:
        raise BackupNewer(version=manifest.version)
    if manifest.made_at_us > now_us():
        raise ClockBehind(made_at=to_datetime(manifest.made_at_us).isoformat(timespec="seconds"))
