"""What a page of figures reads from, and what it says of how fresh they are."""

from msgspec import Struct

from tocsin.core.db import Tx
from tocsin.core.tally import Tallies
from tocsin.tickets.tallying import read_tallies


class Fresh(Struct, frozen=True):
    """How fresh figures are: `counted_to_us` where they lag, `counting_us` how far the first count is; 0 says nothing."""

    tallies: Tallies | None = None
    counted_to_us: int = 0
    counting_us: int = 0


def read_fresh(tx: Tx, *, usable: bool = True) -> Fresh:
    """Return what figures are read from: the tallies where they hold all, else nothing: then the rows are counted.

    Args:
        usable: the figures are by whole hours of UTC, as the tallies are.
    """
    found = read_tallies(tx) if usable else None
    if isinstance(found, Tallies):
        return Fresh(found, counted_to_us=found.counted_to_us)
    return Fresh(counting_us=found.counted_to_us if found else 0)
