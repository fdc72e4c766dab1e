"""Places that keep backups: a folder, or a bucket of an S3-compatible store; each file is there whole or not at all."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

from tocsin.core.errors import Refusal

_NAME = re.compile(r"tocsin-([0-9a-f]{8})-(\d{8}T\d{6})Z\.backup")
_SHAPE = "%Y%m%dT%H%M%S"


class PlaceBroken(Refusal):
    """The place of the backups can't be used ({place}): {problem}"""

    kind, code = "broken", "place_broken"


class BackupMissing(Refusal):
    """There is no backup {place}: look for its file, or name another place"""

    kind, code = "missing", "backup_missing"


class Kept(Struct, frozen=True, order=True):
    """A backup that lies in a place."""

    name: str
    size: int

    def made_at(self) -> datetime:
        """Return when it was made, to the second."""
        found = _NAME.fullmatch(self.name)
        assert found is not None, "only backups are listed"
        return datetime.strptime(found[2], _SHAPE).replace(tzinfo=UTC)


class Place:
    """What every place promises.

    `may_be_away`: it looks empty where it is only not there, as a folder whose disk is not mounted does.
    """

    may_be_away = False

    def listed(self, installation: str = "") -> list[Kept]:
        """Return the backups, of one installation or of all, the oldest first.

        Raises:
            PlaceBroken: the place does not answer.
        """
        return sorted(
            (
                one for one in self._all()
                if (found := _NAME.fullmatch(one.name)) and installation in ("", found[1])
            ),
            key=lambda one: one.made_at(),
        )  # fmt: skip

    def _all(self) -> list[Kept]:
        raise NotImplementedError

    @contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO]:
        """Open a new file; it is there once the block ends without a fault.

        Raises:
            PlaceBroken: it can't be written.
        """
        raise NotImplementedError
        yield  # type: ignore[unreachable] # makes it a generator

    @contextmanager
    def reading(self, name: str) -> Iterator[BinaryIO]:
        """Open a file.

        Raises:
            BackupMissing, PlaceBroken
        """
        raise NotImplementedError
        yield  # type: ignore[unreachable] # makes it a generator

    def remove(self, name: str) -> None:
        """Remove a file; one that is gone already is gone."""
        raise NotImplementedError


class Folder(Place):
    """A folder of this machine, or one that it has mounted."""

    may_be_away = True

    def __init__(self, path: Path) -> None:
        self._path = path

    def _all(self) -> list[Kept]:
        try:
            found = list(self._path.iterdir()) if self._path.is_dir() else []
            return [Kept(path.name, path.stat().st_size) for path in found if path.is_file()]
        except OSError as fault:
            raise PlaceBroken(place=str(self._path), problem=fault.strerror or "it can't be read") from fault

    @contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO]:
        """Write beside, and rename once it is durable."""
        part = self._path / f".{name}.part"
        try:
            self._path.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        except OSError as fault:
            raise PlaceBroken(
                place=str(self._path), problem=fault.strerror or "no file can be made"
            ) from fault
        try:
            with os.fdopen(handle, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            part.replace(self._path / name)
            _keep_name(self._path)
        except OSError as fault:
            raise PlaceBroken(place=str(self._path), problem=fault.strerror or "it broke off") from fault
        finally:
            part.unlink(missing_ok=True)

    @contextmanager
    def reading(self, name: str) -> Iterator[BinaryIO]:
        """Open a file; see the contract."""
        try:
            file = (self._path / name).open("rb")
        except FileNotFoundError:
            raise BackupMissing(place=str(self._path / name)) from None
        except OSError as fault:
            raise PlaceBroken(place=str(self._path), problem=fault.strerror or "it can't be read") from fault
        with file:
            yield file

    def remove(self, name: str) -> None:
        """Remove a file; see the contract."""
        with suppress(FileNotFoundError):
            (self._path / name).unlink()


def name_backup(installation: str, at: datetime) -> str:
    """Return the name of a backup that an installation made at an instant."""
    return f"tocsin-{installation}-{at.astimezone(UTC).strftime(_SHAPE)}Z.backup"


def _keep_name(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
