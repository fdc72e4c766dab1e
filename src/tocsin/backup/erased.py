"""The list of who was erased, beside the backups of an installation: ids alone, newer than its older backups.

Several data folders may serve one database, each with a list of its own; so what a place has is joined, never written over.
"""

from pathlib import Path

from tocsin.backup.place import BackupMissing, Place
from tocsin.orders.erased_list import Pairs, list_lines, read_lines

_READ_BYTES = 1 << 20


def keep_erased(place: Place, mark: str, *, beside: Path, known: Pairs) -> None:
    """Join the place's list with a data folder's, and with what the database knows.

    Raises:
        PlaceBroken: the place does not answer.
    """
    kept = read_lines(read_erased(place, mark))
    joined = kept | known | (read_lines(beside.read_bytes()) if beside.is_file() else set())
    if joined != kept:
        with place.writing(_name(mark)) as file:
            file.write(list_lines(joined).encode())


def read_erased(place: Place, mark: str) -> bytes:
    """Return the place's list of an installation; empty where it has none.

    Raises:
        PlaceBroken: the place does not answer.
    """
    found = bytearray()
    try:
        with place.reading(_name(mark)) as file:
            while block := file.read(_READ_BYTES):
                found += block
    except BackupMissing:
        return b""
    return bytes(found)


def _name(mark: str) -> str:
    return f"tocsin-{mark}-erased.txt"
