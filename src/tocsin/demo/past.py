"""The past: a database whose clock is told, so that what verbs do in it is dated by the day that it tells of.

Instants only go on: ids are made in their order, as those of a desk that was there.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from tocsin.core.clock import stood_at
from tocsin.core.db import Database, Tx
from tocsin.core.ident import made_by, older_maker

R = TypeVar("R")


class Past(Database):
    """A database as it stood at an instant, which `go_to` moves on.

    Nobody else may write to it meanwhile: what is younger must not be there before what is older.
    """

    def __init__(self, db: Database, *, now_us: int) -> None:
        self._db, self._ids, self.now_us = db, older_maker(), now_us
        self.dialect, self.vault = db.dialect, db.vault

    def go_to(self, instant_us: int) -> None:
        """Let it be so late; an instant that has passed leaves it as it is."""
        self.now_us = max(self.now_us, instant_us)

    def write(self, merchant_id: int, verb: Callable[[Tx], R]) -> R:
        """Run a verb at the told instant, which it may move on by `at`."""
        return self._db.write(merchant_id, lambda tx: self._run(tx, verb))

    def read(self, merchant_id: int, verb: Callable[[Tx], R]) -> R:
        """Read at the told instant."""
        return self._db.read(merchant_id, lambda tx: self._run(tx, verb))

    @contextmanager
    def at(self, tx: Tx, instant_us: int) -> Iterator[None]:
        """Go on to an instant within a transaction: many acts of a day are one."""
        self.go_to(instant_us)
        tx.now_us = self.now_us
        with stood_at(self.now_us):
            yield

    def _run(self, tx: Tx, verb: Callable[[Tx], R]) -> R:
        with made_by(self._ids), self.at(tx, self.now_us):
            return verb(tx)
