"""The files beside the database of a backup that comes back: they wait aside until the database is there."""

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Self

from tocsin.backup.archive import FILES, Part
from tocsin.backup.sealed_file import BackupUnreadable
from tocsin.core.durable import write_private
from tocsin.core.errors import Refusal
from tocsin.core.vault import Vault, open_vault
from tocsin.settings import Settings

WORK = ".restore"
ERASED = "erased.txt"
_KEY = "keys/installation.key"
_FILE = re.compile(r"keys/installation\.key|erased\.txt|keys/journal/\d+\.json|tls/local/[\w.-]+")


class NotEmpty(Refusal):
    """A backup is restored into an empty place only, and there is a desk in {place}: give another data folder, or another database"""

    kind, code = "conflict", "not_empty"


class Files:
    """The files beside the database: they wait in a folder of their own until the database is there."""

    def __init__(self, settings: Settings, *, erased: bytes) -> None:
        self._settings, self._erased = settings, erased
        self.work = settings.path(WORK)
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(mode=0o700)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # However it ended: the key and all data would lie there unsealed.
        shutil.rmtree(self.work, ignore_errors=True)

    def take(self, part: Part) -> None:
        """Take one in.

        Raises:
            BackupUnreadable: it has a name that no backup has.
        """
        name = part.name.removeprefix(FILES)
        if not _FILE.fullmatch(name):
            raise BackupUnreadable(problem="it holds a file that is none of a desk")
        path = self.work / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(path, part.file)

    def vault(self) -> Vault:
        """Return the vault of the key that came with it.

        Raises:
            NotEmpty: another desk's key is where it belongs: what that one has sealed would be lost.
        """
        brought, there = self.work / "files" / _KEY, self._settings.key_path()
        if brought.is_file() and there.is_file() and brought.read_bytes() != there.read_bytes():
            raise NotEmpty(place=str(there))
        return open_vault(brought, create=False)

    def put(self) -> None:
        """Put all where they belong; the list of the erased is joined with those that are there, and with a newer one."""
        for path in sorted((self.work / "files").rglob("*")):
            name = path.relative_to(self.work / "files").as_posix()
            if path.is_dir() or name == ERASED:
                continue
            # Written anew: the key may have its place on another disk.
            write_private(
                self._settings.key_path() if name == _KEY else self._settings.path(name), path.read_bytes()
            )
        self._join_erased()

    def _join_erased(self) -> None:
        there, brought = self._settings.path(ERASED), self.work / "files" / ERASED
        lines = [one.read_bytes() for one in (there, brought) if one.is_file()] + [self._erased]
        joined = sorted({line for text in lines for line in text.splitlines() if line.strip()})
        if joined:
            there.write_bytes(b"\n".join(joined) + b"\n")


def write_whole(path: Path, source: BinaryIO, *, told: Callable[[int], None] = lambda _: None) -> None:
    """Write a file of the desk's own user durably, from a stream."""
    done = 0
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        while block := source.read(1 << 20):
            file.write(block)
            told(done := done + len(block))
        file.flush()
        os.fsync(file.fileno())
