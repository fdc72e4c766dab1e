"""Verifies a journal's seal: every sealed entry is hashed anew and compared with each checkpoint.

In short reads, a batch after another: a journal of years keeps nobody waiting meanwhile, and takes no more memory than a
young one. What is sealed has settled: nothing comes in between two of them.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import msgspec
import sqlalchemy as sa
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from msgspec import Struct

from tocsin.core.db import Database
from tocsin.core.journal import JournalEntry
from tocsin.core.seal import (
    BATCH,
    COLUMNS,
    ENTRIES,
    Checkpoint,
    Tree,
    journal_seal,
    leaf_of,
    newest_checkpoint,
    said_by,
    sealing_key,
)
from tocsin.core.statement import Statement, bind, own

T = TypeVar("T")
_NEXT = Statement(
    sa.select(*COLUMNS)
    .where(own(journal_seal), journal_seal.c.size > bind("after"), journal_seal.c.size <= bind("until"))
    .order_by(journal_seal.c.size).limit(bind("limit")),
    Checkpoint,
)  # fmt: skip


class SealBreach(Struct, frozen=True):
    """What does not agree: `why` is changed, signature, shortened or foreign (a kept one of another desk); `size` is the checkpoint's."""

    why: str
    size: int


class _Sealed:
    """What is sealed of a merchant's journal up to its newest checkpoint."""

    def __init__(self, db: Database, merchant_id: int, *, turn: Callable[[], None]) -> None:
        self._db, self._merchant_id, self._turn = db, merchant_id, turn
        self._key: Ed25519PublicKey = sealing_key(db.vault).public_key()
        self._newest = db.read(merchant_id, newest_checkpoint)

    def checkpoints(self) -> Iterator[Checkpoint]:
        """Yield each checkpoint, the oldest first."""
        after, until = 0, self._newest.size if self._newest else 0
        while batch := self._read(_NEXT, after=after, until=until):
            yield from batch
            after = batch[-1].size

    def entries(self) -> Iterator[JournalEntry]:
        """Yield each entry that is sealed, in their order."""
        after, until = 0, self._newest.last_id + 1 if self._newest else 0
        while batch := self._read(ENTRIES, after=after, until=until):
            yield from batch
            after = batch[-1].id

    def has_signed(self, made: Checkpoint) -> bool:
        """Tell whether this desk has signed a checkpoint of this merchant's."""
        try:
            self._key.verify(made.signature, said_by(self._merchant_id, made))
        except InvalidSignature:
            return False
        return True

    def _read(self, statement: Statement[T], *, after: int, until: int) -> list[T]:
        self._turn()
        return self._db.read(
            self._merchant_id, lambda tx: tx.rows(statement, after=after, until=until, limit=BATCH)
        )


def verify_journal(
    db: Database,
    merchant_id: int,
    *,
    kept: Path | None = None,
    elsewhere: Checkpoint | None = None,
    turn: Callable[[], None] = lambda: None,
) -> SealBreach | None:
    """Hash every sealed entry anew and compare it with each checkpoint; None where all agrees.

    Args:
        kept: the file beside the key with the newest checkpoint that was made.
        elsewhere: a checkpoint that was kept on another machine.
        turn: called before each batch; it may rest, or raise to end early.
    """
    # Read first: a checkpoint that is made meanwhile must not look like one that is missing.
    outside = [msgspec.json.decode(kept.read_bytes(), type=Checkpoint)] if kept and kept.is_file() else []
    outside += [elsewhere] if elsewhere else []
    sealed, roots = _Sealed(db, merchant_id, turn=turn), {one.size: "" for one in outside}
    breach = _verify(sealed, roots)
    if elsewhere and not sealed.has_signed(elsewhere):
        breach = breach or SealBreach("foreign", elsewhere.size)
    return breach or next(filter(None, (_compare(roots, one) for one in outside)), None)


def _verify(sealed: _Sealed, roots: dict[int, str]) -> SealBreach | None:
    """Find the first checkpoint that does not agree; note the roots of those that are asked for by their sizes."""
    tree, entries = Tree(), sealed.entries()
    for one in sealed.checkpoints():
        if not sealed.has_signed(one):
            return SealBreach("signature", one.size)
        last_id = 0
        while tree.size < one.size and (entry := next(entries, None)) is not None:
            tree.add(leaf_of(entry))
            last_id = entry.id
        if tree.root() != one.root or last_id != one.last_id:
            return SealBreach("changed", one.size)
        if one.size in roots:
            roots[one.size] = one.root
    return None


def _compare(roots: dict[int, str], outside: Checkpoint) -> SealBreach | None:
    if not (root := roots[outside.size]):
        return SealBreach("shortened", outside.size)
    return None if root == outside.root else SealBreach("changed", outside.size)
