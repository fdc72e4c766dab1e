"""Sweeps: what is old is deleted in small pieces, the oldest first. A flood of a night is millions of rows one day."""

from tocsin.core.db import Tx
from tocsin.core.statement import Statement

SWEPT_AT_ONCE = 2_000


def sweep_old(tx: Tx, last: Statement[tuple[int]], sweep: Statement[None], *, before: int) -> int:
    """Delete some two thousand of the rows of before an instant; return how many, to be called again while there are any.

    Args:
        last, sweep: what `old_rows` returned.
    """
    until = tx.value(last, before=before, after=SWEPT_AT_ONCE - 1)
    return tx.run(sweep, before=before if until is None else until + 1)
