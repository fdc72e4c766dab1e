"""Files that may tell of a person: downloads, and what the watched folder has done with; named when a desk opens.

Papers are found by their tickets (`tickets/forget`). What a sheet's file holds is in the orders; the file itself goes.
"""

import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path

from tocsin.core.clock import DAY_US
from tocsin.core.db import Tx

WATCHED_DAYS = 30
_FINISHED = ("done", "failed")
_INFLATED_MOST = 256 << 20
_BROKEN = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, OSError, ValueError, EOFError)
_downloads: list[Path] = []
_watched: list[Path] = []


def keep_files_in(*, downloads: Path, watched: str) -> None:
    """Name the folders of this process's downloads and imports."""
    _downloads[:] = [downloads.absolute()]
    _watched[:] = [Path(watched).absolute()] if watched else []


def download_files(name: str) -> list[Path]:
    """Return where a download's file is, and the part of one that is being written or was broken off."""
    return [path for folder in _downloads for path in (folder / name, folder / f".{name}.part")]


def finished_files() -> Iterator[Path]:
    """Yield the files that the watched folder has imported or refused, and the reasons beside them."""
    for folder in _watched:
        for name in _FINISHED:
            with suppress(FileNotFoundError):
                yield from sorted(path for path in (folder / name).iterdir() if path.is_file())


def remove_files(paths: list[Path]) -> int:
    """Remove files; one that is gone already is. Return how many were there."""
    count = 0
    for path in paths:
        with suppress(FileNotFoundError):
            path.unlink()
            count += 1
    return count


def remove_after(tx: Tx, paths: list[Path]) -> None:
    """Remove files once the transaction is durable."""

    def remove() -> None:
        remove_files(paths)

    tx.after_commit(remove)


def remove_telling(told: Callable[[bytes], bool]) -> int:
    """Remove the finished files that tell of somebody, with the reasons beside them; return how many."""
    telling = [
        path for path in finished_files() if told(path.name.encode()) or any(map(told, contents_of(path)))
    ]
    return remove_files(
        [each for path in telling for each in (path, path.with_name(f"{path.name}.reason.txt"))]
    )


def purge_finished() -> int:
    """Remove finished files after 30 days: their orders are in the store, and the desk never reads them again."""
    before = time.time() - WATCHED_DAYS * DAY_US / 1e6
    return remove_files([path for path in finished_files() if path.lstat().st_mtime < before])


def contents_of(path: Path) -> Iterator[bytes]:
    """Yield what a file holds: itself, and of a packed one its members, as far as they are sane."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return
    yield data
    yield from members_of(data)


def members_of(data: bytes) -> Iterator[bytes]:
    """Yield the members of a zip, such as a workbook; none of what is no zip, or would burst."""
    if data[:2] != b"PK":
        return
    with suppress(*_BROKEN), zipfile.ZipFile(BytesIO(data)) as packed:
        if sum(one.file_size for one in packed.infolist()) <= _INFLATED_MOST:
            for one in packed.infolist():
                yield packed.read(one)
