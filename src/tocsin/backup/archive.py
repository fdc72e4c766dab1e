"""An archive: what a backup holds, as a packed tar in a sealed file, from its manifest to the count of its rows.

It is written and read as one stream: neither the memory nor the disk holds it whole.
"""

import gzip
import io
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

import msgspec
from msgspec import Struct

from tocsin.backup.sealed_file import BackupUnreadable, SealedReader, SealedWriter

FORMAT = 1
MANIFEST, ROWS, DATABASE, FILES, TABLES, JOBS = (
    "manifest.json", "rows.json", "desk.sqlite", "files/", "tables/", "jobs.json"
)  # fmt: skip
_PACKING = 1  # what is sealed does not pack, and the rest packs well enough
_READ_BYTES = 1 << 20
_BROKEN = (tarfile.TarError, zlib.error, gzip.BadGzipFile, EOFError, msgspec.DecodeError)


class Manifest(Struct, frozen=True, kw_only=True):
    """What stands first in a backup.

    Args:
        installation: eight characters that tell installations apart, and nothing else.
        engine: `sqlite` or `postgresql`; `schema`: the number of its schema.
        last_id: the newest event's id.
    """

    format: int = FORMAT
    made_at_us: int
    engine: str
    schema: str
    version: str
    installation: str


class Part(Struct, frozen=True):
    """One member of an archive; it is read before the next one."""

    name: str
    size: int
    file: BinaryIO


class ArchiveWriter:
    """Writes an archive; only `close` makes it whole."""

    def __init__(self, file: BinaryIO, passphrase: str, manifest: Manifest) -> None:
        self._sealed = SealedWriter(file, passphrase)
        self._packed = gzip.GzipFile(
            fileobj=cast("BinaryIO", self._sealed), mode="wb", compresslevel=_PACKING, mtime=0
        )
        self._tar = tarfile.open(fileobj=self._packed, mode="w|")  # noqa: SIM115 - closed with the archive
        self.add(MANIFEST, msgspec.json.encode(manifest))

    def add(self, name: str, data: bytes) -> None:
        """Add a member from the memory."""
        self.add_file(name, io.BytesIO(data), size=len(data))

    def add_file(self, name: str, file: BinaryIO, *, size: int) -> None:
        """Add a member of a size from where a file stands."""
        told = tarfile.TarInfo(name)
        told.size, told.mode = size, 0o600
        self._tar.addfile(told, file)

    def close(self, rows: dict[str, int]) -> None:
        """Add the count of rows of each table, and make it whole."""
        self.add(ROWS, msgspec.json.encode(rows))
        self._tar.close()
        self._packed.close()
        self._sealed.close()


class ArchiveReader:
    """Reads an archive.

    Raises:
        BackupUnreadable: it is none, the passphrase is another one, or it was changed or cut off.
    """

    def __init__(self, file: BinaryIO, passphrase: str) -> None:
        self._sealed = SealedReader(file, passphrase)
        self._packed = gzip.GzipFile(fileobj=cast("BinaryIO", self._sealed), mode="rb")
        self.rows: dict[str, int] = {}
        try:
            self._tar = tarfile.open(fileobj=self._packed, mode="r|")  # noqa: SIM115 - read to its end
            first = self._tar.next()
            told = self._tar.extractfile(first) if first is not None and first.name == MANIFEST else None
            if told is None:
                raise BackupUnreadable(problem="it has no manifest")
            self.manifest = msgspec.json.decode(told.read(), type=Manifest)
        except _BROKEN as fault:
            raise BackupUnreadable(problem="what it holds is broken") from fault
        if self.manifest.format != FORMAT:
            raise BackupUnreadable(problem="a later version of Tocsin made it")

    def parts(self) -> Iterator[Part]:
        """Yield each member but manifest and count, then see to it that the end is the end."""
        try:
            while (member := self._tar.next()) is not None:
                file = self._tar.extractfile(member)
                if file is None:
                    continue
                if member.name == ROWS:
                    self.rows = msgspec.json.decode(file.read(), type=dict[str, int])
                else:
                    yield Part(member.name, member.size, cast("BinaryIO", file))
            while self._packed.read(_READ_BYTES):
                continue
        except _BROKEN as fault:
            raise BackupUnreadable(problem="what it holds is broken") from fault
        if not self.rows:
            raise BackupUnreadable(problem="it was cut off before its end")


def files_of(folder: Path, key_file: Path) -> Iterator[tuple[str, Path]]:
    """Yield the files beside the database that a restored desk needs, each under its name in the archive."""
    yield FILES + "keys/installation.key", key_file
    for pattern in ("erased.txt", "keys/journal/*.json", "tls/local/*"):
        for path in sorted(folder.glob(pattern)):
            if path.is_file():
                yield FILES + path.relative_to(folder).as_posix(), path
