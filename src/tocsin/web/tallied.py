"""What a page of figures reads from, and what it says of how fresh they are."""

from collections.abc import Callable
from typing import TypeVar

from msgspec import Struct

from tocsin.core.db import Database, Tx
from tocsin.core.tally import Tallies
from tocsin.tickets.tallying import Counting, read_with_tallies

R = TypeVar("R")


class Fresh(Struct, frozen=True):
    """How fresh figures are: `counted_to_us` where they lag, `counting_us` how far the first count is; 0 says nothing."""

    tallies: Tallies | None = None
    counted_to_us: int = 0
    counting_us: int = 0


def read_fresh(db: Database, merchant_id: int, read: Callable[[Tx, Fresh], R]) -> R:
    """Read a page's figures on one snapshot, with what they are read from: the tallies where they hold all, else nothing: then the rows are counted."""

    def run(tx: Tx, found: Tallies | Counting | None) -> R:
        if isinstance(found, Tallies):
            return read(tx, Fresh(found, counted_to_us=found.counted_to_us))
        return read(tx, Fresh(counting_us=found.counted_to_us if found else 0))

    return read_with_tallies(db, merchant_id, run)
