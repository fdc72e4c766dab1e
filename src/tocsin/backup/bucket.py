"""A bucket of an S3-compatible store as the place of backups: sent in parts as it is made, there once it is whole."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, cast

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import S3Store

from tocsin.backup.place import BackupMissing, Kept, Place, PlaceBroken
from tocsin.settings import Settings

_ADDRESS = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/([\w./-]*))?")
_PART_BYTES = 16 << 20  # ten thousand parts at most: files to 160 GB
_AT_ONCE = 2
_FAULTS = (BaseError, OSError)  # what it writes and reads raises the one, what it asks the other
_READ_BYTES = 8 << 20


class Bucket(Place):
    """A bucket, or a part of it that begins with a prefix."""

    def __init__(self, address: str, settings: Settings) -> None:
        found = _ADDRESS.fullmatch(address)
        if found is None:
            raise PlaceBroken(place=address, problem="an address is s3://BUCKET or s3://BUCKET/PREFIX")
        self._address = address
        given: dict[str, Any] = {"region": settings.backup_s3_region, **_keys(address, settings)}
        if settings.backup_s3_endpoint:
            given["endpoint"] = settings.backup_s3_endpoint
            given["client_options"] = {"allow_http": settings.backup_s3_endpoint.startswith("http://")}
        self._store = S3Store(found[1], prefix=(found[2] or "").strip("/") or None, **given)

    def _all(self) -> list[Kept]:
        try:
            return [Kept(one["path"], one["size"]) for some in obstore.list(self._store) for one in some]
        except _FAULTS as fault:
            raise self._broken(fault) from fault

    @contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO]:
        """Send a file in parts; where the block fails, the store has no file of that name."""
        try:
            file = obstore.open_writer(self._store, name, buffer_size=_PART_BYTES, max_concurrency=_AT_ONCE)
            yield cast("BinaryIO", file)
            file.close()
        except _FAULTS as fault:
            raise self._broken(fault) from fault

    @contextmanager
    def reading(self, name: str) -> Iterator[BinaryIO]:
        """Read a file as it comes."""
        try:
            blocks = iter(obstore.get(self._store, name).stream(min_chunk_size=_READ_BYTES))
            yield cast("BinaryIO", _Reader(blocks))
        except (NotFoundError, FileNotFoundError):
            raise BackupMissing(place=f"{self._address}/{name}") from None
        except _FAULTS as fault:
            raise self._broken(fault) from fault

    def remove(self, name: str) -> None:
        """Remove a file; see the contract."""
        try:
            with suppress(NotFoundError, FileNotFoundError):
                obstore.delete(self._store, name)
        except _FAULTS as fault:
            raise self._broken(fault) from fault

    def _broken(self, fault: Exception) -> PlaceBroken:
        return PlaceBroken(place=self._address, problem=" ".join(str(fault).split())[:300])


class _Reader:
    """Blocks as they come, as a file."""

    def __init__(self, blocks: Iterator[Any]) -> None:
        self._blocks, self._block = blocks, memoryview(b"")

    def read(self, size: int = 1 << 30) -> bytes:
        while not self._block and (following := next(self._blocks, None)) is not None:
            self._block = memoryview(bytes(following))
        part, self._block = self._block[:size], self._block[size:]
        return bytes(part)


def _keys(address: str, settings: Settings) -> dict[str, str]:
    """Return the keys of the settings' file; without one the store's own variables of the environment hold."""
    if not settings.backup_s3_key_file:
        return {}
    try:
        access, secret, *_ = Path(settings.backup_s3_key_file).read_text("utf-8").split()
    except (OSError, ValueError) as fault:
        problem = "backup_s3_key_file has the access key in its first line and the secret in its second"
        raise PlaceBroken(place=address, problem=problem) from fault
    return {"access_key_id": access, "secret_access_key": secret}
