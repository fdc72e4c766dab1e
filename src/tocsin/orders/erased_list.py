"""The list of who was erased, beside the database: after an older backup is restored, they are erased again.

It holds ids alone: `<merchant> <person>`, a line each. Where the file is lost, it is written again from what the database
knows; where the database is older than the file, whoever came back with it goes again when the desk starts.
"""

import os
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import sqlalchemy as sa

from tocsin.core.db import DIRECTORY_SCOPE, Database, Tx
from tocsin.core.log import get_log
from tocsin.core.party import person
from tocsin.core.statement import Statement, any_of, bind, own
from tocsin.core.tenant import list_merchants
from tocsin.orders.table import erasure

NAME = "erased.txt"
_AT_ONCE = 500
_kept: list[Path] = []
_log = get_log("erased_list")
Pairs = set[tuple[int, int]]
"""Merchant and person of each who was erased."""
_ALL = Statement[tuple[int]](
    sa.select(erasure.c.person_id).where(own(erasure), erasure.c.id > bind("after")).order_by(erasure.c.id)
)
_BACK = Statement[tuple[int]](
    sa.select(person.c.id).where(own(person), any_of(person.c.id, "ids"), person.c.wrapped_key.is_not(None))
)


def keep_erased_in(folder: Path) -> None:
    """Name the data folder of this process, which the list lies in."""
    _kept[:] = [folder / NAME]


def list_erased(merchant_id: int, person_id: int) -> None:
    """Add an erased person to the list, durably."""
    for path in _kept:
        _append(path, [(merchant_id, person_id)])


def erase_restored(db: Database, erase: Callable[[Tx, int], None]) -> int:
    """Bring the list and the database together; whoever is listed and has his key still is erased. Return how many.

    Args:
        erase: erases one person of the transaction's merchant, by his id.
    """
    count = 0
    for path in _kept:
        listed = _read(path)
        for merchant in db.read(DIRECTORY_SCOPE, list_merchants):
            known = {(merchant.id, row[0]) for row in db.read(merchant.id, lambda tx: tx.rows(_ALL, after=0))}
            _append(path, sorted(known - listed))
            mine = sorted(person_id for owner, person_id in listed if owner == merchant.id)
            for place in range(0, len(mine), _AT_ONCE):
                some = mine[place : place + _AT_ONCE]
                for (person_id,) in db.read(merchant.id, partial(_find_back, ids=some)):
                    db.write(merchant.id, partial(_erase, erase=erase, person_id=person_id))
                    count += 1
    if count:
        _log.warning("erased_again", people=count)
    return count


def _find_back(tx: Tx, *, ids: list[int]) -> list[tuple[int]]:
    return tx.rows(_BACK, ids=ids)


def _erase(tx: Tx, *, erase: Callable[[Tx, int], None], person_id: int) -> None:
    erase(tx, person_id)


def read_lines(text: bytes) -> Pairs:
    """Return what a list holds; a line that a power cut left half is nobody's."""
    pairs = (line.split() for line in text.decode("ascii", "ignore").splitlines())
    return {
        (int(pair[0]), int(pair[1])) for pair in pairs if len(pair) == 2 and all(map(str.isdecimal, pair))
    }


def list_lines(pairs: Iterable[tuple[int, int]]) -> str:
    """Return the lines of a list."""
    return "".join(f"{merchant_id} {person_id}\n" for merchant_id, person_id in sorted(pairs))


def _read(path: Path) -> Pairs:
    return read_lines(path.read_bytes()) if path.exists() else set()


def _append(path: Path, pairs: list[tuple[int, int]]) -> None:
    if not pairs:
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a") as file:
        file.write(list_lines(pairs))
        file.flush()
        os.fsync(file.fileno())
