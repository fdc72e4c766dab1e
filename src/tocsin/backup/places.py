"""Which place an address means."""

from pathlib import Path

from tocsin.backup.place import Folder, Place
from tocsin.settings import Settings


def open_place(address: str, settings: Settings) -> Place:
    """Return the place of an address: a folder, or `s3://BUCKET/PREFIX`.

    Raises:
        PlaceBroken: the address, or the file of the store's keys, can't be used.
    """
    if address.startswith("s3://"):
        from tocsin.backup.bucket import Bucket

        return Bucket(address, settings)
    return Folder(Path(address))
